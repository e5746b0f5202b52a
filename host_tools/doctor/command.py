"""`limen doctor`: finds what is on a line, says what is wrong with it, and writes the site file.

A PC asks through a serial adapter or over TCP; what to ask and what to make of the answers is the
firmware's own `limen.core` (scan, doctor). Nothing is ever written to a device. An interrupt ends
the search, not the command: what was found until then is examined.
"""

from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from host_tools.doctor.candidates import (
    Framing,
    likely_framings,
    load_candidate,
    rare_framings,
)
from host_tools.doctor.carriers import SerialCarrier, TcpCarrier
from host_tools.doctor.site import (
    Device,
    Place,
    bus_lines,
    common_framing,
    device_lines,
    devices_of,
    period_ms,
    place_in,
    write_site,
)
from host_tools.errors import ToolError
from host_tools.profile import PROFILES, profile_names
from limen.core.bus_config import BAUDS, PARITIES
from limen.core.doctor import Examination
from limen.core.doctor_words import headline, sentences
from limen.core.exchange import Exchange
from limen.core.finding import Finding, framing_text, place_text, settled
from limen.core.scan import ALL, LIKELY, Scan
from limen.core.schema import suggestion
from limen.core.units import ms_text

_MODBUS_PORT = 502
_SERIAL_PATIENCE_MS, _TCP_PATIENCE_MS = 100, 1000
_LISTEN_MS = 500
_DEVICE_SERVER, _SERVER_BAUD = "socket://", 9600
_GATEWAY, _SERIAL_BUS, _TCP_BUS = "gateway-1", "rs485", "tcp"
_NOTHING = """\
Nothing answers at {where} ({asked}). Look, in this order:
  - Do the devices have power, and is Modbus switched on in their menus?
  - Are A and B swapped? Makers do not agree on the names: try it the other way round.
  - Is the line a chain with 120 ohm at both ends, and is its common (GND) connected?
  - Is another master on the line? Take it off while the doctor works.
  - Is the rate, the parity or the address an unusual one? Search all of them with --thorough."""


def add_arguments(parser) -> None:
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--port", help="/dev/ttyUSB0, or socket://HOST:PORT for a device server")
    where.add_argument("--host", metavar="HOST[:PORT]", help="a Modbus TCP server or converter")
    parser.add_argument("--address", metavar="LIST", help="only these, such as 1-10,33")
    parser.add_argument("--baud", type=int, choices=BAUDS, action="append", help="only this rate")
    parser.add_argument("--parity", choices=PARITIES, help="only this parity")
    parser.add_argument("--thorough", action="store_true", help="all addresses at all rates")
    parser.add_argument("--expect", type=int, metavar="N", help="stop when N devices are found")
    parser.add_argument(
        "--patience", type=int, metavar="MS", help="how long a device may take to answer"
    )
    parser.add_argument(
        "--profile", metavar="NAME|FILE", help="the model that it should be: check it against this"
    )
    parser.add_argument(
        "--write", type=Path, metavar="FILE", help="make this site file, or add the devices to it"
    )
    parser.add_argument("--gateway", metavar="NAME", help=f"in the site file ({_GATEWAY})")


def run(args) -> int:
    candidates = _candidates(args.profile)
    parse_addresses(args.address)
    place, taken = _place(args)
    carrier = _open(args)
    try:
        return Visit(carrier, candidates, Console(highlight=False)).run(args, place, taken)
    finally:
        carrier.close()


def _candidates(name: str | None) -> list[dict]:
    if name is None:
        return [load_candidate(PROFILES / f"{known}.toml") for known in profile_names()]
    path = Path(name)
    if path.suffix == ".toml":
        return [load_candidate(path)]
    if name not in profile_names():
        raise ToolError(f'There is no profile "{name}"{suggestion(name, profile_names())}.', 2)
    return [load_candidate(PROFILES / f"{name}.toml")]


