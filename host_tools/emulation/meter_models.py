"""What emulated meters hold: a table for each model, from its document and public drivers.

No table was made from firmware/profiles: a meter and a reader that come from one file agree on any
wrong address. A row of a table is (address on the wire, type, scale, quantities): the quantities
follow each other without a gap, `x_l*` stands for the three phases of x, and a register's number
times the scale is the quantity in its base unit.

Sources:
- Eastron, SDM630Modbus Smart Meter Modbus Protocol Implementation V1.8, and SDM120 Modbus Protocol
  Implementation: input and holding register tables.
- ABB, B23/B24 User Manual, Communication with Modbus: mapping tables; the largest number of its
  type stands for a quantity that is not available. No source seen confirms the addresses of the
  reactive and apparent power.
- Carlo Gavazzi, EM300 and ET300 Series Communication Protocol, version 2 revision 17: functions 3
  and 4, least significant word first. The longest request: Tinkerforge/esp32-firmware@cf4f5b58c08c.
- Schneider Electric, iEM3100/iEM3200/iEM3300 series user manual DOCA0005EN-04: function 3, register
  numbers one above the wire's.
- ORNO OR-WE-516/517: volkszaehler/mbmd@fb8f9c22f121 meters/rs485/orno3p.go, and evcc-io/evcc
  @b29b49e3056e templates/definition/meter/orno.yaml (8E1).
"""

import functools
import struct
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from host_tools.emulation.line import Framing
from host_tools.emulation.quantities import PHASES
from host_tools.emulation.ratios import Ratio, nearest

READ_HOLDING, READ_INPUT = 3, 4
ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE = 1, 2, 3
LONGEST_WORDS = 4

_STRUCT_CODES = {"u16": "H", "s16": "h", "u32": "I", "s32": "i", "u64": "Q", "s64": "q", "f32": "f"}


@dataclass(frozen=True)
class Register:
    """A number of a struct `code` that holds a quantity in steps of `scale` base units."""

    quantity: str
    code: str
    scale: Fraction

    @functools.cached_property
    def words(self) -> int:
        return self._form.size // 2

    @functools.cached_property
    def _form(self) -> struct.Struct:
        return struct.Struct(">" + self.code)

    @functools.cached_property
    def _step(self) -> Ratio:
        return self.scale.as_integer_ratio()

    @functools.cached_property
    def _places(self) -> int | None:
        """Where the scale is a power of ten below one."""
        return next((places for places in range(1, 10) if self._step == (1, 10**places)), None)

    def encode(self, value: Ratio) -> tuple[bytes, int | float | Decimal | Fraction]:
        """The number next to the value, as it is sent, and what it tells, exactly."""
        numerator, denominator = value
        up, down = self._step
        numerator *= down
        denominator *= up
        if self.code != "f":
            raw = nearest(numerator, denominator)
            return self._form.pack(raw), self._told(raw)
        data = self._form.pack(numerator / denominator)
        (raw,) = self._form.unpack(data)
        return data, raw if up == down else Fraction(raw) * self.scale

    def _told(self, raw: int) -> int | Decimal | Fraction:
        """What a whole number in the register tells; a Decimal is as exact as a Fraction, and made
        in a tenth of the time."""
        if self._places:
            return Decimal(raw).scaleb(-self._places)
        up, down = self._step
        return raw * up if down == 1 else Fraction(raw * up, down)

    def pack(self, raw: int) -> bytes:
        """A number as it is sent."""
        return self._form.pack(raw)


@dataclass(frozen=True, eq=False)
class Table:
    """The registers by address, and the blocks of addresses that exist; the rest of them read 0.

    `parts` are bits of a register beside others that stand among the registers.
    """

    blocks: tuple[range, ...]
    registers: dict[int, Register]
    parts: tuple[tuple[int, Register], ...] = ()


@functools.lru_cache(1000)
def touched(table: Table, start: int, count: int) -> list[tuple[int, Register]]:
    """The registers with a word among these addresses; a meter is asked the same for ever."""
    addresses = range(start - LONGEST_WORDS + 1, start + count)
    alone = [(at, table.registers[at]) for at in addresses if at in table.registers]
    beside = [(at, register) for at, register in table.parts if at in addresses]
    return [(at, register) for at, register in alone + beside if at + register.words > start]


