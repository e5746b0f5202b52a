"""`limen ca`: the site's own certificate authority, for TLS between gateways, broker and services.

`init` makes it, `issue` gives certificates to the site's gateways, to brokers and to services,
`renew` prolongs what ends soon. All lies in the folder `ca` beside the site file.
"""

import argparse
from pathlib import Path

from host_tools.authority import Authority, Identity, days_left
from host_tools.errors import ToolError
from host_tools.site import Site, brokers_of, load_site
from host_tools.site_secrets import authority_folder, identity_name

_CA_DAYS = 30 * 365
_ISSUED_DAYS = 10 * 365
_SOON_DAYS = 60


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    init = actions.add_parser("init", help="make the authority")
    issue = actions.add_parser("issue", help="make certificates, by default what is missing")
    renew = actions.add_parser("renew", help="prolong what ends soon, with the same keys")
    for action in (init, issue, renew):
        action.add_argument(
            "--site", type=Path, default=Path("site.toml"), metavar="FILE",
            help="the site file that the folder `ca` lies beside (default: site.toml)",
        )  # fmt: skip
    init.add_argument("--days", type=int, default=_CA_DAYS, metavar="N")
    for action in (issue, renew):
        action.add_argument("--days", type=int, default=_ISSUED_DAYS, metavar="N")
    issue.add_argument("--gateway", action="append", default=[], metavar="NAME")
    issue.add_argument(
        "--broker", action="append", default=[], metavar="HOST[,HOST...]",
        help="all names and addresses that a broker is reached by",
    )  # fmt: skip
    issue.add_argument("--service", action="append", default=[], metavar="NAME")
    renew.add_argument(
        "--within", type=int, default=_SOON_DAYS, metavar="DAYS", help="how soon (default: 60)"
    )


def run(args: argparse.Namespace) -> int:
    site = load_site(args.site)
    folder = authority_folder(site.file.path)
    return {"init": _init, "issue": _issue, "renew": _renew}[args.action](args, site, folder)


def _site_id(site: Site) -> str:
    """The id of a site that is right as a whole."""
    return next(iter(site.compile_all().values()))["site"]


def _init(args: argparse.Namespace, site: Site, folder: Path) -> int:
    authority = Authority.create(folder, f"limen {_site_id(site)}", args.days)
    _say("made", authority.identity)
    print(
        f"Keep {authority.identity.key_file} secret and safe: whoever has it can make gateways, "
        "and without it none can be added. Next: `limen ca issue`."
    )
    return 0


def _issue(args: argparse.Namespace, site: Site, folder: Path) -> int:
    authority = Authority(folder)
    compiled = site.compile_all()
    is_asked = args.gateway or args.broker or args.service
    gateways, brokers = args.gateway, [names.split(",") for names in args.broker]
    if not is_asked:
        gateways, brokers = list(compiled), _brokers(compiled)
    unknown = [name for name in gateways if name not in compiled]
    if unknown:
        raise ToolError(f"{site.file.path} has no gateway {', '.join(unknown)}.", 2)
    clients = [identity_name(compiled[name]["site"], name) for name in gateways] + args.service
    names = clients + [hosts[0] for hosts in brokers]
    taken = [name for name in names if authority.identity_of(name).exists]
    if is_asked and taken:
        raise ToolError(
            f"{', '.join(taken)}: there is a certificate already; `limen ca renew` prolongs it, "
            f"deleting its files in {folder} makes room for another.",
            2,
        )
    for name in clients:
        if name not in taken:
            _say("issued", authority.issue_client(name, args.days))
    for hosts in brokers:
        if hosts[0] not in taken:
            _say("issued", authority.issue_server(hosts, args.days))
    if len(taken) == len(names):
        print("Every gateway and broker of the site has its certificate.")
    return 0


def _brokers(compiled: dict[str, dict]) -> list[list[str]]:
    brokers = brokers_of(next(iter(compiled.values())))
    return [[host] for host in dict.fromkeys(host for host, _ in brokers)]


def _renew(args: argparse.Namespace, site: Site, folder: Path) -> int:
    authority = Authority(folder)
    known = [authority.identity, *authority.issued()]
    due = [identity for identity in known if days_left(identity.certificate()) < args.within]
    for identity in due:
        authority.renew(identity, _CA_DAYS if identity == authority.identity else args.days)
        _say("renewed", identity)
    if due:
        print("Give brokers and services the new files, and flash the gateways among them.")
    else:
        print(f"None of {len(known)} certificates ends within {args.within} days.")
    return 0


def _say(word: str, identity: Identity) -> None:
    end = identity.certificate().not_valid_after_utc
    print(f"{word} {identity.certificate_file}, valid until {end:%Y-%m-%d}")