def _place(args) -> tuple[Place | None, set[int]]:
    """Where the devices go in the site file that is there, and the addresses that it has."""
    if args.write and args.write.exists():
        return place_in(args.write, args.gateway, bool(args.host))
    return None, set()


def _open(args) -> SerialCarrier | TcpCarrier:
    if args.port:
        return SerialCarrier(args.port)
    host, port = _host(args.host)
    return TcpCarrier(host, port)


def _host(text: str) -> tuple[str, int]:
    name, _, port = text.partition(":")
    if port and not (port.isdecimal() and 0 < int(port) < 65536):
        raise ToolError(f'"{text}" does not end with a port of 1 to 65535.', 2)
    return name, int(port or _MODBUS_PORT)


def parse_addresses(text: str | None) -> list[int]:
    """The addresses of a list such as 1-10,33; all there are, if there is none."""
    if text is None:
        return list(ALL)
    addresses = []
    for part in text.split(","):
        low, dash, high = part.partition("-")
        if not low.strip().isdecimal() or dash and not high.strip().isdecimal():
            raise ToolError(f'"{part}" is no address; write for example --address 1-10,33.', 2)
        addresses += range(int(low), int(high or low) + 1)
    wrong = [address for address in addresses if address not in ALL]
    if wrong or not addresses:
        raise ToolError(f"A device has an address of 1 to 247, not {text}.", 2)
    return list(dict.fromkeys(addresses))


def framings(args, candidates: list[dict]) -> tuple[list[Framing], list[Framing]]:
    """What to search everywhere, and what at the likely addresses only.

    A device server has its rate set in itself; there is nothing to search.
    """
    if args.port.startswith(_DEVICE_SERVER):
        baud = args.baud[0] if args.baud else _SERVER_BAUD
        return [(baud, PARITIES[args.parity or "none"], 1)], []
    likely = likely_framings(candidates)
    rare = rare_framings(likely)
    if args.thorough:
        likely, rare = likely + rare, []
    if not args.baud and not args.parity:
        return likely, rare
    bauds = args.baud or list(dict.fromkeys(framing[0] for framing in likely + rare))
    parities = [PARITIES[args.parity]] if args.parity else [None, 0, 1]
    chosen = [(baud, parity, 2 if parity is None else 1) for baud in bauds for parity in parities]
    return sorted(chosen, key=lambda framing: framing not in likely), []


