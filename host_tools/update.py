"""`limen update`: brings a gateway to the present firmware and site file; only changes are written.

Over the serial port, or over MQTT while it runs. The files go beside the old ones; the gateway puts
them in their places at its next start and takes them back if it does not do well (`firmware/swap`).
What it keeps itself, totals, boots and records, is not touched. Cut off anywhere, the next run goes
on. Secrets go over the serial port only.
"""

import argparse
import base64
import functools
import hashlib
import json
from typing import Protocol

from host_tools import broker_arguments
from host_tools.client.commands import NoAnswer, Requests
from host_tools.errors import Kind, ToolError
from host_tools.gateway_image import SECRETS, gateway_files
from host_tools.heap_estimate import tell_if_too_large
from host_tools.prompt import Prompt
from host_tools.site import load_site
from host_tools.site_secrets import CA, CERTIFICATE, KEY

PLAN = "/update.json"
NEW = "/new"
_PROGRAMS = "/lib"
_PACKAGE = "/lib/limen/"
_GOOD = "/good/names.json"
_KEYS = {CA, CERTIFICATE, KEY}
_SECRET = {SECRETS, *_KEYS}
_DIGITS = 16
_PATHS_AT_ONCE = 4
_PIECE = 192
_SPARE_BYTES = 64 * 1024


class Way(Protocol):
    """How an update reaches a gateway."""

    def digests(self, paths: list[str]) -> dict[str, str | None]: ...

    def programs(self) -> list[str]:
        """What is there of the firmware."""
        ...

    def write(self, path: str, content: bytes) -> None: ...

    def good_after(self, replaces_keys: bool) -> str:
        """What the gateway is to reach before the old files are given up: "broker" or "minute"."""
        ...

    def install(self, plan: bytes) -> None: ...


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--site", required=True, metavar="FILE", help="site file, or its folder")
    parser.add_argument("--gateway", required=True, metavar="NAME", help="a gateway of the site")
    parser.add_argument("--port", help="the serial port; without, over the broker")
    broker_arguments.add_address_arguments(parser)
    parser.add_argument("--dry-run", action="store_true", help="only say what would be written")


def run(args: argparse.Namespace) -> int:
    site = load_site(args.site)
    files = gateway_files(site, args.gateway)
    tell_if_too_large(site, args.gateway)
    if args.port:
        with Prompt(args.port) as prompt:
            update(files, Cable(prompt), args.dry_run)
        return 0
    name = f"{site.compile(args.gateway)['site']}/{args.gateway}"
    try:
        # A board that is new in its place may have no time yet; digests tell what comes too late.
        with Requests(broker_arguments.address(args), name, "update", at_any_time=True) as requests:
            open_files = {path: files[path] for path in files if path not in _SECRET}
            update(open_files, Network(name, requests.ask), args.dry_run)
    except NoAnswer as reason:
        raise ToolError(f"{reason}.", Kind.NETWORK) from None
    return 0


def update(files: dict[str, bytes], way: Way, is_dry: bool = False) -> None:
    """Bring the files of a gateway to this content; says what it does."""
    there = way.digests(list(files))
    changed = {path: files[path] for path in files if there[path] != digest(files[path])}
    gone = [path for path in way.programs() if path not in files]
    if not changed and not gone:
        print(f"Nothing has changed: all {len(files)} files are there.")
        return
    size = sum(map(len, changed.values()))
    told = f": {', '.join(changed)}" if changed else ""
    print(f"{len(changed)} of {len(files)} files have changed, {size} bytes{told}")
    if gone:
        print(f"Not needed any more, and taken away: {', '.join(gone)}")
    if is_dry:
        print("Nothing was written.")
        return
    waiting = way.digests([NEW + path for path in changed])
    for path, content in changed.items():
        if waiting[NEW + path] != digest(content):
            way.write(NEW + path, content)
    way.install(plan_of(changed, gone, there, way.good_after(replaces_keys(changed, there))))
    print("All is there and checked. The gateway restarts with it, and takes it back if it fails.")


def plan_of(
    changed: dict[str, bytes], gone: list[str], there: dict[str, str | None], good_after: str
) -> bytes:
    """What `firmware/swap` reads."""
    plan = {
        "state": "new",
        "starts": 0,
        "good_after": good_after,
        "put": list(changed),
        "gone": gone,
        "added": [path for path in changed if there[path] is None],
        "digests": {path: digest(content) for path, content in changed.items()},
    }
    return json.dumps(plan, separators=(",", ":")).encode()


