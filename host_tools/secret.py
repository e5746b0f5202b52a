"""`limen secret`: passwords of a site in the system's keyring, for those that secrets.toml leaves
out. A password is typed unseen, or comes on standard input; it is never an argument, which the
shell's history would keep."""

import argparse
import getpass
import sys

from host_tools.errors import Kind, ToolError
from host_tools.site import Site, load_site
from host_tools.site_secrets import Login, named_passwords
from host_tools.system_keyring import SystemKeyring
from limen.core.schema import suggestion
from limen.core.units import Mistake


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="say where each password of the site is")
    setting = actions.add_parser("set", help="keep a password: asks for it, or reads a line")
    deleting = actions.add_parser("delete", help="forget a password")
    for action in (setting, deleting):
        action.add_argument("name", metavar="NAME", help="wifi/SSID or mqtt/USER")
    for action in (listing, setting, deleting):
        action.add_argument(
            "--site", default="site.toml", metavar="FILE", help="default: site.toml"
        )


def run(args: argparse.Namespace) -> int:
    site = load_site(args.site)
    return {"list": _list, "set": _set, "delete": _delete}[args.action](args, site)


def _list(args: argparse.Namespace, site: Site) -> int:
    """The exit status says whether all are there."""
    ring, is_complete = SystemKeyring(site), True
    for name, (_, is_in_file) in named_passwords(site).items():
        password, hint = (None, "") if is_in_file else ring.get(name)
        if is_in_file or password is not None:
            print(f"{name}: in {'secrets.toml' if is_in_file else 'the keyring'}")
        else:
            print(f"{name}: missing; {hint}")
            is_complete = False
    return 0 if is_complete else Kind.INPUT


def _set(args: argparse.Namespace, site: Site) -> int:
    named = named_passwords(site)
    if args.name not in named:
        known = suggestion(args.name, list(named))
        raise ToolError(f'Nothing in secrets.toml is named "{args.name}"{known}', Kind.INPUT)
    login, is_in_file = named[args.name]
    if is_in_file:
        raise ToolError(
            f"secrets.toml has a password for {args.name}, which is the one that counts; take it "
            "out there first.",
            Kind.INPUT,
        )
    SystemKeyring(site).set(args.name, _typed(args.name, login))
    return 0


def _delete(args: argparse.Namespace, site: Site) -> int:
    SystemKeyring(site).delete(args.name)
    return 0


def _typed(name: str, login: Login) -> str:
    if sys.stdin.isatty():
        typed = getpass.getpass(f"Password of {name}: ")
    else:
        typed = sys.stdin.readline().rstrip("\r\n")
    try:
        return login.password(typed)
    except Mistake as mistake:
        raise ToolError(f"The password {mistake}; nothing was kept.", Kind.INPUT) from None