class Visit:
    """One doctor at one line."""

    def __init__(self, carrier, candidates: list[dict], console: Console):
        self._carrier = carrier
        self._candidates = candidates
        self._console = console

    def run(self, args, place: Place | None, taken: set[int]) -> int:
        scan = self._make_scan(args, taken)
        if scan.framings[0]:
            self._listen(scan.framings[0])
        self._search(scan)
        self._say_what_disturbed(scan)
        if not scan.found:
            asked = f"asked for {len(scan.framings)} framings" if args.port else "all units asked"
            raise ToolError(_NOTHING.format(where=args.port or args.host, asked=asked))
        if self._is_one_for_all(scan):
            self._say("It answers at every unit: it is one device, and takes any address.")
            del scan.found[1:]
        examinations = [self._examine(settled(finding)) for finding in scan.found]
        return self._propose(args, examinations, place)

    def _make_scan(self, args, taken: set[int]) -> Scan:
        addresses = [one for one in parse_addresses(args.address) if one not in taken]
        if args.host:
            patience_ms = args.patience or _TCP_PATIENCE_MS
            return Scan([None], addresses, patience_ms, expected=args.expect)
        likely, rare = framings(args, self._candidates)
        patience_ms = args.patience or _SERIAL_PATIENCE_MS
        return Scan(likely, addresses, patience_ms, rare, args.expect)

    def _listen(self, framing: Framing) -> None:
        exchange = Exchange(framing, b"", _LISTEN_MS)
        self._carrier.carry(exchange)
        if exchange.received:
            self._say(
                f"The line is not quiet: {exchange.received} bytes came in {_LISTEN_MS} ms, and "
                "nobody was asked. Another master is at work, or A and B are open and catch noise."
            )

    def _search(self, scan: Scan) -> None:
        """Carry the scan with a bar, until it ends or is interrupted."""
        self._say(f"Searching; at most {_duration(scan.cost_ms)}. Ctrl-C ends the search only.")
        known = 0
        try:
            with self._progress() as progress:
                bar = progress.add_task("", total=scan.cost_ms)
                for exchange in scan.exchanges():
                    self._carrier.carry(exchange)
                    progress.update(
                        bar,
                        description=_describe(exchange),
                        completed=scan.spent_ms,
                        total=scan.spent_ms + scan.cost_ms,
                    )
                    for finding in scan.found[known:]:
                        progress.console.print(f"{place_text(settled(finding))} answers.")
                    known = len(scan.found)
                    if self._is_one_for_all(scan):
                        break
        except KeyboardInterrupt:
            self._say("The search was ended by hand.")

    def _say_what_disturbed(self, scan: Scan) -> None:
        refused = [framing for framing in scan.framings if framing in self._carrier.refused]
        if refused:
            names = ", ".join(framing_text(framing) for framing in refused)
            self._say(f"This port cannot be set to {names}: nothing was searched there.")
        if scan.disturbed > len(scan.found):
            self._say(
                f"Bytes came at {scan.disturbed} addresses where no device is: noise, or another "
                "master. Look at termination and shield."
            )

    def _progress(self) -> Progress:
        columns = TextColumn("{task.description:28}"), BarColumn(None), TimeElapsedColumn()
        return Progress(*columns, console=self._console, transient=True)

    def _is_one_for_all(self, scan: Scan) -> bool:
        """A TCP server that answers at all units that were asked is a single device."""
        found = [finding.address for finding in scan.found]
        return scan.framings[0] is None and found == [a for a in LIKELY if a in scan.addresses]

    def _examine(self, finding: Finding) -> Examination:
        examination = Examination(finding)
        with self._console.status(f"Examining address {finding.address}"):
            for exchange in examination.exchanges(self._candidates):
                self._carrier.carry(exchange)
        self._say(f"\n{headline(examination)}")
        for sentence in sentences(examination):
            self._say(f"  {sentence}")
        return examination

    def _propose(self, args, examinations: list[Examination], place: Place | None) -> int:
        devices = devices_of(examinations)
        if place is None:
            bus = _TCP_BUS if args.host else _SERIAL_BUS
            peer = _host(args.host) if args.host else ("", 0)
            place = Place(args.gateway or _GATEWAY, bus, common_framing(devices), *peer)
        if not devices:
            self._say("\nNo device is known well enough to be written into a site file.")
            return 1
        self._advise(devices)
        if args.write:
            write_site(args.write, examinations, place)
            self._say(f"\nWrote {len(devices)} devices into {args.write}, which is good.")
        else:
            lines = f"{bus_lines(place, devices)}\n{device_lines(examinations, place)}"
            self._say(f"\nFor the site file:\n\n{lines}")
        return 0

    def _advise(self, devices: list[Device]) -> None:
        cycle_ms = sum(device.cycle_ms() for device in devices)
        every = ms_text(period_ms(devices))
        self._say(f'\nReading all takes the line {cycle_ms} ms: every = "{every}" leaves it time.')
        if len({device.framing for device in devices}) > 1:
            self._say(
                "The devices have different framings. The gateway can change between them, but a "
                f"line should have one: set all to {framing_text(common_framing(devices))}."
            )

    def _say(self, text: str) -> None:
        self._console.print(text, markup=False, soft_wrap=True)


def _describe(exchange: Exchange) -> str:
    address = f"address {exchange.request[0]}" if exchange.request else "listening"
    return f"{framing_text(exchange.framing)}, {address}" if exchange.framing else address


def _duration(ms: int) -> str:
    minutes, seconds = divmod(-(-ms // 1000), 60)
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"
