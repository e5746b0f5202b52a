"""Telegrams of a smart meter's P1 port, without I/O: bytes in, exact counts out.

A telegram begins with "/" and ends with "!", and neither occurs within it; so a "/" always begins
anew, and a telegram that it cuts short is counted as torn. Behind the "!" stands the CRC-16 of all
from "/" to "!" in hex digits; meters before version 4 send none. Once a meter has sent one that
was right, a telegram without it is refused, and one that never had any must be clean text.

Of each line its first 128 bytes are kept: what is longer is a message or a log and carries no
reading. No bytes raise an error, and memory is bounded: a telegram without end is counted, skipped.

A line is an OBIS code and groups in brackets. The last group is the value, with its unit behind an
asterisk; before version 4 a value may stand on a line of its own, and its unit in the group before
it. Readings of gas, water and heat meters have a time of their own in the first group.

Sources: DSMR 5.0.2 P1 Companion Standard, and 2.2, 3.0 and 4.2 of it; IEC 62056-21; IEC 62056-61.
"""

from limen.core.calendar import seconds_of
from limen.core.compat import const

OK = const(0)
BAD_CRC = const(1)
NO_CRC = const(2)  # it is missing although the meter sends one, or the text is not clean
TORN = const(3)
OVERLONG = const(4)
RESULTS = ("ok", "bad_crc", "no_crc", "torn", "overlong")

ANY_CHANNEL = const(7)
_CHANNEL_SHIFT = const(24)
_FIELD_BITS = (3, 3, 8, 8, 8)  # a code is a small integer
_SEPARATORS = b"-:.."
_CURRENT = const(255)  # other values behind the asterisk are of billing periods that are over

_BUFFER_BYTES = const(2048)
_LINE_BYTES = const(128)
_LONGEST_BYTES = const(8192)
_HUNTING, _TEXT, _ENDING = const(0), const(1), const(2)

_LF, _CR, _SPACE, _LAST_PRINTED = const(10), const(13), const(32), const(126)
_END, _OPEN, _CLOSE, _STAR = const(33), const(40), const(41), const(42)
_MINUS, _POINT, _SLASH, _ZERO = const(45), const(46), const(47), const(48)
_HEX_A_LESS_10, _HEX_A, _SUMMER = const(55), const(65), const(83)

_PREFIXES = (("k", 3), ("", 0), ("M", 6), ("G", 9))

# The CRC-16 of the polynomial x16 + x15 + x2 + 1, bits reversed, of each half byte.
_CRC_OF_HALF = (
    0x0000, 0xCC01, 0xD801, 0x1400, 0xF001, 0x3C00, 0x2800, 0xE401,
    0xA001, 0x6C00, 0x7800, 0xB401, 0x5000, 0x9C01, 0x8801, 0x4400,
)  # fmt: skip


