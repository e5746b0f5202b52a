"""An emulated Modbus RTU energy meter on a line: it answers reads as the model's document says.

It takes a request when its length is complete, or at 3.5 characters of silence where the length is
not known; it never answers a frame with a wrong CRC or another address. Its faults can be switched
while it runs. What it serves intact is told to `on_read` with the source's exact value, which the
float32 on the wire only approximates: that log is the truth to compare with.

Registers: "Eastron SDM630Modbus Smart Meter Modbus Protocol Implementation V1.8" and "Eastron
SDM120 Modbus Protocol Implementation", input and holding register tables; addresses as on the wire.
"""

import collections
import struct
from collections.abc import Callable
from dataclasses import dataclass

from host_tools.emulation.line import Framing, Line
from host_tools.emulation.scheduler import Scheduler
from host_tools.emulation.signals import Completed, Signals, Value
from host_tools.errors import ToolError

READ_HOLDING, READ_INPUT = 3, 4
ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE = 1, 2, 3


@dataclass(frozen=True)
class Model:
    """A meter model: which input registers exist, and which quantity begins at which address.

    Every value is a big-endian float32 in two registers. What a block holds beside them reads 0.
    """

    framing: Framing
    blocks: tuple[range, ...]
    inputs: dict[int, str]
    limit: int = 80


_COMMON = {
    70: "frequency",
    72: "energy_import",
    74: "energy_export",
    76: "energy_reactive_import",
    78: "energy_reactive_export",
    342: "energy_total",
    344: "energy_reactive_total",
}
_PER_PHASE = {
    0: "voltage",
    6: "current",
    12: "power_active",
    18: "power_apparent",
    24: "power_reactive",
    30: "power_factor",
    234: "thd_voltage",
    346: "energy_import",
    352: "energy_export",
}

MODELS = {
    "eastron-sdm630": Model(
        framing=Framing(9600),
        blocks=(range(0, 108), range(200, 270), range(334, 382)),
        inputs=_COMMON
        | {
            first + 2 * phase: f"{stem}_l{phase + 1}"
            for first, stem in _PER_PHASE.items()
            for phase in range(3)
        }
        | {
            52: "power_active_total",
            56: "power_apparent_total",
            60: "power_reactive_total",
            62: "power_factor_total",
            66: "phase_angle_total",
        },
    ),
    "eastron-sdm120": Model(
        framing=Framing(2400),
        blocks=(range(0, 96), range(258, 266), range(342, 346)),
        inputs=_COMMON
        | {
            0: "voltage",
            6: "current",
            12: "power_active_total",
            18: "power_apparent_total",
            24: "power_reactive_total",
            30: "power_factor_total",
        },
    ),
}

_HOLDING_BLOCK = range(0, 30)
_PARITY_STOP_CODES = {(None, 1): 0, ("E", 1): 1, ("O", 1): 2, (None, 2): 3}
_BAUD_CODES = {2400: 0, 4800: 1, 9600: 2, 19200: 3, 38400: 4}


