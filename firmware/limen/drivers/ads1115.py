"""Texas Instruments ADS1115: one of its inputs, converted once for each reading, on I2C.

Each input is a device of its own, with its own gain, scale and rate; those of one converter take
turns, because a bus is read by one task.

Source: Texas Instruments, ADS111x data sheet SBAS444 revision E (registers, 8.1).
"""

import asyncio

from limen.core.analog import Scale
from limen.core.compat import const
from limen.core.quality import BAD

_CONVERSION = const(0x00)
_CONFIG = const(0x01)
_DONE = const(0x80)
_LOW_BYTE = const(0x83)  # 128 samples a second, comparator off
_CONVERT_MS = const(9)  # the clock of the converter is off by 10 % at most
_LOOKS = const(4)
_FULL_SCALE = const(0x7FFF)


class Device:
    """`settings` has `mux` and `gain`, the fields MUX and PGA of the register Config, and the
    `line` and `limits` of `core.analog`."""

    def __init__(self, bus, settings, channels):
        self.bus = bus
        self._address = bus.select(settings)
        self._channel = channels[0]
        self._scale = Scale(settings["line"], settings["limits"])
        # Single shot; the same bit, when it is read, says that no conversion is going on.
        high = _DONE | settings["mux"] << 4 | settings["gain"] << 1 | 1
        self._start = bytes((high, _LOW_BYTE))
        self._word = bytearray(2)

    async def read(self):
        """Convert once; give the channel its value and quality."""
        channel, bus = self._channel, self.bus
        try:
            raw = await self._convert()
        except OSError:
            bus.no_answer += 1
            raw = None
        else:
            if raw is None:
                bus.bad_data += 1
            else:
                bus.ok += 1
        # The ends of the range stand for anything beyond them.
        if raw is None or raw == _FULL_SCALE or raw == -_FULL_SCALE - 1:
            channel.value = None
            channel.quality = BAD
        else:
            self._scale.read(raw, channel)

    async def _convert(self):
        """The result of one conversion; None if it does not end, or if it was not ours."""
        word = self._word
        self.bus.write(self._address, _CONFIG, self._start)
        for _ in range(_LOOKS):
            await asyncio.sleep_ms(_CONVERT_MS)
            self.bus.read_into(self._address, _CONFIG, word)
            if word[0] | _DONE != self._start[0]:
                return None
            if word[0] & _DONE:
                self.bus.read_into(self._address, _CONVERSION, word)
                return (word[0] ^ 0x80) - 0x80 << 8 | word[1]
        return None
