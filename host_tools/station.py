"""`limen station`: plug boards in one after another; each becomes the next gateway of the site.

A board that was here before, known by its MAC address, becomes again what it was. Several boards
are written at once, each in a process of its own; what goes wrong with one of them is a sentence,
and its gateway goes to the next board. Which board is which gateway is kept in a CSV file beside
the labels, so that a station can be left and taken up again.
"""

import contextlib
import csv
import io
import multiprocessing
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

from serial.tools.list_ports import comports

from host_tools.chip_writer import identify
from host_tools.contract import ROOT
from host_tools.errors import Kind, ToolError
from host_tools.flash import Writing, add_writing_arguments, board_of, flash
from host_tools.heap_estimate import tell_if_too_large
from host_tools.label import Label, write_labels
from host_tools.setup_access import setup_network, setup_password
from host_tools.site import Site, load_site

_RECORD = "boards.csv"
_LOOK_S = 0.5
_MOST_AT_ONCE = 8


def add_arguments(parser) -> None:
    parser.add_argument("--site", required=True, metavar="FILE", help="site file, or its folder")
    parser.add_argument(
        "--port",
        action="append",
        default=[],
        metavar="PORT",
        help="write what is at this port and end; may be given again. Without, every board that "
        "is plugged in from now on is written",
    )
    parser.add_argument(
        "--gateway",
        action="append",
        default=[],
        metavar="NAME",
        help="only this one; may be given again",
    )
    parser.add_argument("--labels", default="labels", metavar="FOLDER", help="default: labels")
    add_writing_arguments(parser)
    parser.add_argument("--dry-run", action="store_true", help="only say what would be done")


def run(args) -> int:
    site = load_site(args.site)
    book = Book(site, args.gateway, Path(args.labels))
    for gateway in book.open:
        tell_if_too_large(site, gateway)
    if args.dry_run:
        for gateway in book.open:
            print(f"Next: {gateway}, on an {book.chips[gateway]}.")
        print(f"Nothing was written; the labels would go to {args.labels}.")
        return 0
    book.folder.mkdir(parents=True, exist_ok=True)
    context = multiprocessing.get_context("spawn")
    with (
        ProcessPoolExecutor(_MOST_AT_ONCE, context) as processes,
        ThreadPoolExecutor(_MOST_AT_ONCE) as threads,
    ):

        def serve(port: str) -> bool:
            return serve_board(book, port, processes.submit, Writing.of(args))

        if args.port:
            return 0 if all(threads.map(serve, args.port)) else 1
        _say(f"{len(book.open)} gateways to go. {_to_go(book)} Plug in a board; Ctrl-C ends.")
        watch(lambda port: threads.submit(serve, port), lambda: book.is_complete)
    return 0


class Book:
    """Which gateways still need a board, and which board became which; for several threads."""

    def __init__(self, site: Site, wanted: list[str], folder: Path):
        compact = site.compile_all()
        for name in wanted:
            site.compile(name)
        self.site, self.folder = site, folder
        self.name = next(iter(compact.values()))["site"]
        self.chips = {
            gateway: board_of(site, gateway)["chip"]
            for gateway in compact
            if gateway in wanted or not wanted
        }
        self.boards = _read_record(folder / _RECORD)
        done = set(self.boards.values())
        self.open = [gateway for gateway in self.chips if gateway not in done]
        self._lock = threading.Lock()

    @property
    def is_complete(self) -> bool:
        return not set(self.chips) - set(self.boards.values())

    def take(self, chip: str, mac: str) -> str:
        """The gateway that this board becomes; nobody else gets it meanwhile."""
        with self._lock:
            known = self.boards.get(mac)
            if known in self.chips:
                return known
            fitting = [gateway for gateway in self.open if self.chips[gateway] == chip]
            if not fitting:
                raise ToolError(self._nothing_for(chip, mac), Kind.BOARD)
            self.open.remove(fitting[0])
            return fitting[0]

    def give_back(self, gateway: str) -> None:
        """The board failed; the gateway is the next one's."""
        with self._lock:
            if gateway not in self.boards.values():
                self.open.insert(0, gateway)

    def enter(self, mac: str, gateway: str) -> None:
        with self._lock:
            self.boards[mac] = gateway
            _write_record(self.folder / _RECORD, self.boards)

    def _nothing_for(self, chip: str, mac: str) -> str:
        if not self.open:
            return f"All gateways have their boards; this one ({mac}) was left as it is."
        others = ", ".join(f"{gateway} ({self.chips[gateway]})" for gateway in self.open)
        return f"No gateway is left for an {chip}; this board ({mac}) was left as it is: {others}."


def serve_board(book: Book, port: str, submit, writing: Writing) -> bool:
    """Make the board at a port a gateway and write its label; say what happened."""
    gateway = None
    try:
        chip, mac = submit(identify, port).result()
        gateway = book.take(chip, mac)
        _say(f"{port}: {mac} becomes {gateway} ...")
        submit(_flash_quietly, book.site.file.path, gateway, port, writing).result()
        book.enter(mac, gateway)
        path = book.folder / f"{gateway}.png"
        write_labels([_label(book, mac, gateway)], path)
        write_labels(
            [_label(book, *board) for board in book.boards.items()], book.folder / "all.pdf"
        )
        _say(f"{port}: {gateway} is done, its label is {path}. Unplug it. {_to_go(book)}")
        return True
    except ToolError as error:
        if gateway:
            book.give_back(gateway)
        _say(f"{port}: {error}")
        return False


def watch(
    serve: Callable[[str], None],
    is_done: Callable[[], bool],
    ports: Callable[[], list] = comports,
    pause: Callable[[float], None] = time.sleep,
) -> None:
    """Serve each port that appears. What is there at the beginning is not ours."""
    known = {found.device for found in ports()}
    while not is_done():
        pause(_LOOK_S)
        there = {found.device for found in ports()}
        for port in sorted(there - known):
            serve(port)
        known = there


def _flash_quietly(site: str, gateway: str, port: str, writing: Writing) -> None:
    """Among several boards only the end is of interest."""
    unseen = io.StringIO()
    with contextlib.redirect_stdout(unseen), contextlib.redirect_stderr(unseen):
        flash(load_site(site), gateway, port, writing)


def _label(book: Book, mac: str, gateway: str) -> Label:
    password = setup_password(book.site.file.path, gateway)
    topic = f"{ROOT}/{book.name}/{gateway}"
    return Label(gateway, mac, topic, setup_network(gateway), password)


def _to_go(book: Book) -> str:
    return f"Next: {book.open[0]}." if book.open else "That was the last one."


def _say(sentence: str) -> None:
    print(sentence, file=sys.stdout, flush=True)


def _read_record(path: Path) -> dict[str, str]:
    """{MAC: gateway}; none where there is no record yet."""
    if not path.exists():
        return {}
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    if any(None in (row.get("mac"), row.get("gateway")) for row in rows):
        raise ToolError(f"{path} is no record of boards: it needs the columns mac and gateway.", 2)
    return {row["mac"]: row["gateway"] for row in rows}


def _write_record(path: Path, boards: dict[str, str]) -> None:
    beside = path.with_suffix(".new")
    with beside.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("mac", "gateway"), *boards.items()])
    beside.replace(path)