@dataclass
class Faults:
    """What is wrong with a meter; change it at any time.

    `exception` answers every request with that code; `keep_bytes` cuts the reply; `garbage` leaves
    before it; `late_ms` delays it; `echo` sends the request back first, as a two-wire adapter does.
    """

    silent: bool = False
    bad_crc: bool = False
    exception: int | None = None
    keep_bytes: int | None = None
    garbage: bytes = b""
    late_ms: int = 0
    echo: bool = False

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

    `signals` gives the values, completed with what it lacks; `on_read(time_us, quantity, value)`
    is called for every quantity served. `counts` has requests, replies, exceptions, damaged.
    """

    def __init__(
        self,
        scheduler: Scheduler,
        line: Line,
        address: int,
        model: str,
        signals: Signals,
        faults: Faults | None = None,
        on_read: Callable[[int, str, Value], None] | None = None,
        framing: Framing | None = None,
        turnaround_ms: int = 20,
    ):
        if model not in MODELS:
            raise ToolError(f"no emulated meter {model!r}; there are {', '.join(MODELS)}", 2)
        self.model = MODELS[model]
        self.address = address
        self.faults = faults or Faults()
        self.counts: collections.Counter[str] = collections.Counter()
        self.turnaround_ms = turnaround_ms
        self._signals = signals if isinstance(signals, Completed) else Completed(signals)
        self._on_read = on_read
        self._scheduler = scheduler
        self._port = line.port(framing or self.model.framing, self._receive)
        self._silence = scheduler.after(0, self._end_of_frame)
        self._frame = bytearray()
        self._taken = False

    @property
    def framing(self) -> Framing:
        return self._port.framing

    @framing.setter
    def framing(self, framing: Framing) -> None:
        self._port.framing = framing

    def close(self) -> None:
        """Leave the line."""
        self._silence.cancel()
        self._port.close()

    def _receive(self, data: bytes) -> None:
        self._frame += data
        self._silence.cancel()
        self._silence = self._scheduler.after(silence_us(self.framing), self._end_of_frame)
        if not self._taken and len(self._frame) == request_length(self._frame):
            self._taken = True
            self._take(bytes(self._frame))

    def _end_of_frame(self) -> None:
        frame, taken = bytes(self._frame), self._taken
        self._frame, self._taken = bytearray(), False
        if not taken:
            self._take(frame)

    def _take(self, frame: bytes) -> None:
        if not frame or frame[0] != self.address:
            return
        if len(frame) < 4 or len(frame) != (request_length(frame) or len(frame)) or crc16(frame):
            self.counts["damaged"] += 1
            return
        self.counts["requests"] += 1
        if not self.faults.silent:
            reply = self.faults.spoil(frame, with_crc(frame[:1] + self._answer(frame[1:-2])))
            delay_us = max(self.turnaround_ms * 1000, silence_us(self.framing))
            delay_us += self.faults.late_ms * 1000
            self._scheduler.after(delay_us, lambda: self._port.send(reply))

    def _answer(self, request: bytes) -> bytes:
        code = self.faults.exception or self._refusal(request)
        if code:
            self.counts["exceptions"] += 1
            return bytes((request[0] | 0x80, code))
        self.counts["replies"] += 1
        start, count = struct.unpack(">HH", request[1:])
        read = self._read_input if request[0] == READ_INPUT else self._read_holding
        values = b"".join(struct.pack(">f", read(at)) for at in range(start, start + count, 2))
        return bytes((request[0], len(values))) + values

    def _refusal(self, request: bytes) -> int | None:
        """The exception code that the request earns, if any."""
        if request[0] not in (READ_INPUT, READ_HOLDING):
            return ILLEGAL_FUNCTION
        start, count = struct.unpack(">HH", request[1:])
        if not 1 <= count <= self.model.limit:
            return ILLEGAL_VALUE
        blocks = self.model.blocks if request[0] == READ_INPUT else (_HOLDING_BLOCK,)
        inside = any(start in block and start + count - 1 in block for block in blocks)
        whole = start % 2 == 0 and count % 2 == 0  # part of a float32 is an illegal address
        return None if inside and whole else ILLEGAL_ADDRESS

    def _read_input(self, address: int) -> float:
        quantity = self.model.inputs.get(address)
        if quantity is None:
            return 0.0
        now_us = self._scheduler.now_us
        value = self._signals.value(quantity, now_us)
        if self._on_read and self.faults.value_arrives:
            self._on_read(now_us, quantity, value)
        return float(value)

    def _read_holding(self, address: int) -> float:
        framing = self.framing
        settings = {
            0x12: _PARITY_STOP_CODES.get((framing.parity, framing.stop), 0),
            0x14: self.address,
            0x1C: _BAUD_CODES.get(framing.baud, 2),
        }
        return float(settings.get(address, 0))


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
