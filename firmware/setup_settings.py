"""The settings of setup mode: read without their secrets, checked as a whole, written atomically.

A file is written beside the old one and renamed over it, so a power cut leaves each old or new,
whole. Wi-Fi and the broker's credentials are in /secrets.json; broker and name of the gateway in
the first line of /config.jsonl, whose other lines are copied as they are. Where that is lost, the
first line of /blank.jsonl takes its place: a gateway without devices, which can be reached and
updated.
"""

import json
import os

CONFIGURATION = "/config.jsonl"
SECRETS = "/secrets.json"
BLANK = "/blank.jsonl"
BIRTH = "/birth.json"
_NAMES = ("ssid", "password", "host", "port", "user", "broker_password", "gateway")
_PLAIN = "abcdefghijklmnopqrstuvwxyz0123456789-"


def read():
    """What may be shown: never a password."""
    (head, is_stored), secrets = _head(), _first(SECRETS)
    mqtt = head.get("mqtt", {})
    return {
        "is_configured": is_stored,
        "site": head.get("site"),
        "gateway": head.get("gateway"),
        "host": mqtt.get("host"),
        "port": mqtt.get("port"),
        "user": secrets.get("mqtt", {}).get("user"),
        "ssids": [known["ssid"] for known in secrets.get("wifi", ())],
    }


def save(given):
    """Write what is given, {name: text}; an empty text changes nothing. ValueError, with all that
    is wrong in sentences, before anything is written."""
    given = {name: text for name, text in given.items() if text}
    problems = _problems(given)
    (head, is_stored), secrets = _head(), _first(SECRETS)
    if not head:
        problems.append("There is no configuration on this board, nor a blank one: flash it.")
    elif head.get("wifi") and not secrets.get("wifi") and "ssid" not in given:
        problems.append("Name a network: the board knows none.")
    if problems:
        raise ValueError(" ".join(problems))
    _add_secrets(secrets, given)
    _replace(SECRETS, secrets)
    if "host" in given:
        head["mqtt"]["host"] = given["host"]
    if "port" in given:
        head["mqtt"]["port"] = int(given["port"])
    head["gateway"] = given.get("gateway", head["gateway"])
    if not is_stored:
        with open(BLANK) as blank, open(BIRTH, "w") as birth:
            blank.readline()
            birth.write(blank.readline().strip())
    _replace(CONFIGURATION, head, is_stored)


def _add_secrets(secrets, given):
    """Put the network, first of those known, and the login into what is stored."""
    known = secrets.setdefault("wifi", [])
    if "ssid" in given:
        kept = [network for network in known if network["ssid"] != given["ssid"]]
        old = [network for network in known if network["ssid"] == given["ssid"]]
        password = given.get("password", old[0]["password"] if old else "")
        secrets["wifi"] = [{"ssid": given["ssid"], "password": password}] + kept
    login = secrets.setdefault("mqtt", {})
    for name, key in (("user", "user"), ("broker_password", "password")):
        if name in given:
            login[key] = given[name]


def _problems(given):
    problems = ["There is no setting %s." % name for name in given if name not in _NAMES]
    if len(given.get("ssid", "").encode()) > 32:
        problems.append("A network's name has at most 32 bytes.")
    if "password" in given and not 8 <= len(given["password"].encode()) <= 63:
        problems.append("A Wi-Fi password has 8 to 63 characters.")
    if "password" in given and "ssid" not in given:
        problems.append("Name the network that the password is for.")
    if " " in given.get("host", ""):
        problems.append("A broker's name has no spaces.")
    port = given.get("port", "1")
    if port.strip("0123456789") or len(port) > 5 or not 1 <= int(port) <= 65535:
        problems.append("A port is a number from 1 to 65535.")
    gateway = given.get("gateway", "x")
    if gateway.strip(_PLAIN) or len(gateway) > 32:
        problems.append("A gateway's name has at most 32 of a-z, 0-9 and -.")
    return problems


def _head():
    """(head of the configuration, True), or that of the blank one, or {}, and False."""
    head = _first(CONFIGURATION)
    return (head, True) if "mqtt" in head else (_first(BLANK), False)


def _first(path):
    """The object in the first line of a file; {} where there is none."""
    try:
        with open(path) as file:
            line = file.readline().strip()
            found = json.loads(line)
    except (OSError, ValueError):
        return {}
    # MicroPython's `json` takes half of an object for one.
    return found if isinstance(found, dict) and line.endswith("}") else {}


def _replace(path, first, has_more=False):
    """Write a file anew with another first line."""
    with open(path + ".new", "w") as file:
        json.dump(first, file)
        file.write("\n")
        if has_more:
            with open(path) as old:
                old.readline()
                for line in old:
                    file.write(line)
    os.rename(path + ".new", path)