class Framer:
    """Finds telegrams among bytes: one that is `ready` is `length` bytes of `buffer`.

    `counts` holds how often each result came, in the order of RESULTS.
    """

    def __init__(self):
        self.buffer = bytearray(_BUFFER_BYTES)
        self.counts = [0] * len(RESULTS)
        self._sends_crc = False
        self.reset()

    def reset(self):
        """Forget what has come of a telegram, as bytes behind it were lost."""
        self.ready = False
        self.length = 0
        self._state = _HUNTING

    def take(self, data, at, end):
        """Take data[at:end] up to the end of a good telegram; return where the rest begins."""
        self.ready = False
        while at < end and not self.ready:
            byte = data[at]
            at += 1
            if byte == _SLASH:
                self._begin()
            elif self._state == _TEXT:
                self._add(byte)
            elif self._state == _ENDING:
                self._end(byte)
        return at

    def _begin(self):
        if self._state != _HUNTING:
            self.counts[TORN] += 1
        self._state = _TEXT
        self.length = self._column = self._size = self._crc = 0
        self._clean = True
        self._add(_SLASH)

    def _add(self, byte):
        crc = self._crc ^ byte
        crc = crc >> 4 ^ _CRC_OF_HALF[crc & 15]
        self._crc = crc >> 4 ^ _CRC_OF_HALF[crc & 15]
        self._size += 1
        if byte == _END:
            self._state = _ENDING
            self._digits = self._told_crc = 0
        elif self.length == _BUFFER_BYTES or self._size == _LONGEST_BYTES:
            self._finish(OVERLONG)
        else:
            self._keep(byte)

    def _keep(self, byte):
        if self._column < _LINE_BYTES or byte == _LF:
            self.buffer[self.length] = byte
            self.length += 1
        self._column += 1
        if byte == _LF:
            self._column = 0
        elif not _SPACE <= byte <= _LAST_PRINTED and byte != _CR:
            self._clean = False

    def _end(self, byte):
        """Take what stands behind the "!": up to four hex digits and the end of the line."""
        digit = byte - (_HEX_A_LESS_10 if byte >= _HEX_A else _ZERO)
        if byte == _LF:
            self._finish(self._verdict())
        elif 0 <= digit <= 15 and self._digits < 4:
            self._digits += 1
            self._told_crc = self._told_crc << 4 | digit
        elif byte != _CR:
            self._finish(TORN)

    def _verdict(self):
        if self._digits:
            return OK if self._told_crc == self._crc else BAD_CRC
        return OK if self._clean and not self._sends_crc else NO_CRC

    def _finish(self, result):
        self.counts[result] += 1
        self._state = _HUNTING
        if result == OK:
            self.ready = True
            self._sends_crc = self._digits > 0


class Lines:
    """Goes through the lines of a telegram in a buffer and reads their values.

    `code` is the OBIS code of the line at hand, as `pack` gives it.
    """

    def __init__(self, buffer):
        self._buffer = buffer
        self.open(0)

    def open(self, length):
        """Begin with a telegram of `length` bytes; its first line is the meter's own name."""
        self._length = length
        self._at = 0
        self._skip_line()

    def next(self):
        """Go to the next line with a code and a value; False when there is none."""
        while self._at < self._length:
            if self._read_code() and self._read_groups():
                self._part_unit()
                return True
            self._skip_line()
        return False

    def channel(self):
        """The channel in the code: 1 to 4 are other meters behind this one, 0 is the meter."""
        return self.code >> _CHANNEL_SHIFT & ANY_CHANNEL

    def code_of_any_channel(self):
        """The code with "n" in the place of the channel."""
        return self.code | ANY_CHANNEL << _CHANNEL_SHIFT

    def count(self, spellings, places):
        """The value in counts of 10**-places of a unit; None if it has none, or no such unit.

        `spellings` of the unit are (bytes, exponent): b"Wh" is 10**-3 of the unit kWh.
        """
        for spelling, exponent in spellings:
            if self._has_unit(spelling):
                return decimal(self._buffer, self._value, self._value_end, places + exponent)
        return None

    def time(self):
        """The time in the first group, as `seconds` has it; None if it is not a time."""
        return seconds(self._buffer, self._first, self._first_end)

    def _byte(self):
        return self._buffer[self._at] if self._at < self._length else _LF

    def _pass(self, byte):
        """Pass a byte; False if it is another one."""
        if self._byte() != byte:
            return False
        self._at += 1
        return True

    def _skip_line(self):
        while not self._pass(_LF):
            self._at += 1

    def _read_code(self):
        """Read a code up to the first bracket, such as 1-0:1.8.1( or 1-0:1.8.1*255("""
        code = 0
        for field in range(5):
            bits = _FIELD_BITS[field]
            number = self._read_number()
            if not 0 <= number < 1 << bits:
                return False
            code = code << bits | number
            if field < 4 and not self._pass(_SEPARATORS[field]):
                return False
        self.code = code
        if self._pass(_STAR) and self._read_number() != _CURRENT:
            return False
        return self._byte() == _OPEN

    def _read_number(self):
        """Read up to three digits; -1 if there is none."""
        number = -1
        while number < 100:
            digit = self._byte() - _ZERO
            if not 0 <= digit <= 9:
                break
            number = max(0, number) * 10 + digit
            self._at += 1
        return number

    def _read_groups(self):
        """Read all groups, from the opening bracket on; the last one is the value."""
        self._value = self._value_end = 0
        self._first = 0
        while self._byte() == _OPEN:
            self._unit, self._unit_end = self._value, self._value_end
            self._value = self._at + 1
            while self._byte() != _CLOSE:
                if self._byte() == _LF:
                    return False
                self._at += 1
            self._value_end = self._at
            if not self._first:
                self._first, self._first_end = self._value, self._value_end
            self._at += 1
            self._join_line()
        return True

    def _join_line(self):
        """Pass the end of a line if the next one goes on with a group."""
        at = self._at + 2
        if at < self._length and self._buffer[at - 1] == _LF and self._buffer[at] == _OPEN:
            self._at = at

    def _part_unit(self):
        """Part the value from the unit behind an asterisk; without one it is the group before."""
        for at in range(self._value, self._value_end):
            if self._buffer[at] == _STAR:
                self._unit, self._unit_end = at + 1, self._value_end
                self._value_end = at
                return

    def _has_unit(self, spelling):
        if len(spelling) != self._unit_end - self._unit:
            return False
        for index in range(len(spelling)):
            if self._buffer[self._unit + index] != spelling[index]:
                return False
        return True


