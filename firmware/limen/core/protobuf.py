"""Writes the parts of protobuf messages into somebody's buffer; every number is an integer.

A decimal becomes the bits of the nearest double by long division, four bits a step, because the
chip's own floats are singles; a time becomes a varint from its pair of seconds and milliseconds.
Nothing here leaves the small integers for counts below 2**26. Who writes asks `room` first.
Source: protobuf.dev, Encoding; IEEE 754-2019, 3.4.
"""

from limen.core.compat import const

_FEW = const(24)
_GROUPS = const(9)  # of seven bits, before the last one of a negative number
_BIAS = const(1023)
_DIGITS = const(13)  # of four bits in the mantissa of a double

# The milliseconds from 1970 to 2000, 946684800000, in 14 low bits and the rest.
_EPOCH_LOW = const(11264)
_EPOCH_HIGH = const(57781054)
_LOW_BITS = const(14)
_LOW_MASK = const(0x3FFF)


class Writer:
    """Bytes in `buffer` from `start` up to a position that they must not pass; `at` is where the
    next one goes."""

    def __init__(self, buffer=b""):
        self.open(buffer, 0, len(buffer))

    def open(self, buffer, start, end):
        """From now on write into buffer[start:end]."""
        self.buffer = buffer
        self.start = self.at = start
        self._end = end

    def room(self):
        """Bytes that still fit."""
        return self._end - self.at

    def keep_free(self, size):
        """Leave the last `size` bytes of the room to nobody."""
        self._end -= size

    def put(self, data):
        """Write bytes as they are; few of them one by one, as a slice would take memory."""
        at = self.at
        self.at = at + len(data)
        if len(data) > _FEW:
            self.buffer[at : self.at] = data
            return
        for byte in data:
            self.buffer[at] = byte
            at += 1

    def put_varint(self, number):
        """Write an integer, as two's complement of 64 bits where it is negative."""
        buffer = self.buffer
        at = self.at
        groups = _GROUPS
        while groups and not 0 <= number < 128:
            buffer[at] = number & 127 | 128
            number >>= 7
            at += 1
            groups -= 1
        buffer[at] = number & (127 if groups else 1)
        self.at = at + 1

    def put_utc_ms(self, s, ms):
        """Write the milliseconds since 1970 of a time in seconds since 2000 and milliseconds."""
        low = (s & _LOW_MASK) * 1000 + ms + _EPOCH_LOW
        at = self.at
        self.buffer[at] = low & 127 | 128
        self.buffer[at + 1] = low >> 7 & 127 | 128
        self.at = at + 2
        self.put_varint((s >> _LOW_BITS) * 1000 + _EPOCH_HIGH + (low >> _LOW_BITS))

    def put_double(self, count, places):
        """Write the double nearest to count * 10**-places, ties to even; `places` is not below 0.

        Little-endian, eight bytes.
        """
        at = self.at
        self.at = at + 8
        if not count:
            self.buffer[at : self.at] = b"\0\0\0\0\0\0\0\0"
            return
        exponent = _BIAS if count > 0 else _BIAS + 2048
        count = abs(count)
        divisor = 10**places
        while count < divisor:
            count <<= 1
            exponent -= 1
        while count - divisor >= divisor:
            divisor <<= 1
            exponent += 1
        self._put_bits(at, exponent, count - divisor, divisor)

    def _put_bits(self, at, exponent, rest, divisor):
        """Write sign and exponent, then the mantissa: rest / divisor, which is below 1."""
        buffer = self.buffer
        place = at + 6
        buffer[at + 7] = exponent >> 4
        buffer[place] = (exponent & 15) << 4
        for index in range(_DIGITS):
            rest <<= 4
            digit = rest // divisor
            rest -= digit * divisor
            if index & 1:
                place -= 1
                buffer[place] = digit << 4
            else:
                buffer[place] |= digit
        rest <<= 1
        if rest > divisor or rest == divisor and buffer[at] & 1:
            while buffer[at] == 255:
                buffer[at] = 0
                at += 1
            buffer[at] += 1
