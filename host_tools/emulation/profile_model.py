"""A meter that holds what the configuration reads from it, for models that have no table here.

Where `meter_models` has a table from a model's own documents, that is taken. For any other model, a
plant's own profile included, this shows what a configuration makes of data; that the profile is
right it does not show, as such a meter has every mistake that the profile has.

All addresses exist, and hold 0 where no channel reads. Several channels may be bits of one
register. What the site allows to be written is held from then on. A value that nothing is known
about is the first of the register's sentinels, or 0.
"""

import struct
from dataclasses import dataclass
from fractions import Fraction

from host_tools.emulation.line import Framing
from host_tools.emulation.meter_models import Model, Table
from host_tools.emulation.ratios import Ratio, nearest
from limen.core.sunspec import BASES, COMMON, MARK

_ADDRESSES = 0x10000
_COMMON_REGISTERS = 66
_MODEL_REGISTERS = 124
"""As many as the longest of those that there are profiles of, 211 to 214."""
_MOST_PLACES = 2
_EXPONENT_AT = 8
_FLOATS = {"f32": ">f", "pf32": ">f", "f64": ">d"}


@dataclass(frozen=True)
class ProfileRegister:
    """A number in words of an order: value = (raw * scale) + offset, raw above `low` lower bits,
    and `width` bits wide where others share the register; 0 where it is alone.
    """

    quantity: str
    kind: str
    order: str
    scale: Fraction
    offset: Fraction
    low: int
    width: int
    sentinels: tuple[int, ...]

    @property
    def words(self) -> int:
        return 1 if self.kind == "bit" else int(self.kind.lstrip("usfpbcd")) // 16

    def encode(self, value: Ratio | None) -> tuple[bytes, Fraction | None]:
        """The words, and the value that they tell, if any."""
        if value is None and self.sentinels:
            return self._ordered(self.sentinels[0]), None
        raw = 0 if value is None else (Fraction(*value) - self.offset) / self.scale
        if self.kind in _FLOATS:
            data = struct.pack(_FLOATS[self.kind], raw)
            told = Fraction(struct.unpack(_FLOATS[self.kind], data)[0])
            pattern = int.from_bytes(data)
        else:
            told = self._within(nearest(*raw.as_integer_ratio()))
            pattern = int(str(told), 16) if self.kind.startswith("bcd") else told << self.low
            pattern %= 1 << 16 * self.words
        says_none = pattern in self.sentinels
        return self._ordered(pattern), None if says_none else told * self.scale + self.offset

    def _within(self, raw: int) -> int:
        """A number that is too large or too small for the register stops at its end."""
        bits = 1 if self.kind == "bit" else self.width or 16 * self.words
        if self.kind.startswith("bcd"):
            return min(max(raw, 0), 10 ** (bits // 4) - 1)
        if self.kind.startswith("s"):
            return min(max(raw, -(1 << bits - 1)), (1 << bits - 1) - 1)
        return min(max(raw, 0), (1 << bits) - 1)

    def decode(self, words: bytes) -> Fraction | None:
        """The value that words tell, as `encode` has them; None where they tell none."""
        pattern = int.from_bytes(self._ordered(int.from_bytes(words)))
        if pattern in self.sentinels:
            return None
        if self.kind in _FLOATS:
            (raw,) = struct.unpack(_FLOATS[self.kind], pattern.to_bytes(2 * self.words))
        elif self.kind.startswith("bcd"):
            raw = int(f"{pattern:x}")
        else:
            bits = 16 * self.words
            raw = pattern - (1 << bits) * (self.kind.startswith("s") and pattern >> bits - 1)
        return Fraction(raw) * self.scale + self.offset

    def _ordered(self, pattern: int) -> bytes:
        data = pattern.to_bytes(2 * self.words)
        words = [data[at : at + 2] for at in range(0, len(data), 2)]
        if self.order in ("BADC", "DCBA"):
            words = [word[::-1] for word in words]
        return b"".join(words[::-1] if self.order in ("CDAB", "DCBA") else words)


@dataclass(frozen=True)
class Word:
    """A register that always holds the same."""

    content: int
    quantity: None = None
    words: int = 1

    def encode(self, value: Ratio | None) -> tuple[bytes, None]:
        return (self.content & 0xFFFF).to_bytes(2), None


class ProfileModel(Model):
    """A model whose registers know how they are encoded."""

    def encode(self, register, value):
        return register.encode(value)


def profile_model(device: dict) -> ProfileModel:
    """The model of a device of a configuration."""
    tables: dict[int, dict] = {}
    base = 0
    if "sunspec" in device:
        base = BASES[0] + len(MARK) // 2 + 2 + _COMMON_REGISTERS
        tables[device["fc"]] = _sunspec_chain(device["sunspec"][0])
    for channel in sorted(device["channel"], key=lambda one: -one["places"]):
        registers = tables.setdefault(channel.get("fc", device["fc"]), {})
        _add_exponent(registers, base, channel["register"], channel["places"])
    parts: dict[int, list[tuple[int, ProfileRegister]]] = {function: [] for function in tables}
    writable: dict[int, dict[int, ProfileRegister]] = {}
    for channel in device["channel"]:
        function = channel.get("fc", device["fc"])
        address, register = _register_of(tables[function], base, channel)
        if isinstance(tables[function].get(address), ProfileRegister):
            parts[function].append((address, register))
        else:
            tables[function][address] = register
        if "write" in channel:
            writable.setdefault(channel["write"][0], {})[address] = register
    everywhere = (range(_ADDRESSES),)
    return ProfileModel(
        framing=Framing(9600),
        limit=device["max_registers"],
        tables={
            function: Table(everywhere, registers, tuple(parts[function]))
            for function, registers in tables.items()
        },
        writable=writable,
    )


def _add_exponent(registers: dict, base: int, register: list, places: int) -> None:
    """The exponent of ten of a register that has one; whoever shares it has the same."""
    if register[1].endswith("*") and register[_EXPONENT_AT] >= 0:
        exponent = max(-places, -_MOST_PLACES)
        registers[base + register[0] + register[_EXPONENT_AT]] = Word(exponent)


def _register_of(registers: dict, base: int, channel: dict) -> tuple[int, ProfileRegister]:
    """(address, register) of a channel, among registers that have the exponents already."""
    address, kind, order, numerator, denominator, *sentinels = channel["register"]
    step = Fraction(10) ** -channel["places"]
    scale = Fraction(numerator, denominator) * step
    offset, low, width = Fraction(0), 0, 0
    if kind.endswith("*"):
        offset, _, at, exponent_at, low, width, *sentinels = sentinels
        offset *= step / denominator
        kind = kind[:-1]
        if exponent_at >= 0:
            scale *= Fraction(10) ** registers[base + address + exponent_at].content
        address += at
    return base + address, ProfileRegister(
        channel["name"], kind, order, scale, Fraction(offset), low, width, tuple(sentinels)
    )


def _sunspec_chain(model: int) -> dict[int, Word]:
    """The mark, the common model, the header of the model, and the end of the chain."""
    content = [*struct.unpack(">HH", MARK), COMMON, _COMMON_REGISTERS]
    content += [0] * _COMMON_REGISTERS + [model, _MODEL_REGISTERS]
    content += [0] * _MODEL_REGISTERS + [0xFFFF, 0]
    return {BASES[0] + at: Word(word) for at, word in enumerate(content) if word}