def replaces_keys(changed: dict[str, bytes], there: dict[str, str | None]) -> bool:
    """Whether keys or certificates that are there are to change; `there` {path: digest or None}."""
    return any(path in _KEYS and there[path] for path in changed)


def digest(content: bytes) -> str:
    """What is compared of a file: the beginning of its SHA-256, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()[:_DIGITS]


def _is_ours(path: str) -> bool:
    """A module of the firmware's package, or one beside it."""
    return path.startswith(_PACKAGE) or path.count("/") == 2


class Cable:
    """The serial port."""

    def __init__(self, prompt: Prompt):
        self._prompt = prompt
        self.digests = prompt.digests

    def programs(self) -> list[str]:
        return list(filter(_is_ours, self._prompt.below(_PROGRAMS)))

    def write(self, path: str, content: bytes) -> None:
        free = self._prompt.free_bytes()
        if free < 2 * len(content) + _SPARE_BYTES:
            raise ToolError(
                f"The gateway's file system has {free} bytes left, too few for {path}. Back it up "
                "(`limen backup`), then write it anew with `limen flash`.",
                Kind.BOARD,
            )
        self._prompt.write(path, content)

    def good_after(self, replaces_keys: bool) -> str:
        """There may be no broker yet; but where the old keys have reached it, new ones have to."""
        has_run_well = self.digests([_GOOD])[_GOOD] is not None
        return "broker" if replaces_keys and has_run_well else "minute"

    def install(self, plan: bytes) -> None:
        expected = json.loads(plan)["digests"]
        found = self._prompt.digests([NEW + path for path in expected])
        wrong = [path for path, name in expected.items() if found[NEW + path] != name]
        if wrong:
            sentence = f"{', '.join(wrong)} did not arrive whole; run it again."
            raise ToolError(sentence, Kind.BOARD)
        self._prompt.write(NEW + PLAN, plan)
        self._prompt.rename(NEW + PLAN, PLAN)


class Network:
    """Commands to a running gateway; `ask(facts)` gives their answers."""

    def __init__(self, gateway: str, ask):
        self._gateway = gateway
        self._ask = ask

    def digests(self, paths: list[str]) -> dict[str, str | None]:
        """Those of programs come with their list, the others a few at once."""
        programs = {path for path in paths if path.startswith(_PROGRAMS + "/")}
        found = {path: self._listed.get(path) for path in programs}
        others = [path for path in paths if path not in programs]
        for at in range(0, len(others), _PATHS_AT_ONCE):
            some = others[at : at + _PATHS_AT_ONCE]
            found |= zip(some, self._answer({"of": some})["digests"], strict=True)
        return found

    def programs(self) -> list[str]:
        return list(filter(_is_ours, self._listed))

    @functools.cached_property
    def _listed(self) -> dict[str, str]:
        return self._below(_PROGRAMS)

    def _below(self, folder: str) -> dict[str, str]:
        """The digests of all files in a folder and its folders; a few come at once."""
        entries: list[tuple[str, str | None]] = []
        while some := self._answer({"in": folder, "from": len(entries)})["programs"]:
            entries += some
        found = {}
        for name, known in entries:
            path = f"{folder}/{name}"
            found |= self._below(path) if known is None else {path: known}
        return found

    def write(self, path: str, content: bytes) -> None:
        """In pieces; what is there after each decides where the next one begins."""
        place, at = path.removeprefix(NEW), 0
        while True:
            piece = base64.b64encode(content[at : at + _PIECE]).decode()
            at = self._answer({"put": place, "at": at, "data": piece})["size"]
            if at >= len(content):
                return

    def good_after(self, replaces_keys: bool) -> str:
        return "broker"

    def install(self, plan: bytes) -> None:
        self.write(NEW + PLAN, plan)
        self._answer({"install": digest(plan)})

    def _answer(self, facts: dict) -> dict:
        answer = self._ask(facts)
        if answer.error is not None:
            raise ToolError(f"{self._gateway} refuses: {answer.error}.", Kind.BOARD)
        return answer.facts
