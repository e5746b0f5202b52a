"""`limen site`: checks a site file, or shows what a gateway would store."""

from host_tools.line_load import bus_load, serial_buses
from host_tools.site import config_json, load_site


def add_arguments(parser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    checking = actions.add_parser("check", help="say everything that is wrong in a site file")
    checking.add_argument("file", metavar="FILE", help="the site file, such as site.toml")
    showing = actions.add_parser("show", help="print the configuration of one gateway as JSON")
    showing.add_argument("file", metavar="FILE")
    showing.add_argument("gateway", metavar="GATEWAY", help="a gateway of the site")


def run(args) -> int:
    site = load_site(args.file)
    if args.action == "show":
        print(config_json(site.compile(args.gateway)).decode())
        return 0
    for name, compact in site.compile_all().items():
        devices = compact["device"]
        channels = sum(len(device["channel"]) for device in devices)
        counts = f"buses {len(compact['bus'])}, devices {len(devices)}, channels {channels}"
        uses = [
            f"{compact['bus'][index]['id']} {round(bus_load(compact, index) / 10)} %"
            for index in serial_buses(compact)
        ]
        lines = f"; lines in use {', '.join(uses)}" if uses else ""
        print(f"{args.file}: {name} is good: {counts}{lines}; configuration {compact['hash']}")
    return 0
