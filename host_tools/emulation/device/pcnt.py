"""`esp32.PCNT` over the backplane: at its limits the counter begins at zero again."""

import struct

import frames
from ask import ask


class PCNT:
    IGNORE = 0
    INCREMENT = 1
    DECREMENT = 2
    NORMAL = 0
    REVERSE = 1
    HOLD = 2

    def __init__(self, id, **settings):
        if not 0 <= id < 8:
            raise ValueError("id")
        self._id = id
        self._max = 32767
        self._sign = 1
        self.init(**settings)

    def init(self, pin=None, rising=0, falling=0, max=32767, value=0, filter=0, min=-32768,
             channel=0):  # fmt: skip
        if not 0 <= filter <= 1023:
            raise ValueError("filter")
        self._max = max
        if pin is not None:
            levels = (1 if falling else 0) | (2 if rising else 0)
            self._sign = -1 if self.DECREMENT in (rising, falling) else 1
            ask(frames.PULSES, self._id, bytes((pin.number, levels)))

    def start(self):
        pass

    def stop(self):
        pass

    def value(self, value=None):
        count = struct.unpack("<I", ask(frames.PULSES, self._id))[0]
        return count % self._max * self._sign
