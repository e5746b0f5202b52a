"""`machine.ADC` over the backplane: what is measured ends where the converter's range does."""

import struct

import frames
from ask import ask

# The lowest and the highest voltage that each attenuation tells from others, in microvolts.
_RANGES_UV = ((0, 1100000), (0, 1500000), (0, 2200000), (142000, 3160000))


class ADC:
    ATTN_0DB = 0
    ATTN_2_5DB = 1
    ATTN_6DB = 2
    ATTN_11DB = 3

    def __init__(self, pin, atten=0):
        self._id = pin if isinstance(pin, int) else pin.number
        if not (self._id <= 10 or 32 <= self._id < 40):  # ESP32-S3 and -C3, or ESP32
            raise ValueError("invalid pin")
        self._range = _RANGES_UV[atten]

    def read_uv(self):
        low, high = self._range
        return min(max(struct.unpack("<I", ask(frames.VOLTS, self._id))[0], low), high)

    def read_u16(self):
        return self.read_uv() * 1000 // self._range[1] * 65535 // 1000

    def read(self):
        return self.read_u16() >> 4
