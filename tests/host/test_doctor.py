"""The doctor at emulated lines, in virtual time; the meters are made from collected maps."""

import argparse
import io
import re
import struct

import pytest
from rich.console import Console

from host_tools.doctor import command as doctor
from host_tools.doctor.candidates import likely_framings, load_candidate, rare_framings
from host_tools.doctor.command import Visit, framings, parse_addresses
from host_tools.emulation.line import Framing, Line
from host_tools.emulation.meter import Meter, with_crc
from host_tools.emulation.scheduler import VirtualScheduler
from host_tools.emulation.signals import Constant
from host_tools.errors import ToolError
from host_tools.profile import PROFILES, profile_names
from limen.core.doctor import Examination
from limen.core.finding import Finding
from limen.core.scan import ALL, Scan
from map_meter import MAPS, MapMeter, VirtualCarrier, cells_of, meter_of

CANDIDATES = [load_candidate(PROFILES / f"{name}.toml") for name in profile_names()]
FRAMING = (9600, None, 1)
SIGNALS = Constant(voltage=231, power_active_total=4321, power_reactive_total=700)

needs_maps = pytest.mark.skipif(not MAPS, reason="the register maps are not on this machine")

TOO_LITTLE = {"eastron-sdm72d-m", "finder-7e23"}
"""Without voltage and frequency in its map, or known by a text that its map does not have."""
TWINS = {"eastron-sdm230": "eastron-sdm120"}
"""Their maps hold the same: nothing but the name on the meter tells them apart."""


def parsed(*words):
    parser = argparse.ArgumentParser()
    doctor.add_arguments(parser)
    return parser.parse_args(words)


def new_line():
    return Line(VirtualScheduler())


def examine(line, address=7, framing=FRAMING, candidates=CANDIDATES, function=3):
    examination = Examination(Finding(framing, address, function, 20000))
    VirtualCarrier(line).carry_all(examination.exchanges(candidates))
    return examination


def names(matches):
    return [match.candidate["name"] for match in matches]


@needs_maps
@pytest.mark.parametrize(
    "key", [key for key in MAPS if key.replace("_", "-") not in TOO_LITTLE | {"eastron-sdm630"}]
)
def test_every_model_of_the_maps_is_known(key):
    line, name = new_line(), key.replace("_", "-")
    meter_of(line, 7, key, Framing(9600))
    examination = examine(line)
    assert examination.is_identified()
    first = TWINS.get(name, name)
    assert names(examination.matches)[0] == first
    assert name == first or name in names(examination.rivals())


def test_the_meter_from_the_vendor_s_document_is_known():
    line = new_line()
    Meter(line.scheduler, line, 7, "eastron-sdm630", SIGNALS)
    examination = examine(line)
    assert names(examination.matches)[0] == "eastron-sdm630"
    assert names(examination.rivals()) in ([], ["eastron-sdm72d-m-v2"])
    assert examination.replies.broken == examination.replies.silent == 0


@needs_maps
@pytest.mark.parametrize("name", sorted(TOO_LITTLE))
def test_too_little_evidence_makes_no_model(name):
    line = new_line()
    meter_of(line, 7, name.replace("-", "_"), Framing(9600))
    assert not examine(line).is_identified()


@needs_maps
def test_a_text_in_a_register_settles_the_model():
    """Finder's manual: the type of a 7E.23 stands at register 7 in ASCII."""
    line = new_line()
    meter = meter_of(line, 7, "finder_7e23", Framing(9600))
    meter.cells.update({6: 0x3745, 7: 0x3233})
    examination = examine(line)
    assert examination.matches[0].is_certain
    assert names(examination.matches)[0] == "finder-7e23"


@needs_maps
def test_the_word_order_of_a_meter_that_was_changed_is_told():
    line = new_line()
    meter = meter_of(line, 7, "schneider_pm5xxx", Framing(9600))
    turned = dict(meter.cells)
    for register in MAPS["schneider_pm5xxx"]["registers"].values():
        if register["type"] == "float32":
            at = register["addr"]
            turned[at], turned[at + 1] = meter.cells[at + 1], meter.cells[at]
    meter.cells = turned
    (candidate,) = [one for one in CANDIDATES if one["name"] == "schneider-pm5xxx"]
    examination = examine(line, candidates=[candidate])
    assert [(v.order, v.offset) for v in examination.variants] == [("CDAB", 0)]


@needs_maps
@pytest.mark.parametrize("shift", [-1, 1])
def test_addresses_off_by_one_are_told(shift):
    line = new_line()
    cells = {at + shift: word for at, word in cells_of("janitza_umg96_bseries").items()}
    MapMeter(line, 7, 3, cells, Framing(9600))
    (candidate,) = [one for one in CANDIDATES if one["name"] == "janitza-umg96-bseries"]
    examination = examine(line, candidates=[candidate])
    assert not examination.is_identified()
    assert [(v.order, v.offset) for v in examination.variants] == [(None, shift)]


