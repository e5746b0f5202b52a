"""An emulated Modbus RTU energy meter on a line: it answers reads as the model's document says.

It takes a request when its length is complete, or at 3.5 characters of silence where the length is
not known; it never answers a frame with a wrong CRC or another address. Its faults can be switched
while it runs. What it serves intact is told to `on_read`, as exactly as its registers hold it: that
log is the truth to compare with.
"""

import collections
import functools
import operator
import struct
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from host_tools.emulation.completed import completed
from host_tools.emulation.held import Held
from host_tools.emulation.line import Framing, Line
from host_tools.emulation.meter_models import (
    ILLEGAL_ADDRESS,
    ILLEGAL_FUNCTION,
    ILLEGAL_VALUE,
    LONGEST_WORDS,
    MODELS,
    Model,
    Table,
    touched,
)
from host_tools.emulation.meter_writes import WRITES, Refused, written
from host_tools.emulation.quantities import QUANTITIES, is_energy
from host_tools.emulation.ratios import Ratio, Value
from host_tools.emulation.scheduler import Handle, Scheduler
from host_tools.emulation.signals import Signals, Source
from host_tools.errors import ToolError

_READ_BITS = (1, 2)
_PARITY_STOP_CODES = {(None, 1): 0, ("E", 1): 1, ("O", 1): 2, (None, 2): 3}
_BAUD_CODES = {2400: 0, 4800: 1, 9600: 2, 19200: 3, 38400: 4}


@dataclass
class Faults:
    """What is wrong with a meter; change it at any time.

    `exception` answers every request with that code; `keep_bytes` cuts the reply; `garbage` leaves
    before it; `late_ms` delays it; `echo` sends the request back first, as a two-wire adapter does.
    Its energies are too large by `lies_kwh`.
    """

    silent: bool = False
    bad_crc: bool = False
    exception: int | None = None
    keep_bytes: int | None = None
    garbage: bytes = b""
    late_ms: int = 0
    echo: bool = False
    lies_kwh: int = 0

    def clear(self) -> None:
        """Be a good meter again."""
        self.__init__()

    def spoil(self, request: bytes, reply: bytes) -> bytes:
        """What leaves the meter in place of `reply`."""
        if self.bad_crc:
            reply = reply[:-1] + bytes([reply[-1] ^ 0xFF])
        return (request if self.echo else b"") + self.garbage + reply[: self.keep_bytes]

    @property
    def value_arrives(self) -> bool:
        """Whether the registers still leave whole."""
        return not (self.bad_crc or self.exception) and self.keep_bytes is None


