"""The emulated meter against the vendor's own examples and public drivers."""

import json
import struct
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from host_tools.emulation.line import Framing, Line
from host_tools.emulation.meter import Faults, Meter, crc16, with_crc
from host_tools.emulation.meter_models import MODELS, READ_HOLDING, READ_INPUT
from host_tools.emulation.quantities import QUANTITIES
from host_tools.emulation.scheduler import VirtualScheduler
from host_tools.emulation.signals import Constant
from host_tools.errors import ToolError

MAPS = Path(__file__).parents[2] / "../shared/meters/register_maps.json"
FRAMING = Framing(9600)
# The example of the vendor's document, 3.8.1; its float32 is the one next to 230.20001.
READ_VOLTS = bytes.fromhex("01 04 00 00 00 02 71 cb")
VOLTAGE = Decimal("230.20001")
VOLTS = bytes.fromhex("01 04 04 43 66 33 34 1b 38")


class World:
    """A meter on a line in virtual time, and a master that keeps what it hears."""

    def __init__(self, model="eastron-sdm630", address=1, grain_us=None, **values):
        self.clock = VirtualScheduler()
        self.line = Line(self.clock, grain_us)
        self.served = []
        signals = Constant(**(values or {"voltage_l1": VOLTAGE}))
        self.meter = Meter(
            self.clock,
            self.line,
            address,
            model,
            signals,
            on_read=lambda *read: self.served.append(read),
            framing=FRAMING,
        )
        self.heard = []
        self.master = self.line.port(FRAMING, self.receive)

    def receive(self, data):
        self.heard.append((self.clock.now_us, data))

    def ask(self, request):
        """All that comes back within a second."""
        self.heard.clear()
        self.master.send(request)
        self.clock.run_until(self.clock.now_us + 1_000_000)
        return b"".join(data for _, data in self.heard)

    def counts(self, *names):
        return tuple(self.meter.counts[name] for name in names)

    def read(self, start, count, function=4, address=1):
        return self.ask(with_crc(struct.pack(">BBHH", address, function, start, count)))


def floats(reply):
    return struct.unpack(f">{reply[2] // 4}f", reply[3:-2])


def test_it_answers_the_example_of_the_vendor():
    assert World().ask(READ_VOLTS) == VOLTS


def test_it_tells_what_it_served_as_its_registers_hold_it_and_when():
    world = World()
    world.ask(READ_VOLTS)
    assert world.served == [(8334, "voltage_l1", Fraction(0x663334 | 0x800000, 1 << 16))]


def test_the_answer_begins_after_the_turnaround():
    world = World()
    world.meter.turnaround_ms = 50
    world.ask(READ_VOLTS)
    assert [time_us for time_us, _ in world.heard] == [8334 + 50_000 + 9375]


def test_it_never_answers_within_three_and_a_half_characters():
    world = World()
    world.meter.turnaround_ms = 0
    world.ask(READ_VOLTS)
    assert [time_us for time_us, _ in world.heard] == [8334 + 3646 + 9375]


def test_it_takes_a_request_that_comes_byte_by_byte():
    assert World(grain_us=1).ask(READ_VOLTS) == VOLTS


def test_one_read_returns_forty_values_with_zero_in_the_gaps():
    world = World(voltage_l1=Decimal("230.2"), power_active_total=-4500, frequency=Decimal("49.98"))
    reply = world.read(0, 80)
    values = floats(reply)
    assert reply[:3] == bytes((1, 4, 160)) and crc16(reply) == 0
    assert values[:3] == pytest.approx((230.2, 230.2, 230.2))
    assert values[6:9] == (-1500, -1500, -1500)
    assert values[26] == -4500 and values[31] == -1
    assert values[27] == values[18] == 0.0
    assert values[35] == pytest.approx(49.98)


@pytest.mark.parametrize(
    ("request_hex", "reply_hex"),
    [
        ("01 10 00 02 00 02 04 42 70 00 00 67 d5", "01 90 01 8d c0"),  # the vendor's, 3.10
        ("01 05 00 00 ff 00 8c 3a", "01 85 01 83 50"),
        ("01 2b 0e 01 00 70 77", "01 ab 01 9e f0"),
    ],
)
def test_unknown_functions_get_exception_1(request_hex, reply_hex):
    assert World().ask(bytes.fromhex(request_hex)) == bytes.fromhex(reply_hex)


