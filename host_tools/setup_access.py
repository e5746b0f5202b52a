"""How a gateway's board is set up by hand: its access point's name and password, its button
and its light, and the configuration without devices that it is given where it has lost its own.

The passwords are made at random when a gateway is first flashed, and kept in setup-passwords.json
beside the site file, readable by its owner only: so the label stays true when the board is flashed
again. They are never shown, but on the label.
"""

import json
import os
import secrets
from pathlib import Path

from host_tools.board import load_board
from host_tools.errors import Kind, ToolError
from host_tools.gateway_image import BIRTH, CONFIGURATION, configuration_files
from host_tools.site import Site, sealed
from limen.core.config import light_of

PASSWORDS = "setup-passwords.json"
SETUP = "/setup.json"
BLANK = "/blank.jsonl"
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""None that are taken for another on a label."""
_DIGITS = 12
_OF_NO_DEVICE = (
    *("v", "site", "gateway", "outbox_bytes", "diag_s", "light", "wifi", "ethernet", "address"),
    "ntp",
)
_DIALECTS = ("dialects", "sparkplug")
"""What stands in files that are made of the devices."""
_MOST_SSID = 32


def setup_network(gateway: str) -> str:
    """The name of the access point."""
    return f"limen-{gateway}"[:_MOST_SSID]


def setup_password(site_path: Path | str, gateway: str) -> str:
    """The password of a gateway's access point, made and kept if there is none yet."""
    path = Path(site_path).parent / PASSWORDS
    try:
        known = json.loads(path.read_text()) if path.exists() else {}
        if not isinstance(known, dict):
            raise ValueError
    except (OSError, ValueError):
        raise ToolError(
            f"{path} cannot be read: restore it, or remove it and print all labels anew.",
            Kind.INPUT,
        ) from None
    if gateway not in known:
        known[gateway] = "".join(secrets.choice(_LETTERS) for _ in range(_DIGITS))
        _write(path, json.dumps(known, indent=1, sort_keys=True) + "\n")
    return known[gateway]


def setup_files(site: Site, gateway: str) -> dict[str, bytes]:
    """{path on the gateway: content}: what setup mode has to know."""
    board = load_board(site.file.data["gateway"][gateway]["board"])
    button = board["button"]
    has_level = button and button["pressed"] in (0, 1)
    facts = {
        "ssid": setup_network(gateway),
        "password": setup_password(site.file.path, gateway),
        "button": [button["pin"], button["pressed"]] if has_level else None,
    }
    return {SETUP: json.dumps(facts | light_of(board)).encode()} | _blank(site.compile(gateway))


def _blank(compact: dict) -> dict[str, bytes]:
    """The head of a configuration that has no devices, and the tail of its birth, a line each."""
    bare = {key: part for key, part in compact.items() if key in _OF_NO_DEVICE}
    mqtt = {key: part for key, part in compact["mqtt"].items() if key not in _DIALECTS}
    files = configuration_files(sealed(bare | {"mqtt": mqtt, "bus": [], "device": []}))
    return {BLANK: files[CONFIGURATION] + files[BIRTH] + b"\n"}


def _write(path: Path, text: str) -> None:
    beside = path.with_suffix(".new")
    try:
        with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(text)
        beside.replace(path)
    except OSError as error:
        raise ToolError(f"{path} cannot be written: {error.strerror}.", Kind.INPUT) from None
