"""What is secret about a site: secrets.toml beside the site file, and the keys for TLS.

Networks and credentials are in secrets.toml. A password that it leaves out is looked up in the
system's keyring, as "wifi/SSID" or "mqtt/USER"; where it says all, no keyring is asked.
Certificates are files, by default those that `limen ca` keeps in the folder `ca` beside the site
file: the authority's own and, where there is one, the gateway's. On the gateway they lie as DER.
"""

from collections.abc import Callable
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
from host_tools.system_keyring import SystemKeyring
from host_tools.toml_file import TomlFile, read_toml
from limen.core.schema import Spot, describe, entries, optional, required, table, text
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


def _broker_password(value):
    if isinstance(value, str):
        return value
    raise Mistake('must be a text in "quotes", empty for none, not ' + describe(value))


@dataclass(frozen=True)
class Login:
    """A table of secrets.toml with a password: the name of this in the keyring is `kind`, a slash
    and the value of `named_by`."""

    kind: str
    named_by: str
    fields: dict
    password: Callable

    def name(self, table) -> str | None:
        owner = table.get(self.named_by) if isinstance(table, dict) else None
        return f"{self.kind}/{owner}" if isinstance(owner, str) and owner else None


_SECRETS = {
    "wifi": required(_networks, '[wifi] and below it ssid = "..." and password = "..."'),
    "mqtt": optional(table, {}),
}
_WIFI = Login("wifi", "ssid", {"ssid": required(_ssid, 'ssid = "hall-2"')}, _password)
_MQTT = Login(
    "mqtt",
    "user",
    {"user": optional(text), "certificate": optional(text), "key": optional(text)},
    _broker_password,
)


@dataclass
class Secrets:
    """`stored` is what the gateway keeps: {"wifi": [{"ssid", "password"}], "mqtt": {...}}; user and
    password of the broker are None where it asks for none. The paths name the gateway's own
    certificate and key, None for those of the authority beside the site.
    """

    stored: dict
    certificate: str | None
    key: str | None


EMULATED = Secrets(
    {
        "wifi": [{"ssid": "emulated", "password": ""}],
        "mqtt": {"user": None, "password": None},
    },
    None,
    None,
)
"""What an emulated board needs, whose networks and brokers take whatever comes."""


def secrets_or(site: Site, others: Secrets) -> Secrets:
    """The site's secrets; others where it has no file of them yet."""
    return load_secrets(site) if _path_of(site).exists() else others


def load_secrets(site: Site) -> Secrets:
    """What secrets.toml beside a site file and the keyring say; ToolError where a secret is in
    neither, or wrong."""
    file = _secrets_file(site)
    spot, ring = Spot([]), SystemKeyring(site)
    parts = spot.read_table(file.data, _SECRETS)
    networks = [
        _read_login(at, network, _WIFI, ring)
        for at, network in _placed(spot, file.data.get("wifi"), parts["wifi"] or [])
    ]
    mqtt = _read_login(spot.at("mqtt"), parts["mqtt"] or {}, _MQTT, ring)
    if mqtt["certificate"] and not mqtt["key"] or mqtt["key"] and not mqtt["certificate"]:
        spot.at("mqtt").report("needs certificate and key, or neither")
    if spot.problems:
        raise SiteError(file.describe(spot.problems))
    login = {name: mqtt[name] or None for name in ("user", "password")}
    return Secrets({"wifi": networks, "mqtt": login}, mqtt["certificate"], mqtt["key"])


def named_passwords(site: Site) -> dict[str, tuple[Login, bool]]:
    """{name: (what it belongs to, whether secrets.toml has it)} of all that the site needs."""
    data = _secrets_file(site).data
    wifi = data.get("wifi")
    logins = [(_WIFI, network) for network in (wifi if isinstance(wifi, list) else [wifi])]
    logins.append((_MQTT, data.get("mqtt")))
    named = {login.name(table): (login, table) for login, table in logins}
    return {name: (login, "password" in table) for name, (login, table) in named.items() if name}


def _path_of(site: Site) -> Path:
    return Path(site.file.path).parent / SECRETS


def _secrets_file(site: Site) -> TomlFile:
    path = _path_of(site)
    if not path.exists():
        raise ToolError(
            f"{path} is missing; write [wifi] with ssid and password into it, and [mqtt] with user "
            "and password if the broker asks for them. The system's keyring may have the passwords "
            "instead: `limen secret set`",
            status=2,
        )
    return read_toml(path)


def _placed(spot: Spot, given, networks: list) -> list:
    """(place in the file, network) for each."""
    if isinstance(given, list):
        return [(spot.at("wifi", place), network) for place, network in enumerate(networks)]
    return [(spot.at("wifi"), network) for network in networks]


def _read_login(spot: Spot, table, login: Login, ring: SystemKeyring):
    """A table as it is to be, with the password from the keyring where it has none itself."""
    name, hint = login.name(table), ""
    if name and "password" not in table:
        kept, hint = ring.get(name)
        table = table if kept is None else table | {"password": kept}
    is_needed = name or login is _WIFI
    password = (
        required(login.password, f'password = "..."{hint and f", or {hint}"}')
        if is_needed
        else optional(login.password)
    )
    return spot.read_table(table, login.fields | {"password": password})


def authority_folder(site_path: Path | str) -> Path:
    """Where the authority of a site lies, beside its file."""
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
