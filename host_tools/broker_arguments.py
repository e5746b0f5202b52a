"""What every command that listens at a broker is told, and the address it makes of that."""

import argparse
import os
import ssl
from pathlib import Path

from host_tools.client import Address
from host_tools.client.service import EVERYTHING
from host_tools.errors import ToolError
from host_tools.option import read_option

PASSWORD = "LIMEN_MQTT_PASSWORD"
_PORT, _TLS_PORT = 1883, 8883


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "gateways", nargs="?", default=EVERYTHING, metavar="SITE/GATEWAY", help="+ stands for any"
    )
    add_address_arguments(parser)
    parser.add_argument("--for", dest="duration", metavar="TIME", help='such as "10min"')


def add_address_arguments(parser: argparse.ArgumentParser) -> None:
    """Add where the broker is, and as whom to log in there."""
    parser.add_argument("--broker", default="localhost", metavar="HOST[:PORT]")
    parser.add_argument("--user", metavar="NAME", help=f"with the password in {PASSWORD}")
    parser.add_argument("--tls", action="store_true", help="encrypt, and check who the broker is")
    parser.add_argument("--ca", metavar="FILE", help="the authority to trust; implies --tls")
    parser.add_argument(
        "--certificate",
        metavar="FILE",
        help="our own, with its key in a file of the same name that ends in .key; implies --tls",
    )


def address(args: argparse.Namespace) -> Address:
    """Where to listen, and as whom; ToolError for what is wrong."""
    tls = _tls(args)
    host, port = host_and_port(args.broker, _TLS_PORT if tls else _PORT)
    return Address(host, port, args.user, os.environ.get(PASSWORD) if args.user else None, tls)


def host_and_port(broker: str, default_port: int) -> tuple[str, int]:
    """What --broker says; ToolError for what is neither HOST nor HOST:PORT."""
    host, colon, port = broker.rpartition(":")
    if colon and not port.isdecimal() or "/" in host:
        raise ToolError(f"--broker {broker!r} is not HOST or HOST:PORT.", 2)
    return (host, int(port)) if colon else (broker, default_port)


def require_gateways(args: argparse.Namespace) -> str:
    """The gateways to follow, as "site/gateway"."""
    if args.gateways.count("/") != 1 or "#" in args.gateways or not all(args.gateways.split("/")):
        raise ToolError(f"{args.gateways!r} is not SITE/GATEWAY; + stands for any.", 2)
    return args.gateways


def duration_s(args: argparse.Namespace) -> float | None:
    """What --for says in seconds, None without it; ToolError for what is no time."""
    return read_option("--for", args.duration) / 1000 if args.duration else None


def _tls(args: argparse.Namespace) -> ssl.SSLContext | None:
    if not (args.tls or args.ca or args.certificate):
        return None
    try:
        context = ssl.create_default_context(cafile=args.ca)
    except (OSError, ssl.SSLError) as error:
        raise ToolError(f"The authority {args.ca} cannot be read: {error}.", 2) from None
    if args.certificate:
        key = Path(args.certificate).with_suffix(".key")
        try:
            context.load_cert_chain(args.certificate, key)
        except (OSError, ssl.SSLError) as error:
            raise ToolError(f"{args.certificate} or {key} cannot be read: {error}.", 2) from None
    return context