@dataclass(frozen=True)
class Model:
    """A meter model: its tables by function code, and how it is spoken to.

    A request has at most `limit` registers and begins and ends at multiples of `step`. Where
    it `has_absent`, the largest number of an integer type says that there is no value. What can be
    `writable` is by function and address.
    """

    framing: Framing
    tables: dict[int, Table]
    limit: int
    step: int = 1
    low_word_first: bool = False
    has_absent: bool = False
    writable: dict[int, dict[int, Register]] = field(default_factory=dict)

    def encode(
        self, register: Register, value: Ratio | None
    ) -> tuple[bytes, int | float | Decimal | Fraction | None]:
        """The register's words as they leave the meter, and the value they tell, if any."""
        if value is None:
            data, told = register.pack(self._absent(register)), None
        else:
            data, told = register.encode(value)
        if self.low_word_first:
            data = b"".join(data[at : at + 2] for at in range(len(data) - 2, -1, -2))
        return data, told

    def _absent(self, register: Register) -> int:
        if not self.has_absent or register.code == "f":
            return 0
        bits = 16 * register.words - register.code.islower()
        return (1 << bits) - 1


def _registers(*rows: tuple[int, str, Fraction | int, str]) -> dict[int, Register]:
    registers = {}
    for address, kind, scale, quantities in rows:
        for quantity in _names(quantities):
            register = Register(quantity, _STRUCT_CODES[kind], Fraction(scale))
            registers[address] = register
            address += register.words
    return registers


def _names(quantities: str) -> list[str]:
    return [
        quantity.replace("l*", phase)
        for quantity in quantities.split()
        for phase in (PHASES if quantity.endswith("l*") else ("",))
    ]


_MILLI, _CENTI, _DECI, _KILO = Fraction(1, 1000), Fraction(1, 100), Fraction(1, 10), 1000

_EASTRON_SETTINGS = Table(
    (range(0, 30),),
    _registers(
        (0x12, "f32", 1, "setting_framing setting_address"),
        (0x1C, "f32", 1, "setting_baud"),
    ),
)
_EASTRON_ENERGY = (
    (70, "f32", 1, "frequency energy_import energy_export"),
    (76, "f32", 1, "energy_reactive_import energy_reactive_export"),
    (342, "f32", 1, "energy_total energy_reactive_total"),
)

