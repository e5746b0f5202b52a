"""Integers in as few bytes as they need: seven bits a byte, least significant group first.

The sign is folded in (0, -1, 1, -2, ... become 0, 1, 2, 3, ...), so that small negative numbers
stay short: -64 to 63 take one byte. Nothing here leaves the small integers for a value within
them.
"""


def put_number(buffer, at, value):
    """Write a value at `at`; return the position behind it."""
    sign = 0
    if value < 0:
        sign = 1
        value = -1 - value
    group = (value & 63) << 1 | sign
    value >>= 6
    while value:
        buffer[at] = group | 128
        at += 1
        group = value & 127
        value >>= 7
    buffer[at] = group
    return at + 1


class Reader:
    """Reads numbers one after another out of `buffer`; `at` is the position of the next one."""

    def number(self):
        buffer = self.buffer
        at = self.at
        group = buffer[at]
        sign = group & 1
        value = group >> 1 & 63
        shift = 6
        while group > 127:
            at += 1
            group = buffer[at]
            value |= (group & 127) << shift
            shift += 7
        self.at = at + 1
        return -1 - value if sign else value