class Meter:
    """A slave at `address` (1 to 247) on `line`.

    `signals` gives the values, completed with what it lacks; None is a quantity that this meter
    cannot measure. `on_read(time_us, quantity, value)` is called for every quantity served.
    `counts` has requests, replies, exceptions, damaged. Its energies begin at zero again behind
    `modulus_kwh`, and whenever it is `reset_counters`.
    """

    def __init__(
        self,
        scheduler: Scheduler,
        line: Line,
        address: int,
        model: str | Model,
        signals: Signals,
        faults: Faults | None = None,
        on_read: Callable[[int, str, Fraction], None] | None = None,
        framing: Framing | None = None,
        turnaround_ms: int = 20,
    ):
        self.model = model if isinstance(model, Model) else MODELS.get(model)
        if self.model is None:
            raise ToolError(f"no emulated meter {model!r}; there are {', '.join(MODELS)}", 2)
        self.address = address
        self.faults = faults or Faults()
        self.counts: collections.Counter[str] = collections.Counter()
        self.turnaround_ms = turnaround_ms
        self.modulus_kwh: Value | None = None
        self._zeros: dict[str, Value] = {}
        self._sources: dict[str | None, Source] = {
            None: lambda time_us: None,
            "setting_framing": lambda time_us: (
                _PARITY_STOP_CODES.get((self.framing.parity, self.framing.stop), 0),
                1,
            ),
            "setting_address": lambda time_us: (self.address, 1),
            "setting_baud": lambda time_us: (_BAUD_CODES.get(self.framing.baud, 2), 1),
        }
        self._signals = completed(signals)
        if self.model.writable and not isinstance(self._signals, Held):
            self._signals = Held(self._signals)
        self._on_read = on_read
        self._scheduler = scheduler
        framing = framing or self.model.framing
        self._port = line.port(framing, self._receive)
        self.framing = framing
        self._silence: Handle | None = None
        self._silent_us = 0
        self._frame = bytearray()
        self._is_taken = False

    @property
    def framing(self) -> Framing:
        return self._port.framing

    @framing.setter
    def framing(self, framing: Framing) -> None:
        self._port.framing = framing
        self._silence_us = silence_us(framing)

    def close(self) -> None:
        """Leave the line."""
        if self._silence:
            self._await_nothing()
        self._port.close()

    def knows(self, quantity: str) -> bool:
        """Whether anything is known of what really flows, or else the meter tells nothing of it."""
        return self._signals.knows(quantity)

    def measured(self, quantity: str) -> Value:
        """What really flows, or has flowed, whatever the meter makes of it."""
        return self._signals.value(quantity, self._scheduler.now_us)

    def reset_counters(self) -> None:
        """Let the energies begin at zero, as a meter that was exchanged or has lost its memory."""
        self._zeros = {name: self.measured(name) for name in QUANTITIES if is_energy(name)}

    def _receive(self, data: bytes) -> None:
        """The silence behind a frame is waited for only where that frame may still be a request;
        behind others it is seen when the next one comes. Where it is waited for, bytes that a busy
        machine hands over late come before its end."""
        now_us = self._scheduler.now_us
        if not self._silence and now_us >= self._silent_us:
            self._end_of_frame()
        self._silent_us = now_us + self._silence_us
        if self._is_taken:
            return
        self._frame += data
        if self._silence:
            self._await_nothing()
        if self._frame[0] != self.address:
            self._is_taken = True
        elif len(self._frame) == request_length(self._frame):
            self._is_taken = True
            self._take(bytes(self._frame))
        else:
            self._silence = self._scheduler.at(self._silent_us, self._end_of_frame)

    def _await_nothing(self) -> None:
        self._silence.cancel()
        self._silence = None

    def _end_of_frame(self) -> None:
        if self._silence:
            self._await_nothing()
        frame, is_taken = self._frame, self._is_taken
        if frame:
            self._frame, self._is_taken = bytearray(), False
            if not is_taken:
                self._take(bytes(frame))

    def _take(self, frame: bytes) -> None:
        if len(frame) < 4 or len(frame) != (request_length(frame) or len(frame)) or crc16(frame):
            self.counts["damaged"] += 1
            return
        self.counts["requests"] += 1
        if not self.faults.silent:
            reply = self.faults.spoil(frame, with_crc(frame[:1] + self._answer(frame[1:-2])))
            delay_us = max(self.turnaround_ms * 1000, self._silence_us)
            delay_us += self.faults.late_ms * 1000
            self._port.send(reply, delay_us)

    def _answer(self, request: bytes) -> bytes:
        code = self.faults.exception or self._refusal(request)
        if code:
            self.counts["exceptions"] += 1
            return bytes((request[0] | 0x80, code))
        self.counts["replies"] += 1
        if request[0] in WRITES:
            return request[:5]
        start, count = struct.unpack(">HH", request[1:])
        data = self._read(self.model.tables[request[0]], start, count)
        if request[0] in _READ_BITS:
            data = _bits(data)
        return bytes((request[0], len(data))) + data

    def _refusal(self, request: bytes) -> int | None:
        """The exception code that the request earns, if any."""
        if request[0] in WRITES:
            return self._write(request)
        table = self.model.tables.get(request[0])
        if table is None:
            return ILLEGAL_FUNCTION
        start, count = struct.unpack(">HH", request[1:])
        if not 1 <= count <= self.model.limit:
            return ILLEGAL_VALUE
        inside = any(start in block and start + count - 1 in block for block in table.blocks)
        whole = start % self.model.step == 0 and count % self.model.step == 0
        return None if inside and whole else ILLEGAL_ADDRESS

    def _write(self, request: bytes) -> int | None:
        """Hold from now on what a request says, or return the exception code that it earns."""
        try:
            values = written(self.model, request)
        except Refused as refused:
            return refused.code
        self._signals.values.update(values)
        return None

    def _read(self, table: Table, start: int, count: int) -> bytes:
        """What these addresses hold; of a value that is cut, the words that lie within."""
        now_us = self._scheduler.now_us
        tell = self._on_read if self.faults.value_arrives else None
        first = start - LONGEST_WORDS + 1
        data = bytearray(2 * (count + 2 * LONGEST_WORDS))
        for address, register in touched(table, start, count):
            quantity = register.quantity
            source = self._sources.get(quantity) or self._find(quantity)
            words, told = self.model.encode(register, source(now_us))
            if tell and told is not None:
                tell(now_us, quantity, told)
            at = 2 * (address - first)
            if table.parts:  # of one register, each has zeros where the others are
                words = bytes(map(operator.or_, words, data[at:]))
            data[at : at + len(words)] = words
        begin = 2 * (start - first)
        return bytes(data[begin : begin + 2 * count])

    def _find(self, quantity: str) -> Source:
        source = self._signals.source(quantity)
        if is_energy(quantity):
            source = functools.partial(self._shown, quantity, source)
        self._sources[quantity] = source
        return source

    def _shown(self, quantity: str, source: Source, time_us: int) -> Ratio | None:
        """What the meter makes of an energy."""
        value = source(time_us)
        if value is None or not (self._zeros or self.modulus_kwh or self.faults.lies_kwh):
            return value
        shown = Fraction(*value) - self._zeros.get(quantity, 0)
        if self.modulus_kwh:
            shown %= self.modulus_kwh
        return (shown + self.faults.lies_kwh).as_integer_ratio()


def _bits(words: bytes) -> bytes:
    """A bit for each word, the first one the lowest of its byte."""
    bits = sum(1 << at for at, low in enumerate(words[1::2]) if low)
    return bits.to_bytes((len(words) // 2 + 7) // 8, "little")


def silence_us(framing: Framing) -> int:
    """The silence that ends a frame: 3.5 characters, above 19200 baud 1750 µs.

    Source: MODBUS over Serial Line V1.02, 2.5.1.1.
    """
    if framing.baud > 19200:
        return 1750
    return (framing.duration_us(7) + 1) // 2


def request_length(frame: bytes) -> int | None:
    """How long a request is, CRC included; None where only the silence after it tells."""
    if len(frame) > 1 and 1 <= frame[1] <= 6:
        return 8
    if len(frame) > 6 and frame[1] in (15, 16):
        return 9 + frame[6]
    return None


def _crc_of_byte(value: int) -> int:
    for _ in range(8):
        value = value >> 1 ^ (0xA001 if value & 1 else 0)
    return value


_CRC_TABLE = [_crc_of_byte(value) for value in range(256)]


def crc16(data: bytes) -> int:
    """CRC-16/MODBUS; 0 over a frame that ends with its own CRC."""
    crc = 0xFFFF
    for value in data:
        crc = crc >> 8 ^ _CRC_TABLE[(crc ^ value) & 0xFF]
    return crc


def with_crc(frame: bytes) -> bytes:
    return frame + crc16(frame).to_bytes(2, "little")