@needs_maps
@pytest.mark.parametrize("turnaround_ms", [20, 21, 24, 70, 150])
def test_two_meters_at_one_address_are_told(turnaround_ms):
    line = new_line()
    first = meter_of(line, 7, "chint_dtsu666", Framing(9600))
    second = meter_of(line, 7, "orno_we516_517", Framing(9600), turnaround_ms=turnaround_ms)
    scan = Scan([FRAMING], [6, 7, 8], 100)
    VirtualCarrier(line).carry_all(scan.exchanges())
    assert 7 in [finding.address for finding in scan.found]
    examination = examine(line)
    assert examination.replies.are_of_two()
    assert first.counts["requests"] == second.counts["requests"]


@needs_maps
def test_a_meter_that_is_deaf_after_a_reply_gets_its_pause():
    line = new_line()
    meter_of(line, 7, "orno_we516_517", Framing(9600), deaf_ms=25)
    examination = examine(line)
    assert names(examination.matches)[0] == "orno-we516-517"
    assert examination.pause_ms == 20


@needs_maps
def test_a_name_that_the_device_tells_settles_twins():
    line = new_line()
    meter = meter_of(line, 7, "eastron_sdm230", Framing(9600))
    meter.identity = [b"Eastron", b"SDM230-Modbus", b"1.0"]
    examination = examine(line)
    assert names(examination.matches)[0] == "eastron-sdm230"
    assert examination.identity == {0: b"Eastron", 1: b"SDM230-Modbus", 2: b"1.0"}


@needs_maps
def test_meters_of_different_framings_are_found_on_one_line_in_three_minutes():
    line = new_line()
    meter_of(line, 1, "chint_dtsu666", Framing(9600))
    meter_of(line, 17, "orno_we516_517", Framing(9600, 8, "E"), turnaround_ms=60)
    meter_of(line, 3, "carlogavazzi_em340", Framing(19200, 8, None, 2))
    meter_of(line, 5, "eastron_sdm120", Framing(2400))
    meter_of(line, 33, "finder_7m38", Framing(38400))
    likely = likely_framings(CANDIDATES)
    scan = Scan(likely, list(ALL), 100, rare_framings(likely))
    estimate_ms = scan.cost_ms
    VirtualCarrier(line).carry_all(scan.exchanges())
    found = {finding.address: finding.framing for finding in scan.found}
    assert found == {
        1: (9600, None, 2),
        3: (19200, None, 2),
        5: (2400, None, 2),
        17: (9600, 0, 1),
        33: (38400, None, 2),
    }
    assert estimate_ms < 180_000
    # The rate of the one at 38400 baud was searched, too.
    assert line.scheduler.now_us // 1000 < estimate_ms + 247 * 120


def sunspec_cells():
    """A three-phase inverter as SunSpec lays it out: mark, model 1, model 103, end."""
    cells = dict.fromkeys(range(40000, 40124), 0)
    cells.update({40000: 0x5375, 40001: 0x6E53, 40002: 1, 40003: 66})
    first = 40070
    cells.update({first: 103, first + 1: 50, first + 52: 0xFFFF})
    cells.update({first + 10: 2307, first + 11: 2319, first + 12: 2294, first + 13: 0xFFFF})
    cells.update({first + 16: 5002, first + 17: 0xFFFE})
    return cells


def test_a_sunspec_device_is_known_by_its_chain_of_models():
    line = new_line()
    MapMeter(line, 7, 3, sunspec_cells(), Framing(9600))
    examination = examine(line)
    assert names(examination.matches)[0] == "sunspec-inverter"
    assert examination.matches[0].is_certain
    values = {channel["name"]: count for channel, count in examination.matches[0].values}
    assert (values["frequency"], values["voltage_l2"]) == (5002, 2319)


class TcpDouble:
    """A server with the same registers at some units; the others are behind no path."""

    refused = frozenset()

    def __init__(self, units):
        self.units = units
        self.cells = sunspec_cells()
        self.carried = 0

    def carry(self, exchange):
        self.carried += 1
        unit, function = exchange.request[:2]
        start, count = struct.unpack(">HH", exchange.request[2:6])
        code = 2 if unit in self.units else 11
        if function != 3:
            code = 1
        frame = bytes((unit, function | 0x80, code))
        words = [self.cells.get(at) for at in range(start, start + count)]
        if function == 3 and unit in self.units and None not in words:
            data = b"".join(word.to_bytes(2, "big") for word in words)
            frame = bytes((unit, 3, len(data))) + data
        exchange.feed(with_crc(frame), 5000)
        exchange.close()


def test_a_converter_has_the_units_that_answer():
    output = io.StringIO()
    found = Visit(TcpDouble({2, 9}), CANDIDATES, Console(file=output, width=200))
    assert found.run(parsed("--host", "10.0.0.9:1502", "--address", "1-12"), None, set()) == 0
    said = output.getvalue()
    assert "Address 2: is SunSpec inverter" in said and "Address 9: is SunSpec inverter" in said
    assert 'kind = "modbus-tcp"\nhost = "10.0.0.9"\nport = 1502\n' in said
    assert 'profile = "sunspec-inverter"\nbus = "tcp"\naddress = 9\n' in said
    assert "baud" not in said


