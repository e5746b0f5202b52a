"""An RS-485 line: what one port sends reaches all others, after the time its bits take.

Every character takes its exact time at the sender's framing; rounding never adds up within a
frame. A receiver with other settings samples the sender's bits with its own clock and makes of
them what a UART would. Where two ports drive the line at once, the bytes are damaged: always, and
always alike, so that a virtual run repeats. A sender does not hear itself.
"""

import asyncio
import functools
import math
import os
import termios
import tty
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from host_tools.emulation.scheduler import RealScheduler, Scheduler

_REAL_GRAIN_US = 1000
_SPEEDS = {
    getattr(termios, f"B{baud}"): baud
    for baud in (300, 600, 1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200, 230400)
}


@dataclass(frozen=True)
class Framing:
    """How a UART frames a character; `parity` is None, "E" (even) or "O" (odd).

    On an inverted line, such as that of a P1 port, all levels are the others.
    """

    baud: int
    bits: int = 8
    parity: str | None = None
    stop: int = 1
    inverted: bool = False

    def __post_init__(self):
        if self.parity not in (None, "E", "O"):
            raise ValueError(f'parity is None, "E" or "O", not {self.parity!r}')

    @functools.cached_property
    def char_bits(self) -> int:
        return 1 + self.bits + (self.parity is not None) + self.stop

    def duration_us(self, chars: int) -> int:
        """How long so many characters in a row take, rounded up to whole microseconds."""
        return -(-chars * self.char_bits * 1_000_000 // self.baud)

    def chars_in(self, duration_us: int) -> int:
        """How many whole characters fit, at least one."""
        return max(1, duration_us * self.baud // (self.char_bits * 1_000_000))

    def parity_bit(self, value: int) -> int:
        return (value.bit_count() + (self.parity == "O")) % 2

    def levels(self, value: int) -> list[int]:
        """The bits of one character as they appear on the line, start bit first."""
        data = [value >> bit & 1 for bit in range(self.bits)]
        parity = [] if self.parity is None else [self.parity_bit(value)]
        return [0, *data, *parity, *[1] * self.stop]


_FRAMINGS: dict[Framing, Framing] = {}  # one object for all ports that are set alike


def heard_as(data: bytes, sent: Framing, heard: Framing) -> bytes:
    """What a UART set to `heard` makes of characters sent back to back as `sent`.

    Characters whose parity or stop bit is wrong come out inverted: the chip does not report such
    errors, and no checksum must pass by chance.
    """
    flip = sent.inverted != heard.inverted
    levels = [level ^ flip for value in data for level in sent.levels(value)]
    stop = 1 + heard.bits + (heard.parity is not None)
    result = bytearray()
    start = _falling_edge(levels, 0)
    while start is not None:
        # The receiver looks in the middle of its own bits; here, in which of the sender's that is.
        places = [start + (2 * bit + 1) * sent.baud // (2 * heard.baud) for bit in range(stop + 1)]
        samples = [levels[at] if at < len(levels) else 1 for at in places]
        result.append(_character(samples, heard))
        start = _falling_edge(levels, places[-1] + 1)
    return bytes(result)


def _falling_edge(levels: list[int], begin: int) -> int | None:
    """Where the next start bit begins, from position `begin` on."""
    for at in range(begin, len(levels)):
        if levels[at] == 0 and (at == 0 or levels[at - 1] == 1):
            return at
    return None


def _character(samples: list[int], framing: Framing) -> int:
    value = sum(level << bit for bit, level in enumerate(samples[1 : 1 + framing.bits]))
    after = samples[1 + framing.bits :]
    right = framing.parity is None or after.pop(0) == framing.parity_bit(value)
    return value if right and after[0] else value ^ (1 << framing.bits) - 1


class _Transmission:
    """Characters on their way, back to back from `start_us`."""

    def __init__(self, port: "Port", data: bytes, start_us: int):
        self.port = port
        self.framing = port.framing
        self.data = data
        self.start_us = start_us
        self.end_us = start_us + self.framing.duration_us(len(data))
        self.done = 0

    def time_us(self, chars: int) -> int:
        """When so many of its characters are over."""
        if chars == len(self.data):
            return self.end_us
        return self.start_us + self.framing.duration_us(chars)


class Port:
    """One transceiver on the line. Make it with `Line.port`.

    `framing` may be changed at any time. While `driving` is None the transceiver switches itself;
    a board with a DE pin tells True or False: bytes sent while it is False are lost, and a port
    that goes on driving damages what others send.
    """

    def __init__(self, line: "Line", framing: Framing, on_receive: Callable[[bytes], None]):
        self.on_receive = on_receive
        self.free_us = 0
        self.framing = framing
        self._line = line
        self._driving: bool | None = None
        self._drives: list[tuple[int, float]] = []

    @property
    def framing(self) -> Framing:
        return self._framing

    @framing.setter
    def framing(self, framing: Framing) -> None:
        self._framing = _FRAMINGS.setdefault(framing, framing)

    @property
    def driving(self) -> bool | None:
        return self._driving

    @driving.setter
    def driving(self, driving: bool | None) -> None:
        now_us = self._line.scheduler.now_us
        if self._driving and not driving:
            self._drives[-1] = (self._drives[-1][0], now_us)
        elif driving and not self._driving:
            self._drives.append((now_us, math.inf))
        self._driving = driving

    def send(self, data: bytes, after_us: int = 0) -> int:
        """Put bytes on the line after a pause, behind those still leaving; returns when the last
        one is over. Who pauses so leaves nothing with the scheduler that does no more than that:
        the fewer things are to happen, the longer boards go on alone.
        """
        if data:
            self._line.transmit(self, bytes(data), self._line.scheduler.now_us + after_us)
        return self.free_us

    def close(self) -> None:
        """Leave the line; what is under way still arrives."""
        self._line.remove(self)

    def claim(self, start_us: int, end_us: int) -> None:
        """Drive the line for one transmission, if nobody says otherwise."""
        if self._driving is None:
            self._drives.append((start_us, end_us))

    def drives(self, start_us: int, end_us: int) -> bool:
        """Whether it drives the line at any time between the two."""
        for begin, end in self._drives:
            if begin < end_us and start_us < end:
                return True
        return False

    def holds(self, start_us: int, end_us: int) -> bool:
        """Whether it drives the line all the time between the two."""
        for begin, end in self._drives:
            if begin <= start_us and end_us <= end:
                return True
        return False

    def forget(self, before_us: int) -> None:
        if self._drives:
            self._drives = [drive for drive in self._drives if drive[1] > before_us]

    def hear(self, data: bytes, sent: Framing) -> None:
        heard = data if sent is self._framing else heard_as(data, sent, self._framing)
        if heard:
            self.on_receive(heard)


class Line:
    """The two wires. `distort(data) -> data` may damage what travels: the hook for noise.

    Bytes arrive in groups of about `grain_us`; None means groups of a millisecond in real time,
    and in virtual time all that was sent at once, when its last byte is over.
    """

    def __init__(self, scheduler: Scheduler, grain_us: int | None = None):
        self.scheduler = scheduler
        if grain_us is None and isinstance(scheduler, RealScheduler):
            grain_us = _REAL_GRAIN_US
        self._grain_us = grain_us
        self._ports: list[Port] = []
        self._in_flight: list[_Transmission] = []
        self.distort: Callable[[bytes], bytes] = bytes

    def port(self, framing: Framing, on_receive: Callable[[bytes], None]) -> Port:
        """Connect a transceiver; `on_receive(data)` gets what others send."""
        port = Port(self, framing, on_receive)
        self._ports.append(port)
        return port

    def remove(self, port: Port) -> None:
        if port in self._ports:
            self._ports.remove(port)

    def transmit(self, port: Port, data: bytes, start_us: int) -> None:
        sending = _Transmission(port, data, max(start_us, port.free_us))
        port.free_us = sending.end_us
        port.claim(sending.start_us, port.free_us)
        self._in_flight.append(sending)
        self._schedule(sending)

    def _schedule(self, sending: _Transmission) -> None:
        end = len(sending.data)
        if self._grain_us is not None:
            end = min(end, sending.done + sending.framing.chars_in(self._grain_us))
        self.scheduler.at(sending.time_us(end), lambda: self._deliver(sending, end))

    def _deliver(self, sending: _Transmission, end: int) -> None:
        data = self.distort(self._on_the_wire(sending, sending.done, end))
        sending.done = end
        if end < len(sending.data):
            self._schedule(sending)
        else:
            self._finish(sending)
        for port in list(self._ports):
            if port is not sending.port and data:
                port.hear(data, sending.framing)

    def _finish(self, sending: _Transmission) -> None:
        oldest_us = min([other.start_us for other in self._in_flight])
        self._in_flight.remove(sending)
        for port in self._ports:
            port.forget(oldest_us)

    def _on_the_wire(self, sending: _Transmission, begin: int, end: int) -> bytes:
        first_us, last_us = sending.time_us(begin), sending.time_us(end)
        rivals = [
            port for port in self._ports
            if port is not sending.port and port.drives(first_us, last_us)
        ]  # fmt: skip
        if not rivals and sending.port.holds(first_us, last_us):
            return sending.data[begin:end]
        times = [sending.time_us(char) for char in range(begin, end + 1)]
        wire = bytearray()
        for value, start_us, end_us in zip(sending.data[begin:end], times, times[1:], strict=False):
            if sending.port.holds(start_us, end_us):
                contended = any(port.drives(start_us, end_us) for port in rivals)
                wire.append(_damaged(value, start_us) if contended else value)
        return bytes(wire)


def _damaged(value: int, time_us: int) -> int:
    """Another byte than the one sent, the same in every run."""
    return value ^ 1 + zlib.crc32(b"%d %d" % (value, time_us)) % 255


class PtyPort:
    """A port whose user is a program at the other end of a pseudo-terminal; real time only.

    `path` is the terminal to open. With `framing` None the port follows the baud and stop bits that
    the program gives the terminal, as a USB adapter would, without parity; else it has the framing
    given here, or assigned later.
    """

    def __init__(self, line: Line, framing: Framing | None = None):
        self._loop = asyncio.get_running_loop()
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.path = os.ttyname(self._slave)
        self._follows = framing is None
        self.port = line.port(framing or _tty_framing(self._slave), self._to_program)
        self._loop.add_reader(self._master, self._from_program)

    @property
    def framing(self) -> Framing:
        return self.port.framing

    @framing.setter
    def framing(self, framing: Framing) -> None:
        self._follows = False
        self.port.framing = framing

    def close(self) -> None:
        self._loop.remove_reader(self._master)
        self.port.close()
        os.close(self._master)
        os.close(self._slave)

    def _from_program(self) -> None:
        data = os.read(self._master, 4096)
        if self._follows:
            self.port.framing = _tty_framing(self._slave)
        self.port.send(data)

    def _to_program(self, data: bytes) -> None:
        try:
            os.write(self._master, data)
        except BlockingIOError:
            pass  # nobody reads: an overrun, as in a UART


def _tty_framing(terminal: int) -> Framing:
    """The baud and stop bits that a terminal is set to; Linux keeps pseudo-terminals at 8N."""
    _, _, flags, _, speed, _, _ = termios.tcgetattr(terminal)
    return Framing(_SPEEDS.get(speed, 9600), stop=2 if flags & termios.CSTOPB else 1)
