"""`limen config`: checks a site file, shows what a gateway would store, or says what differs."""

from pathlib import Path

from host_tools import broker_arguments
from host_tools.backup import name_in, read_backup
from host_tools.config_diff import differences, told_by_birth
from host_tools.errors import ToolError
from host_tools.gateway_image import BIRTH, CONFIGURATION, stored_configuration
from host_tools.heap_estimate import Estimate, is_possible
from host_tools.line_load import bus_load, serial_buses
from host_tools.prompt import Prompt
from host_tools.reported import read_birth
from host_tools.site import config_json, load_site

_WAIT_S = 10


def add_arguments(parser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    checking = actions.add_parser("check", help="say everything that is wrong in a site file")
    checking.add_argument("file", metavar="FILE", help="the site file, such as site.toml")
    showing = actions.add_parser("show", help="print the configuration of one gateway as JSON")
    showing.add_argument("file", metavar="FILE")
    showing.add_argument("gateway", metavar="GATEWAY", help="a gateway of the site")
    comparing = actions.add_parser("diff", help="say what differs, gateway by gateway")
    comparing.add_argument("file", metavar="BEFORE", help="a site file, or a backup")
    comparing.add_argument(
        "after", nargs="?", metavar="AFTER", help="another one; without, what gateways report"
    )
    comparing.add_argument("--gateway", metavar="NAME", help="only this one")
    comparing.add_argument("--port", help="AFTER is what the gateway at this serial port holds")
    broker_arguments.add_address_arguments(comparing)


def run(args) -> int:
    return {"check": _check, "show": _show, "diff": _diff}[args.action](args)


def _show(args) -> int:
    print(config_json(load_site(args.file).compile(args.gateway)).decode())
    return 0


def _check(args) -> int:
    site = load_site(args.file)
    for name, compact in site.compile_all().items():
        devices = compact["device"]
        channels = sum(len(device["channel"]) for device in devices)
        counts = f"buses {len(compact['bus'])}, devices {len(devices)}, channels {channels}"
        uses = [
            f"{compact['bus'][index]['id']} {round(bus_load(compact, index) / 10)} %"
            for index in serial_buses(compact)
        ]
        lines = f"; lines in use {', '.join(uses)}" if uses else ""
        estimate = Estimate.of(site, name) if is_possible() else None
        memory = f"; {estimate.phrase()}" if estimate else ""
        facts = f"{counts}{lines}{memory}; configuration {compact['hash']}"
        print(f"{args.file}: {name} is good: {facts}")
        if estimate and estimate.warning():
            more = f"`limen size --site {args.file}` measures it, and what each part takes."
            print(f"{args.file}: {name} {estimate.warning()} {more}")
    return 0


def _diff(args) -> int:
    before = _compiled(args.file, args.gateway)
    if args.after or args.port:
        after = _held(args.port) if args.port else _compiled(args.after, args.gateway)
        names = after if args.port else {**before, **after}
        sides = {name: (before.get(name), after.get(name)) for name in names}
    else:
        sides = {name: _reported(args, compact) for name, compact in before.items()}
    lines = [f"{name}: {line}" for name in sides for line in _lines(*sides[name])]
    for line in lines:
        print(line)
    if not lines:
        print("Nothing differs.")
    return 1 if lines else 0


def _compiled(path: str, gateway: str | None) -> dict[str, dict]:
    """The configurations of a site file or a backup, or that of one gateway."""
    if path.endswith(".zip"):
        return _stored(read_backup(Path(path)), path)
    site = load_site(path)
    return {gateway: site.compile(gateway)} if gateway else site.compile_all()


def _held(port: str) -> dict[str, dict]:
    with Prompt(port) as prompt:
        found = {path: prompt.read(path) for path in (CONFIGURATION, BIRTH)}
    return _stored({path: content for path, content in found.items() if content is not None}, port)


def _stored(files: dict[str, bytes], where: str) -> dict[str, dict]:
    """The configuration in the files of a gateway."""
    name_in(files, where)
    try:
        compact = stored_configuration(files[CONFIGURATION], files[BIRTH])
    except (KeyError, ValueError, TypeError, StopIteration) as error:
        raise ToolError(f"The configuration of {where} is broken ({error!r}).") from None
    return {compact["gateway"]: compact}


def _reported(args, compact: dict) -> tuple[dict, dict]:
    """What a gateway's birth tells, as it is to be and as it is.

    A birth has few facts, but the hash of all: where that is the same, so is the rest.
    """
    name = f"{compact['site']}/{compact['gateway']}"
    birth = read_birth(broker_arguments.address(args), name, _WAIT_S)
    if birth["cfg"] == compact["hash"]:
        return compact, compact
    return (
        {"configuration": compact["hash"]} | told_by_birth(compact),
        {"configuration": birth["cfg"], "device": birth["device"]},
    )


def _lines(before: dict | None, after: dict | None) -> list[str]:
    if before is None:
        return ["is only in the second"]
    if after is None:
        return ["is only in the first"]
    return differences(before, after)
