"""What the emulated accelerometers share: a motion, sampled into a FIFO, on I2C or SPI.

A sample is what the motion is at its own instant, counted from when the FIFO was switched on.
"""

from collections.abc import Callable
from fractions import Fraction

from host_tools.emulation.parts import RegisterPart

Motion = Callable[[int], tuple[float, float, float]]
DEPTH = 32


def at_rest(now_us: int) -> tuple[float, float, float]:
    """Lying flat on a bench: 1 g upwards."""
    return 0, 0, 1


class Accelerometer(RegisterPart):
    """`motion(µs)` gives the acceleration of the three axes in g."""

    def __init__(self, scheduler, motion: Motion = at_rest):
        super().__init__(scheduler)
        self.motion = motion
        self.memory = bytearray(64)
        self._filling_us: int | None = None
        self._taken = 0
        self._streams = False

    # A part of a kind says these.

    def rate_hz(self) -> Fraction | int:
        raise NotImplementedError

    def raw(self, g: float) -> int:
        """The 16 bits that stand for an acceleration, as a signed number."""
        raise NotImplementedError

    # The FIFO.

    def begin_filling(self, *, streams: bool = False) -> None:
        """Take samples until the FIFO is full, or, as a stream, forget the oldest then."""
        self._filling_us = self.now_us
        self._streams = streams
        self._taken = 0

    def stop_filling(self) -> None:
        self._filling_us = None

    def stored(self) -> int:
        """How many samples wait."""
        rate = self.rate_hz()
        if self._filling_us is None or not rate:
            return 0
        passed = (self.now_us - self._filling_us) * rate.numerator
        taken_since = passed // (1_000_000 * rate.denominator)
        if self._streams:
            self._taken = max(self._taken, taken_since - DEPTH)
            return taken_since - self._taken
        return min(taken_since, DEPTH) - self._taken

    def sample(self) -> bytes:
        """The oldest sample that waits, else the newest one."""
        time_us = self.now_us
        if self.stored():
            self._taken += 1
            rate = self.rate_hz()
            passed_us = self._taken * 1_000_000 * rate.denominator // rate.numerator
            time_us = self._filling_us + passed_us
        return b"".join(
            self.raw(g).to_bytes(2, "little", signed=True) for g in self.motion(time_us)
        )

    # SPI: the first byte names the register, and says whether to read and whether to go on.

    def transfer(self, head: int, data: bytes) -> bytes:
        """What comes back while `data` goes out behind the first byte."""
        register = head & 0x3F
        goes_on = bool(head & 0x40)
        if head & 0x80:
            return self.registers(register, len(data), goes_on)
        self.on_write(register, data)
        return bytes(len(data))

    def registers(self, register: int, size: int, goes_on: bool) -> bytes:
        raise NotImplementedError
