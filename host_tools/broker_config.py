"""`limen broker-config`: a Mosquitto configuration for a site, with TLS and an access list.

Everybody comes with a certificate of the site's authority, whose name is the user at the broker. A
gateway can write its own topics and nothing else, and read what is meant for it; a service, which
is whoever has a certificate and is no gateway, can read the site and send commands.
"""

import argparse
import shutil
from pathlib import Path

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from host_tools.authority import Authority, Identity
from host_tools.errors import ToolError
from host_tools.site import Site, brokers_of, load_site
from host_tools.site_secrets import authority_folder, identity_name

_FOLDER = "broker"
_CONFIGURATION = """\
# Written by `limen broker-config`; see docs/tls.md.
listener {port}
cafile {at}/ca.pem
certfile {at}/broker.pem
keyfile {at}/broker.key
tls_version tlsv1.2
require_certificate true
use_identity_as_username true
allow_anonymous false
acl_file {at}/access.acl
set_tcp_nodelay true

# What a service has not fetched yet waits for it, also while the broker restarts.
persistence true
autosave_interval 60
max_queued_messages 100000
max_inflight_messages 100
persistent_client_expiration 30d
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--site", type=Path, default=Path("site.toml"), metavar="FILE")
    parser.add_argument(
        "--broker", metavar="HOST", help="which of the site's brokers (default: the first)"
    )
    parser.add_argument(
        "--to", type=Path, metavar="FOLDER", help="default: the folder `broker` beside the site"
    )
    parser.add_argument(
        "--installed-at", metavar="FOLDER", help="where it will lie on the broker's machine"
    )


def run(args: argparse.Namespace) -> int:
    site = load_site(args.site)
    folder = args.to or site.file.path.parent / _FOLDER
    write(site, args.broker, folder, args.installed_at)
    print(
        f"Written to {folder}: mosquitto.conf, access.acl, and certificates with the broker's key. "
        "Run it after every change of the site's gateways, and let Mosquitto read it again."
    )
    return 0


def write(site: Site, host: str | None, folder: Path, installed_at: str | None) -> None:
    """Write the configuration for one of the site's brokers; ToolError for what is missing."""
    compiled = site.compile_all()
    compact = next(iter(compiled.values()))
    if "tls" not in compact["mqtt"]:
        raise ToolError(f"{site.file.path} does not ask for TLS: write tls = true below [mqtt].", 2)
    host, port = _broker(compact, host)
    authority = Authority(authority_folder(site.file.path))
    identity = authority.identity_of(host)
    if not identity.exists:
        raise ToolError(
            f"The broker {host} has no certificate: `limen ca issue --broker {host}` makes one.", 2
        )
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(authority.identity.certificate_file, folder / "ca.pem")
    shutil.copy(identity.certificate_file, folder / "broker.pem")
    shutil.copy(identity.key_file, folder / "broker.key")
    at = installed_at or folder.resolve()
    (folder / "mosquitto.conf").write_text(_CONFIGURATION.format(port=port, at=at))
    (folder / "access.acl").write_text(access_list(compiled, services(authority, compiled)))


def _broker(compact: dict, host: str | None) -> tuple[str, int]:
    brokers = dict(reversed(brokers_of(compact)))
    if host is None:
        return brokers_of(compact)[0]
    if host not in brokers:
        raise ToolError(f"The site has no broker {host}; it has {', '.join(brokers)}.", 2)
    return host, brokers[host]


def access_list(compiled: dict[str, dict], services: list[str]) -> str:
    """Mosquitto's access list for the gateways {name: configuration} and the services."""
    lines = []
    for name, compact in compiled.items():
        own = f"limen/v1/{compact['site']}/{name}"
        lines += [
            f"user {identity_name(compact['site'], name)}",
            f"topic write {own}/#",
            f"topic read {own}/cmd/+",
            "",
        ]
    site = next(iter(compiled.values()))["site"]
    for service in services:
        lines += [
            f"user {service}",
            f"topic read limen/v1/{site}/#",
            f"topic write limen/v1/{site}/+/cmd/+",
            "",
        ]
    return "\n".join(lines)


def services(authority: Authority, compiled: dict[str, dict]) -> list[str]:
    """The names of those who have a client's certificate of the authority and are no gateway."""
    gateways = {identity_name(compact["site"], name) for name, compact in compiled.items()}
    return [
        identity.path.name
        for identity in authority.issued()
        if identity.path.name not in gateways and _is_client(identity)
    ]


def _is_client(identity: Identity) -> bool:
    usage = identity.certificate().extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    return ExtendedKeyUsageOID.CLIENT_AUTH in usage.value
