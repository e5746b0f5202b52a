"""`limen profile`: lists the models, shows one, checks the file of a new one."""

from host_tools.errors import ToolError
from host_tools.profile import PROFILES, Profile, profile_names, read_profile
from host_tools.profile_table import (
    aligned,
    identity_text,
    meter_table,
    register_rows,
    serial_text,
)
from limen.core.schema import suggestion

_COLUMNS = ("channel", "address", "type", "unit", "resolution", "")


def add_arguments(parser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    actions.add_parser("list", help="name every model there is")
    showing = actions.add_parser("show", help="say what a model offers, and from what source")
    showing.add_argument("name", metavar="NAME", help="a model's name, such as eastron-sdm630")
    checking = actions.add_parser("check", help="say everything that is wrong in a profile file")
    checking.add_argument("file", metavar="FILE", nargs="+", help="a file, such as my-meter.toml")
    actions.add_parser("table", help="print the page of all models, docs/meters.md")


def run(args) -> int:
    _ACTIONS[args.action](args)
    return 0


def _list(args) -> None:
    for name in profile_names():
        profile = _read(name)
        print(f"{name:30} {profile.compiled['model']}")


def _show(args) -> None:
    profile = _read(args.name)
    values = profile.values
    print(f"{profile.compiled['model']} (profile {args.name})")
    pause = f", pause {values['pause']} ms" if values["pause"] else ""
    print(f"function {values['function']}, up to {values['max_registers']} registers{pause}")
    print(f"serial line: {serial_text(values)}")
    if values["identify"]:
        print(f"identified by {identity_text(values['identify'])}")
    for title, lines in (("source", values["source"]), ("mind", values["quirks"])):
        for line in lines:
            print(f"{title}: {line}")
    for line in values["nameplate"]:
        print(f"nameplate: {line['name']} at {line['address']}")
    print()
    for row in aligned([_COLUMNS, *register_rows(profile)]):
        print(row)


def _check(args) -> None:
    for file in args.file:
        profile = read_profile(file)
        counts = f"channels {len(profile.registers)}, default {len(profile.values['default'])}"
        print(f"{file}: {profile.compiled['model']} is good: {counts}")


def _table(args) -> None:
    print(meter_table({name: _read(name) for name in profile_names()}), end="")


def _read(name: str) -> Profile:
    path = PROFILES / f"{name}.toml"
    if not path.exists():
        hint = suggestion(name, profile_names())
        raise ToolError(f'there is no profile "{name}"{hint}', status=2)
    return read_profile(path)


_ACTIONS = {"list": _list, "show": _show, "check": _check, "table": _table}