MODELS = {
    "eastron-sdm630": Model(
        framing=Framing(9600),
        limit=80,
        step=2,
        tables={
            READ_INPUT: Table(
                (range(0, 108), range(200, 270), range(334, 382)),
                _registers(
                    *_EASTRON_ENERGY,
                    (0, "f32", 1, "voltage_l* current_l* power_active_l* power_apparent_l*"),
                    (24, "f32", 1, "power_reactive_l* power_factor_l*"),
                    (52, "f32", 1, "power_active_total"),
                    (56, "f32", 1, "power_apparent_total"),
                    (60, "f32", 1, "power_reactive_total power_factor_total"),
                    (66, "f32", 1, "phase_angle_total"),
                    (234, "f32", 1, "thd_voltage_l*"),
                    (346, "f32", 1, "energy_import_l* energy_export_l*"),
                ),
            ),
            READ_HOLDING: _EASTRON_SETTINGS,
        },
    ),
    "eastron-sdm120": Model(
        framing=Framing(2400),
        limit=80,
        step=2,
        tables={
            READ_INPUT: Table(
                (range(0, 96), range(258, 266), range(342, 346)),
                _registers(
                    *_EASTRON_ENERGY,
                    (0, "f32", 1, "voltage"),
                    (6, "f32", 1, "current"),
                    (12, "f32", 1, "power_active_total"),
                    (18, "f32", 1, "power_apparent_total"),
                    (24, "f32", 1, "power_reactive_total"),
                    (30, "f32", 1, "power_factor_total"),
                ),
            ),
            READ_HOLDING: _EASTRON_SETTINGS,
        },
    ),
    "abb-b23-b24": Model(
        framing=Framing(9600, parity="E"),
        limit=125,
        has_absent=True,
        tables={
            READ_HOLDING: Table(
                (range(0x5000, 0x5008), range(0x5460, 0x5478), range(0x5B00, 0x5B3E)),
                _registers(
                    (0x5000, "u64", _CENTI, "energy_import energy_export"),
                    (0x5460, "u64", _CENTI, "energy_import_l* energy_export_l*"),
                    (0x5B00, "u32", _DECI, "voltage_l*"),
                    (0x5B0C, "u32", _CENTI, "current_l*"),
                    (0x5B14, "s32", _CENTI, "power_active_total power_active_l*"),
                    (0x5B1C, "s32", _CENTI, "power_reactive_total"),
                    (0x5B24, "s32", _CENTI, "power_apparent_total"),
                    (0x5B2C, "u16", _CENTI, "frequency"),
                    (0x5B3A, "s16", _MILLI, "power_factor_total power_factor_l*"),
                ),
            )
        },
    ),
    "carlogavazzi-em340": Model(
        framing=Framing(9600),
        limit=50,
        low_word_first=True,
        tables=dict.fromkeys(
            (READ_INPUT, READ_HOLDING),
            Table(
                (range(0x00, 0x52),),
                _registers(
                    (0x00, "s32", _DECI, "voltage_l* voltage_l1_l2 voltage_l2_l3 voltage_l3_l1"),
                    (0x0C, "s32", _MILLI, "current_l*"),
                    (0x12, "s32", _DECI, "power_active_l* power_apparent_l* power_reactive_l*"),
                    (0x28, "s32", _DECI, "power_active_total power_apparent_total"),
                    (0x2C, "s32", _DECI, "power_reactive_total"),
                    (0x2E, "s16", _MILLI, "power_factor_l* power_factor_total"),
                    (0x33, "u16", _DECI, "frequency"),
                    (0x34, "s32", _DECI, "energy_import"),
                    (0x40, "s32", _DECI, "energy_import_l*"),
                    (0x4E, "s32", _DECI, "energy_export"),
                ),
            ),
        ),
    ),
    "schneider-iem3155-iem3255": Model(
        framing=Framing(19200, parity="E"),
        limit=125,
        tables={
            READ_HOLDING: Table(
                (range(2999, 3111), range(3203, 3227), range(3517, 3529)),
                _registers(
                    (2999, "f32", 1, "current_l*"),
                    (3009, "f32", 1, "current_avg"),
                    (3027, "f32", 1, "voltage_l*"),
                    (3035, "f32", 1, "voltage_ln_avg"),
                    (3053, "f32", _KILO, "power_active_l* power_active_total"),
                    (3067, "f32", _KILO, "power_reactive_total"),
                    (3075, "f32", _KILO, "power_apparent_total"),
                    (3109, "f32", 1, "frequency"),
                    (3203, "s64", _MILLI, "energy_import energy_export"),
                    (3219, "s64", _MILLI, "energy_reactive_import energy_reactive_export"),
                    (3517, "s64", _MILLI, "energy_import_l*"),
                ),
            )
        },
    ),
    "orno-we516-517": Model(
        framing=Framing(9600, parity="E"),
        limit=125,
        tables={
            READ_HOLDING: Table(
                (range(0x0E, 0x3C), range(0x100, 0x11A)),
                _registers(
                    (0x0E, "f32", 1, "voltage_l* frequency current_l*"),
                    (0x1C, "f32", _KILO, "power_active_total power_active_l*"),
                    (0x24, "f32", _KILO, "power_reactive_total power_reactive_l*"),
                    (0x2C, "f32", _KILO, "power_apparent_total power_apparent_l*"),
                    (0x34, "f32", 1, "power_factor_total power_factor_l*"),
                    (0x100, "f32", 1, "energy_total"),
                    (0x108, "f32", 1, "energy_import energy_import_l*"),
                    (0x110, "f32", 1, "energy_export energy_export_l*"),
                    (0x118, "f32", 1, "energy_reactive_total"),
                ),
            )
        },
    ),
}
