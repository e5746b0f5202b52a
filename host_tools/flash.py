"""`limen flash`: from a site file to a board: builds one gateway's file system and writes it, with
the partition table that gives it a journal, and MicroPython where its image is given.

Everything that can be wrong in the site file or its secrets is said before the port is touched.
"""

from host_tools.board import load_board
from host_tools.chip_writer import write_gateway
from host_tools.gateway_image import gateway_files
from host_tools.image import FILE_SYSTEM_OFFSET, build_image
from host_tools.micropython_image import MicroPythonImage
from host_tools.partitions import layout_of
from host_tools.serial_port import only_board_port
from host_tools.site import Site, load_site

BAUD = 460800
_LEAST_MB = 4


def add_arguments(parser) -> None:
    parser.add_argument(
        "--port",
        help="/dev/ttyUSB0, rfc2217://HOST:PORT...; may be left out with one board plugged in",
    )
    parser.add_argument("--site", required=True, metavar="FILE", help="the site file")
    parser.add_argument("--gateway", required=True, metavar="NAME", help="a gateway of the site")
    parser.add_argument("--baud", type=int, default=BAUD, help=f"default: {BAUD}")
    parser.add_argument(
        "--image", metavar="FILE", help="the board's MicroPython image, to be written, too"
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="build everything, but leave the port alone"
    )


def run(args) -> int:
    site = load_site(args.site)
    micropython = MicroPythonImage.load(args.image) if args.image else None
    if args.dry_run:
        _build(site, args.gateway)
        port = args.port or "the port of the board"
        print(f"Nothing was written: {port} at {FILE_SYSTEM_OFFSET:#x} is where it would go.")
        return 0
    flash(site, args.gateway, args.port, args.baud, micropython)
    return 0


def flash(
    site: Site,
    gateway: str,
    port: str | None,
    baud: int,
    micropython: MicroPythonImage | None = None,
) -> None:
    """Make the board at a port, or the only one, a gateway; ToolError with what is wrong."""
    files = _build(site, gateway)
    write_gateway(
        port or only_board_port(),
        lambda layout: build_image(files, layout.vfs_bytes),
        board_chip(site, gateway),
        baud,
        micropython,
    )


def board_chip(site: Site, gateway: str) -> str:
    """The chip of a gateway's board, such as "esp32"."""
    return load_board(site.file.data["gateway"][gateway]["board"])["chip"]


def _build(site: Site, gateway: str) -> dict[str, bytes]:
    """The gateway's files, which fit into the smallest file system that a board can have."""
    files = gateway_files(site, gateway)
    room = len(build_image(files, layout_of(_LEAST_MB).vfs_bytes))
    print(
        f"Gateway {gateway}: {len(files)} files, {sum(map(len, files.values()))} bytes, in a "
        f"file system of {room} bytes or more, for an {board_chip(site, gateway)}."
    )
    return files
