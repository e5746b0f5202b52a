"""Integers in as few bytes as they need: seven bits a byte, least significant group first.

Signed numbers are folded (0, -1, 1, -2, ... become 0, 1, 2, 3, ...) so that small negative
numbers stay short. Nothing here leaves the small integers for a value within them.
"""


def put_unsigned(buffer, at, value):
    """Write value >= 0 at `at`; return the position behind it."""
    while value > 127:
        buffer[at] = value & 127 | 128
        value >>= 7
        at += 1
    buffer[at] = value
    return at + 1


def put_signed(buffer, at, value):
    """Write a folded signed value at `at`; return the position behind it."""
    sign = 0
    if value < 0:
        sign = 1
        value = -1 - value
    first = (value & 63) << 1 | sign
    value >>= 6
    if not value:
        buffer[at] = first
        return at + 1
    buffer[at] = first | 128
    return put_unsigned(buffer, at + 1, value)


class Reader:
    """Reads varints one after another out of a buffer; `at` is the position of the next one."""

    def __init__(self, buffer):
        self.buffer = buffer
        self.at = 0

    def unsigned(self):
        value = shift = 0
        while True:
            byte = self.buffer[self.at]
            self.at += 1
            value |= (byte & 127) << shift
            if byte < 128:
                return value
            shift += 7

    def signed(self):
        first = self.buffer[self.at]
        self.at += 1
        value = first >> 1 & 63
        if first > 127:
            value |= self.unsigned() << 6
        return -1 - value if first & 1 else value