def test_a_server_that_answers_at_every_unit_is_one_device():
    output = io.StringIO()
    carrier = TcpDouble(range(1, 248))
    Visit(carrier, CANDIDATES, Console(file=output, width=200)).run(
        parsed("--host", "10.0.0.9"), None, set()
    )
    assert "It answers at every unit: it is one device" in output.getvalue()
    assert output.getvalue().count("is SunSpec inverter") == 1
    assert carrier.carried < 200


def test_an_interrupt_ends_the_search_and_what_was_found_is_examined():
    class Interrupted(TcpDouble):
        def carry(self, exchange):
            if exchange.request[0] == 9:
                raise KeyboardInterrupt
            super().carry(exchange)

    output = io.StringIO()
    found = Visit(Interrupted({2}), CANDIDATES, Console(file=output, width=200))
    assert found.run(parsed("--host", "10.0.0.9", "--address", "2,9"), None, set()) == 0
    assert "The search was ended by hand." in output.getvalue()
    assert "Address 2: is SunSpec inverter" in output.getvalue()


def visit(line, *words):
    """What the command says at a virtual line, and its exit status."""
    output = io.StringIO()
    console = Console(file=output, width=200)
    status = Visit(VirtualCarrier(line), CANDIDATES, console).run(parsed(*words), None, set())
    return status, output.getvalue()


@needs_maps
def test_the_command_tells_what_it_finds():
    line = new_line()
    meter_of(line, 3, "orno_we516_517", Framing(9600, 8, "E"), turnaround_ms=60)
    meter_of(line, 4, "carlogavazzi_em340", Framing(9600))
    status, said = visit(line, "--port", "x", "--address", "3-5", "--expect", "2")
    assert status == 0
    assert re.search(r"^Searching; at most \d+ s\.", said, re.MULTILINE)
    assert "Address 4 at 9600 8N1: answers like Carlo Gavazzi EM330/EM340" in said
    assert "It begins to answer after 60 ms." in said
    assert "a line should have one: set all to 9600 8N1." in said
    assert '[[gateway.gateway-1.bus]]\nid = "rs485"\nkind = "modbus-rtu"\nbaud = 9600\n' in said
    assert 'profile = "orno-we516-517"\nbus = "rs485"\naddress = 3\nevery = "1s"\n' in said


def test_where_nothing_answers_it_says_what_to_look_at():
    with pytest.raises(ToolError) as error:
        visit(new_line(), "--port", "/dev/ttyUSB7", "--baud", "9600")
    sentence = str(error.value)
    assert sentence.startswith("Nothing answers at /dev/ttyUSB7 (asked for 3 framings).")
    for word in ("A and B swapped", "120 ohm", "parity", "another master", "--thorough"):
        assert word.lower() in sentence.lower()


def test_a_line_that_is_not_quiet_is_told():
    line = new_line()
    babbler = line.port(Framing(9600), lambda data: None)
    for at in range(300):
        line.scheduler.at(at * 100_000, lambda: babbler.send(b"\x55\xaa"))
    output = io.StringIO()
    words = ("--port", "x", "--address", "1,2", "--baud", "9600", "--parity", "none")
    carrier = VirtualCarrier(line)
    with pytest.raises(ToolError):
        Visit(carrier, [], Console(file=output, width=200)).run(parsed(*words), None, set())
    assert "The line is not quiet: 10 bytes came in 500 ms" in output.getvalue()


def test_addresses_as_people_write_them():
    assert parse_addresses("1-3,33, 2") == [1, 2, 3, 33]
    assert parse_addresses(None) == list(range(1, 248))
    for wrong in ("0", "240-250", "a", "1-", "", "3-1"):
        with pytest.raises(ToolError):
            parse_addresses(wrong)


def test_what_the_arguments_limit_is_all_that_is_searched():
    likely, rare = framings(parsed("--port", "x"), CANDIDATES)
    assert likely[0] == (9600, None, 2)
    assert (2400, None, 2) in likely and (38400, None, 2) in rare
    everything, nothing = framings(parsed("--port", "x", "--thorough"), CANDIDATES)
    assert (everything, nothing) == (likely + rare, [])
    only = framings(parsed("--port", "x", "--baud", "2400", "--parity", "even"), CANDIDATES)
    assert only == ([(2400, 0, 1)], [])
    server = framings(parsed("--port", "socket://10.0.0.9:4001"), CANDIDATES)
    assert server == ([(9600, None, 1)], [])


def test_an_unknown_model_is_a_sentence():
    with pytest.raises(
        ToolError, match='no profile "eastron-sdm631"; did you mean "eastron-sdm630"'
    ):
        doctor.run(parsed("--port", "x", "--profile", "eastron-sdm631"))
