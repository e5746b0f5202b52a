"""`limen flash`: from a site file to a gateway that is online. Builds its file system, gets
MicroPython, writes both to the board with a partition table that gives it a journal, and watches
its first words.

Everything that can be wrong in the site file, its secrets or the image is said before the port is
touched.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

from host_tools import broker_arguments
from host_tools.board import UNKNOWN, load_board
from host_tools.board_port import find_board_port
from host_tools.chip_writer import write_gateway
from host_tools.gateway_image import gateway_files
from host_tools.heap_estimate import tell_if_too_large
from host_tools.image import FILE_SYSTEM_OFFSET, build_image
from host_tools.image_store import SOURCE, ImageStore
from host_tools.option import read_option
from host_tools.partitions import layout_of
from host_tools.setup_access import setup_files
from host_tools.site import Site, load_site
from host_tools.watch import watch

BAUD = 460800
_LEAST_MB = 4
_PATIENCE = "2min"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--port",
        help="/dev/ttyUSB0, rfc2217://HOST:PORT...; may be left out with one board plugged in",
    )
    parser.add_argument("--site", required=True, metavar="FILE", help="site file, or its folder")
    parser.add_argument("--gateway", required=True, metavar="NAME", help="a gateway of the site")
    add_writing_arguments(parser)
    parser.add_argument(
        "--no-watch", action="store_true", help="end when all is written, without a look at it"
    )
    parser.add_argument(
        "--patience", default=_PATIENCE, metavar="TIME", help=f"to watch (default: {_PATIENCE})"
    )
    parser.add_argument(
        "--broker", metavar="HOST[:PORT]", help="where the site's broker is reached from here"
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="build everything, but leave the port alone"
    )


def add_writing_arguments(parser: argparse.ArgumentParser) -> None:
    """How boards are written, whoever writes them."""
    parser.add_argument("--baud", type=int, default=BAUD, help=f"default: {BAUD}")
    parser.add_argument(
        "--image", type=Path, metavar="FILE", help="the board's MicroPython image, not a download"
    )
    parser.add_argument(
        "--keep-micropython", action="store_true", help="leave the MicroPython that is on the chip"
    )
    parser.add_argument(
        "--mirror", default=SOURCE, metavar="URL", help=f"where images come from: {SOURCE}"
    )


@dataclass(frozen=True)
class Writing:
    """How boards are written: what `add_writing_arguments` adds."""

    baud: int = BAUD
    image: Path | None = None
    keep_micropython: bool = False
    mirror: str = SOURCE

    @classmethod
    def of(cls, args: argparse.Namespace) -> "Writing":
        return cls(args.baud, args.image, args.keep_micropython, args.mirror)


def run(args: argparse.Namespace) -> int:
    site = load_site(args.site)
    broker = broker_arguments.host_and_port(args.broker, _port(site, args)) if args.broker else None
    patience_s = read_option("--patience", args.patience) / 1000
    if args.dry_run:
        _dry_run(site, args)
        return 0
    port = flash(site, args.gateway, args.port, Writing.of(args))
    if not args.no_watch:
        watch(site, args.gateway, port, broker, patience_s)
    return 0


def flash(site: Site, gateway: str, port: str | None, writing: Writing) -> str:
    """Make the board at a port, or the only one, a gateway; return the port. ToolError with what
    is wrong."""
    files = _build(site, gateway) | setup_files(site, gateway)
    board = board_of(site, gateway)
    store = ImageStore(writing.mirror)
    image = None if writing.keep_micropython else store.obtain(board, writing.image)
    port = port or find_board_port()
    write_gateway(
        port, lambda layout: build_image(files, layout.vfs_bytes), board, writing.baud, image
    )
    if image:
        store.keep(image, board)
    return port


def board_of(site: Site, gateway: str) -> dict:
    """The facts about a gateway's board."""
    return load_board(site.file.data["gateway"][gateway]["board"])


def _build(site: Site, gateway: str) -> dict[str, bytes]:
    """The gateway's files, which fit into the smallest file system that a board can have."""
    files = gateway_files(site, gateway)
    room = len(build_image(files, layout_of(_LEAST_MB).vfs_bytes))
    print(
        f"Gateway {gateway}: {len(files)} files, {sum(map(len, files.values()))} bytes, in a "
        f"file system of {room} bytes or more, for an {board_of(site, gateway)['chip']}."
    )
    tell_if_too_large(site, gateway)
    return files


def _dry_run(site: Site, args: argparse.Namespace) -> None:
    _build(site, args.gateway)
    board, store = board_of(site, args.gateway), ImageStore(args.mirror)
    if args.keep_micropython:
        print("The MicroPython that is on the chip would stay.")
    elif args.image:
        print(f"MicroPython would be {store.obtain(board, args.image).path}.")
    else:
        digest = store.digest(board)
        known = "not known yet" if digest == UNKNOWN else digest
        print(f"MicroPython would be {store.place(board)}; SHA-256: {known}.")
    port = args.port or "the port of the board"
    print(f"Nothing was written: {port} at {FILE_SYSTEM_OFFSET:#x} is where it would go.")


def _port(site: Site, args: argparse.Namespace) -> int:
    return site.compile(args.gateway)["mqtt"]["port"]