def pack(text):
    """The code of a line such as "1-0:1.8.1" as an integer, None if it is none.

    "n" in the place of the channel, "0-n:24.2.1", gives what `code_of_any_channel` gives.
    """
    line = b"\n" + text.replace("-n:", "-%d:" % ANY_CHANNEL).encode() + b"()"
    lines = Lines(line)
    lines.open(len(line))
    return lines.code if lines.next() else None


def spellings(unit):
    """How a telegram may write a unit of the vocabulary, as `Lines.count` takes it."""
    if unit == "m³":
        return ((b"m3", 0), (b"dm3", -3))
    base, own = unit, 0
    for prefix, exponent in _PREFIXES:
        if len(unit) > len(prefix) > 0 and unit.startswith(prefix):
            base, own = unit[len(prefix) :], exponent
    if not base:
        return ((b"", 0),)
    return tuple(((prefix + base).encode(), exponent - own) for prefix, exponent in _PREFIXES)


def decimal(buffer, start, end, exponent):
    """The number in buffer[start:end] times 10**exponent, rounded, ties away from zero.

    None if it is not a number such as 001581.123 or -5.
    """
    negative = start < end and buffer[start] == _MINUS
    if negative:
        start += 1
    if start >= end or buffer[start] == _POINT:
        return None
    count = 0
    decimals = -1  # digits behind the point; -1 is before it
    up = 0
    for at in range(start, end):
        digit = buffer[at] - _ZERO
        if buffer[at] == _POINT and decimals < 0:
            decimals = 0
        elif not 0 <= digit <= 9:
            return None
        elif decimals < 0:
            count = count * 10 + digit
        else:
            if decimals < exponent:
                count = count * 10 + digit
            elif decimals == exponent:
                up = digit >= 5
            decimals += 1
    count = _scaled(count + up, exponent, max(0, decimals))
    return -count if negative else count


def _scaled(count, exponent, decimals):
    """Put in the digits that are missing, or take out those that are too fine."""
    if exponent >= 0:
        return count * 10 ** max(0, exponent - decimals)
    step = 10**-exponent
    return (2 * count + step) // (2 * step)


def seconds(buffer, start, end):
    """Seconds since 2000 of the local winter time YYMMDDhhmmss, or of summer time with an S.

    Only differences of such times mean anything; None if it is not a time.
    """
    if not 12 <= end - start <= 13:
        return None
    for at in range(start, start + 12):
        if not 0 <= buffer[at] - _ZERO <= 9:
            return None
    hour = _pair(buffer, start + 6)
    if end - start == 13 and buffer[start + 12] == _SUMMER:
        hour -= 1
    day = _pair(buffer, start + 4)
    second = _pair(buffer, start + 8) * 60 + _pair(buffer, start + 10)
    return seconds_of(2000 + _pair(buffer, start), _pair(buffer, start + 2), day, hour, 0, second)


def _pair(buffer, at):
    return (buffer[at] - _ZERO) * 10 + buffer[at + 1] - _ZERO
