"""`limen flash`: from a site file to a board: builds one gateway's file system and writes it.

Everything that can be wrong in the site file or its secrets is said before the port is touched.
"""

from host_tools.board import load_board
from host_tools.chip_writer import write_file_system
from host_tools.gateway_image import gateway_files
from host_tools.image import FILE_SYSTEM_OFFSET, build_image
from host_tools.serial_port import only_board_port
from host_tools.site import Site, load_site

BAUD = 460800


def add_arguments(parser) -> None:
    parser.add_argument(
        "--port",
        help="/dev/ttyUSB0, rfc2217://HOST:PORT...; may be left out with one board plugged in",
    )
    parser.add_argument("--site", required=True, metavar="FILE", help="the site file")
    parser.add_argument("--gateway", required=True, metavar="NAME", help="a gateway of the site")
    parser.add_argument("--baud", type=int, default=BAUD, help=f"default: {BAUD}")
    parser.add_argument(
        "--dry-run", action="store_true", help="build everything, but leave the port alone"
    )


def run(args) -> int:
    site = load_site(args.site)
    if args.dry_run:
        _build(site, args.gateway)
        port = args.port or "the port of the board"
        print(f"Nothing was written: {port} at {FILE_SYSTEM_OFFSET:#x} is where it would go.")
        return 0
    flash(site, args.gateway, args.port, args.baud)
    return 0


def flash(site: Site, gateway: str, port: str | None, baud: int) -> None:
    """Make the board at a port, or the only one, a gateway; ToolError with what is wrong."""
    image = _build(site, gateway)
    write_file_system(port or only_board_port(), image, board_chip(site, gateway), baud)


def board_chip(site: Site, gateway: str) -> str:
    """The chip of a gateway's board, such as "esp32"."""
    return load_board(site.file.data["gateway"][gateway]["board"])["chip"]


def _build(site: Site, gateway: str) -> bytes:
    files = gateway_files(site, gateway)
    image = build_image(files)
    print(
        f"Gateway {gateway}: {len(files)} files, {sum(map(len, files.values()))} bytes, in a "
        f"file system of {len(image)} bytes for an {board_chip(site, gateway)}."
    )
    return image
