"""What is secret about a site: secrets.toml beside the site file, and the keys for TLS.

Networks and credentials are in secrets.toml. Certificates are files, by default those that `limen
ca` keeps in the folder `ca` beside the site file: the authority's own and, where there is one, the
gateway's. On the gateway they lie as DER.
"""

from dataclasses import dataclass
from pathlib import Path

from host_tools.authority import (
    FOLDER,
    Authority,
    Identity,
    certificate_der,
    days_left,
    key_der,
    read_certificates,
    read_key,
)
from host_tools.errors import ToolError
from host_tools.site import Site, SiteError
from host_tools.toml_file import read_toml
from limen.core.schema import Spot, entries, optional, required, table, text
from limen.core.units import Mistake

SECRETS = "secrets.toml"
CA, CERTIFICATE, KEY = "/ca.der", "/client.der", "/client.key"


def _ssid(value):
    name = text(value)
    if len(name.encode()) > 32:
        raise Mistake("must not be longer than 32 bytes")
    return name


def _password(value):
    if value == "" or isinstance(value, str) and 8 <= len(value) <= 63:
        return value
    raise Mistake("must be a text of 8 to 63 characters, or empty for an open network")


def _networks(value):
    return entries(value) if isinstance(value, list) else [table(value)]


_SECRETS = {
    "wifi": required(_networks, '[wifi] and below it ssid = "..." and password = "..."'),
    "mqtt": optional(table, {}),
}
_WIFI = {
    "ssid": required(_ssid, 'ssid = "hall-2"'),
    "password": required(_password, 'password = "..."'),
}
_MQTT = {
    "user": optional(text),
    "password": optional(text),
    "certificate": optional(text),
    "key": optional(text),
}


@dataclass
class Secrets:
    """`stored` is what the gateway keeps: {"wifi": [{"ssid", "password"}], "mqtt": {...}}; user and
    password of the broker are None where it asks for none. The paths name the gateway's own
    certificate and key, None for those of the authority beside the site.
    """

    stored: dict
    certificate: str | None
    key: str | None


def load_secrets(site_path: Path | str) -> Secrets:
    """What secrets.toml beside a site file says; ToolError where it is not there or wrong."""
    path = Path(site_path).parent / SECRETS
    if not path.exists():
        raise ToolError(
            f"{path} is missing; write [wifi] with ssid and password into it, and [mqtt] with user "
            "and password if the broker asks for them",
            status=2,
        )
    file = read_toml(path)
    spot = Spot([])
    parts = spot.read_table(file.data, _SECRETS)
    networks = _read_networks(spot, file.data.get("wifi"), parts["wifi"] or [])
    mqtt = spot.at("mqtt").read_table(parts["mqtt"] or {}, _MQTT)
    if mqtt["certificate"] and not mqtt["key"] or mqtt["key"] and not mqtt["certificate"]:
        spot.at("mqtt").report("needs certificate and key, or neither")
    if spot.problems:
        raise SiteError(file.describe(spot.problems))
    login = {name: mqtt[name] for name in ("user", "password")}
    return Secrets({"wifi": networks, "mqtt": login}, mqtt["certificate"], mqtt["key"])


def _read_networks(spot: Spot, given, networks: list) -> list:
    is_list = isinstance(given, list)
    return [
        (spot.at("wifi", place) if is_list else spot.at("wifi")).read_table(network, _WIFI)
        for place, network in enumerate(networks)
    ]


def authority_folder(site_path: Path | str) -> Path:
    return Path(site_path).parent / FOLDER


def identity_name(site: str, gateway: str) -> str:
    """The common name of a gateway's certificate, and its user at the broker."""
    return f"{site}.{gateway}"


def tls_files(site: Site, compact: dict, secrets: Secrets) -> dict[str, bytes]:
    """What a gateway needs for TLS, {path on it: DER}; ToolError for what will not work."""
    if "tls" not in compact["mqtt"]:
        return {}
    folder = Path(site.file.path).parent
    files = {CA: b"".join(map(certificate_der, _valid(trusted_file(site))))}
    return files | _own_files(folder, compact, secrets)


def trusted_file(site: Site) -> Path:
    """The certificate of whoever vouches for the site's brokers; ToolError if there is none."""
    folder = Path(site.file.path).parent
    named = site.file.data["mqtt"].get("ca")
    if not named and not (folder / FOLDER).exists():
        raise ToolError(
            f"{site.file.path} asks for TLS, and there is no certificate authority beside it: make "
            f"one with `limen ca init --site {site.file.path}`, or name the broker's with ca = "
            '"file" below [mqtt].',
            2,
        )
    return folder / named if named else Authority(folder / FOLDER).identity.certificate_file


def _own_files(folder: Path, compact: dict, secrets: Secrets) -> dict[str, bytes]:
    name = identity_name(compact["site"], compact["gateway"])
    own = Identity(folder / FOLDER / name)
    certificate, key = own.certificate_file, own.key_file
    if secrets.certificate:
        certificate = folder / secrets.certificate.replace("{gateway}", compact["gateway"])
        key = folder / secrets.key.replace("{gateway}", compact["gateway"])
    elif not own.exists:
        return {}
    leaf, private = _valid(certificate)[0], read_key(key)
    if leaf.public_key() != private.public_key():
        raise ToolError(f"{key} is not the key of {certificate}.", 2)
    return {CERTIFICATE: certificate_der(leaf), KEY: key_der(private)}


def _valid(path: Path) -> list:
    certificates = read_certificates(path)
    for certificate in certificates:
        if days_left(certificate) < 0:
            raise ToolError(
                f"The certificate {path} has expired on {certificate.not_valid_after_utc:%Y-%m-%d}:"
                " renew it (`limen ca renew`).",
                2,
            )
    return certificates