@pytest.mark.parametrize(
    ("start", "count", "code"),
    [
        (0, 0, 3),
        (0, 82, 3),
        (0, 0xFFFF, 3),
        (1, 2, 2),
        (0, 1, 2),
        (106, 4, 2),
        (108, 2, 2),
        (400, 2, 2),
        (0xFFFE, 80, 2),
    ],
)
def test_a_wrong_range_gets_its_exception(start, count, code):
    assert World().read(start, count) == with_crc(bytes((1, 0x84, code)))


def test_holding_registers_tell_the_network_settings():
    world = World(address=17)
    world.meter.framing = Framing(9600)
    assert floats(world.read(0x12, 4, function=3, address=17)) == (0.0, 17.0)
    assert floats(world.read(0x1C, 2, function=3, address=17)) == (2.0,)


def test_it_keeps_quiet_about_other_addresses_broadcasts_and_bad_crcs():
    world = World()
    assert world.read(0, 2, address=2) == b""
    assert world.read(0, 2, address=0) == b""
    assert world.ask(READ_VOLTS[:-1] + b"\xcc") == b""
    assert world.ask(READ_VOLTS[:5]) == b""
    assert world.ask(b"\x00" + READ_VOLTS) == b""
    assert world.counts("requests", "damaged") == (0, 2)
    assert world.ask(READ_VOLTS) == VOLTS


def test_what_follows_a_request_without_silence_is_no_request():
    assert World(grain_us=1).ask(READ_VOLTS + READ_VOLTS) == VOLTS


def test_another_baud_means_no_answer():
    world = World()
    world.master.framing = Framing(19200)
    assert world.ask(READ_VOLTS) == b""
    assert world.served == []


@pytest.mark.parametrize(
    ("fault", "heard"),
    [
        (Faults(silent=True), b""),
        (Faults(bad_crc=True), VOLTS[:-1] + bytes((VOLTS[-1] ^ 0xFF,))),
        (Faults(exception=4), bytes.fromhex("01 84 04 42 c3")),
        (Faults(keep_bytes=5), VOLTS[:5]),
    ],
)
def test_faults_that_lose_the_value_are_not_served(fault, heard):
    world = World()
    world.meter.faults = fault
    assert world.ask(READ_VOLTS) == heard
    assert world.served == []


@pytest.mark.parametrize(
    ("fault", "heard"),
    [
        (Faults(garbage=b"\x00\xfe"), b"\x00\xfe" + VOLTS),
        (Faults(echo=True), READ_VOLTS + VOLTS),
        (Faults(late_ms=400), VOLTS),
    ],
)
def test_faults_around_the_value_leave_it_whole(fault, heard):
    world = World()
    world.meter.faults = fault
    assert world.ask(READ_VOLTS) == heard
    assert len(world.served) == 1
    assert world.heard[-1][0] >= 8334 + 20_000 + fault.late_ms * 1000


def test_a_meter_recovers_when_its_faults_are_cleared():
    world = World()
    world.meter.faults.silent = True
    assert world.ask(READ_VOLTS) == b""
    world.meter.faults.clear()
    assert world.ask(READ_VOLTS) == VOLTS


def test_two_meters_share_a_line():
    world = World()
    other = Constant(voltage=Decimal("229.5"))
    Meter(world.clock, world.line, 2, "eastron-sdm120", other, framing=FRAMING)
    assert floats(world.read(0, 2, address=2)) == (229.5,)
    assert world.ask(READ_VOLTS) == VOLTS


def test_a_float32_rounds_back_to_the_value_of_the_source():
    world = World("eastron-sdm120", voltage=Decimal("234.840"))
    (heard,) = floats(world.read(0, 2))
    assert heard != 234.84
    assert Decimal(heard).quantize(Decimal("0.01")) == Decimal("234.84")


def test_an_unknown_model_is_a_mistake_of_the_user():
    with pytest.raises(ToolError, match="eastron-sdm630, eastron-sdm120") as caught:
        World("sdm999")
    assert caught.value.status == 2


def registers_of(model):
    """{address: (quantity, struct code, scale)} of what can be read with the model's function."""
    table = model.tables.get(READ_INPUT, model.tables.get(READ_HOLDING))
    return {
        address: (register.quantity, register.code, register.scale)
        for address, register in table.registers.items()
    }


CODES = {"uint16": "H", "int16": "h", "uint32": "I", "int32": "i", "uint64": "Q", "int64": "q"}
CODES |= {"float32": "f"}
OTHER_FORM = {"energy_import_f32", "energy_export_f32"}
"""The iEM3000's energies again, of which two sources tell different units."""


