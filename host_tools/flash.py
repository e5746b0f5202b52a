"""`limen flash`: from a site file to a board: builds one gateway's file system and writes it.

Everything that can be wrong in the site file or its secrets is said before the port is touched.
"""

from host_tools.board import load_board
from host_tools.chip_writer import write_file_system
from host_tools.gateway_image import gateway_files
from host_tools.image import FILE_SYSTEM_OFFSET, build_image
from host_tools.site import Site, load_site

_BAUD = 460800


def add_arguments(parser) -> None:
    parser.add_argument("--port", required=True, help="/dev/ttyUSB0, rfc2217://HOST:PORT...")
    parser.add_argument("--site", required=True, metavar="FILE", help="the site file")
    parser.add_argument("--gateway", required=True, metavar="NAME", help="a gateway of the site")
    parser.add_argument("--baud", type=int, default=_BAUD, help=f"default: {_BAUD}")
    parser.add_argument(
        "--dry-run", action="store_true", help="build everything, but leave the port alone"
    )


def run(args) -> int:
    site = load_site(args.site)
    files = gateway_files(site, args.gateway)
    image = build_image(files)
    chip = _chip(site, args.gateway)
    print(
        f"Gateway {args.gateway}: {len(files)} files, {sum(map(len, files.values()))} bytes, in a "
        f"file system of {len(image)} bytes for an {chip}."
    )
    if args.dry_run:
        print(f"Nothing was written: {args.port} at {FILE_SYSTEM_OFFSET:#x} is where it would go.")
        return 0
    write_file_system(args.port, image, chip, args.baud)
    return 0


def _chip(site: Site, gateway: str) -> str:
    return load_board(site.file.data["gateway"][gateway]["board"])["chip"]