@pytest.mark.parametrize("model", sorted(MODELS))
def test_the_registers_agree_with_public_drivers(model):
    if not MAPS.exists():
        pytest.skip("no shared register maps")
    entry = json.loads(MAPS.read_text())["meters"][model.replace("-", "_")]
    expected = {
        register["addr"]: (name, CODES[register["type"]], Fraction(str(register["scale"])))
        for name, register in entry["registers"].items()
        if name not in OTHER_FORM
    }
    assert registers_of(MODELS[model]) == expected
    assert MODELS[model].limit == entry.get("max_regs_per_request", 125)
    assert entry["fc"] in MODELS[model].tables
    assert MODELS[model].low_word_first == entry["word_order"].startswith("CDAB")


@pytest.mark.parametrize("model", sorted(MODELS))
def test_every_register_lies_in_a_block_and_none_overlap(model):
    for table in MODELS[model].tables.values():
        free_from = 0
        for address, register in sorted(table.registers.items()):
            end = address + register.words
            assert address >= free_from, address
            assert any(address in block and end - 1 in block for block in table.blocks), address
            free_from = end


@pytest.mark.parametrize("model", sorted(MODELS))
def test_every_quantity_is_one_that_signals_give(model):
    for table in MODELS[model].tables.values():
        for register in table.registers.values():
            assert register.quantity in QUANTITIES or register.quantity.startswith("setting_")


def words(reply):
    return struct.unpack(f">{reply[2] // 2}H", reply[3:-2])


def test_abb_holds_integers_in_its_steps():
    world = World(
        "abb-b23-b24",
        voltage=Decimal("231.26"),
        power_active_total=Decimal("-1234.567"),
        energy_import=Decimal("98765432.10"),
        frequency=Decimal("49.98"),
    )
    assert words(world.read(0x5B00, 2, 3)) == (0, 2313)
    assert words(world.read(0x5B14, 2, 3)) == (0xFFFE, 0x1DBF)
    assert words(world.read(0x5000, 4, 3)) == (0, 2, 0x4CB0, 0x16EA)
    assert words(world.read(0x5B2C, 1, 3)) == (4998,)
    assert [(name, value) for _, name, value in world.served] == [
        ("voltage_l1", Fraction("231.3")),
        ("power_active_total", Fraction("-1234.57")),
        ("energy_import", Fraction("98765432.1")),
        ("frequency", Fraction("49.98")),
    ]


def test_abb_marks_what_it_does_not_measure():
    values = {"voltage_l2": None, "power_factor_l1": None, "energy_export": None}
    world = World("abb-b23-b24", voltage=230, power_active_l2=None, **values)
    assert words(world.read(0x5B00, 4, 3)) == (0, 2300, 0xFFFF, 0xFFFF)
    assert words(world.read(0x5B3B, 1, 3)) == (0x7FFF,)
    assert words(world.read(0x5B18, 2, 3)) == (0x7FFF, 0xFFFF)
    assert words(world.read(0x5004, 4, 3)) == (0xFFFF,) * 4
    assert [name for _, name, _ in world.served] == ["voltage_l1"]


def test_carlo_gavazzi_sends_the_least_significant_word_first():
    world = World("carlogavazzi-em340", voltage=230, power_active_total=-1, energy_import=7000)
    assert words(world.read(0x28, 2)) == (0xFFF6, 0xFFFF)
    assert words(world.read(0x34, 2, 3)) == (0x1170, 1)
    assert words(world.read(6, 2)) == (3984, 0)
    assert world.read(0, 51) == with_crc(bytes((1, 0x84, 3)))


def test_a_value_that_is_cut_comes_in_part():
    world = World("carlogavazzi-em340", energy_import=7000)
    assert words(world.read(0x35, 2)) == (1, 0)
    assert words(world.read(0x33, 2)) == (500, 0x1170)


def test_schneider_and_orno_tell_kilowatts_and_schneider_whole_watt_hours():
    values = {"power_active_total": 4500, "energy_import": Decimal("70000.0005")}
    world = World("schneider-iem3155-iem3255", **values)
    assert floats(world.read(3059, 2, 3)) == (4.5,)
    assert words(world.read(3203, 4, 3)) == (0, 0, 0x042C, 0x1D81)
    world = World("orno-we516-517", **values)
    assert floats(world.read(0x1C, 2, 3)) == (4.5,)
    assert floats(world.read(0x108, 2, 3)) == (70000.0,)
    assert world.served[0][1:] == ("power_active_total", 4500)


def test_a_model_answers_its_own_functions_only():
    assert World("abb-b23-b24").read(0x5B00, 2, 4) == with_crc(bytes((1, 0x84, 1)))
    assert World("eastron-sdm120").read(0x5B00, 2, 3) == with_crc(bytes((1, 0x83, 2)))
