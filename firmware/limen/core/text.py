"""Writes text into a part of somebody's buffer, so that messages cost no heap.

Numbers are integers all the way to the last digit: a count and its decimal places become exact
decimal text. What does not fit sets `overflow` instead of raising: the writer of a batch puts a
whole record, looks once, and takes the record back with `rewind`.
"""

from limen.core.compat import const, pack_into

_PADDED = const(32)
_LONGEST_NUMBER = const(48)
_ZERO = const(48)
_MINUS = const(45)
_POINT = const(46)
_QUOTE = const(34)
_BACKSLASH = const(92)

# 946684800 s lie between 1970 and 2000; kept in two parts, as the sum of seconds since 1970
# leaves the small integers.
_EPOCH_HIGH = const(94668)
_EPOCH_LOW = const(4800)
_EPOCH_SPLIT = const(10000)


def decimal(count, places):
    """count * 10**-places in decimal, exactly; None is null."""
    if count is None:
        return "null"
    text = Text(bytearray(_LONGEST_NUMBER))
    text.put_decimal(count, places)
    return bytes(text.buffer[: text.at]).decode()


class Text:
    """Text in `buffer` up to position `end`; `at` is where the next byte goes."""

    def __init__(self, buffer=b""):
        self.open(buffer, 0, len(buffer))

    def open(self, buffer, start, end):
        """From now on write into buffer[start:end], and maybe zeros behind what is written."""
        self.buffer = buffer
        self.start = start
        self._end = end
        self.rewind(start)

    def rewind(self, at):
        """Take back what was written behind position `at`, and the overflow with it."""
        self.at = at
        self.overflow = False

    def room(self):
        """Bytes that still fit."""
        return self._end - self.at

    def put(self, data):
        """Write bytes, or a string of ASCII."""
        size = len(data)
        if self._fits(size):
            at = self.at
            self.at = at + size
            if size <= _PADDED and at + _PADDED <= len(self.buffer):
                pack_into("32s", self.buffer, at, data)  # faster than a loop, without a slice
            else:
                self.buffer[at : at + size] = data.encode() if isinstance(data, str) else data

    def put_int(self, number):
        """Write an integer in decimal."""
        if number < 0:
            self._put_byte(_MINUS)
            number = -number
        width = 1
        rest = number // 10
        while rest:
            rest //= 10
            width += 1
        self.put_padded(number, width)

    def put_padded(self, number, width):
        """Write the last `width` decimal digits of a number that is not negative."""
        if not self._fits(width):
            return
        buffer = self.buffer
        at = self.at = self.at + width
        while width:
            at -= 1
            width -= 1
            buffer[at] = _ZERO + number % 10
            number //= 10

    def put_decimal(self, count, places):
        """Write count * 10**-places exactly: (2301, 1) is 230.1, (5, -2) is 500."""
        if places <= 0:
            self.put_int(count)
            if count:
                self.put_padded(0, -places)
            return
        if count < 0:
            self._put_byte(_MINUS)
            count = -count
        one = 10**places
        self.put_int(count // one)
        self._put_byte(_POINT)
        self.put_padded(count % one, places)

    def put_utc_ms(self, s, ms):
        """Write the milliseconds since 1970 of a time in seconds since 2000 and milliseconds."""
        low = s % _EPOCH_SPLIT + _EPOCH_LOW
        self.put_int(s // _EPOCH_SPLIT + _EPOCH_HIGH + low // _EPOCH_SPLIT)
        self.put_padded(low % _EPOCH_SPLIT, 4)
        self.put_padded(ms, 3)

    def put_json_string(self, string):
        """Write a string as JSON, quotes included, in UTF-8."""
        self._put_byte(_QUOTE)
        for character in string:
            code = ord(character)
            if code in (_QUOTE, _BACKSLASH):
                self._put_byte(_BACKSLASH)
                self._put_byte(code)
            elif code < 32:
                self.put(b"\\u00")
                self._put_hex(code >> 4)
                self._put_hex(code & 15)
            else:
                self._put_code_point(code)
        self._put_byte(_QUOTE)

    def _put_code_point(self, code):
        if code < 0x80:
            self._put_byte(code)
            return
        tail = 1 if code < 0x800 else 2 if code < 0x10000 else 3
        self._put_byte(0xFF << (7 - tail) & 0xFF | code >> 6 * tail)
        while tail:
            tail -= 1
            self._put_byte(0x80 | code >> 6 * tail & 0x3F)

    def _put_hex(self, digit):
        self._put_byte(b"0123456789abcdef"[digit])

    def _put_byte(self, byte):
        if self._fits(1):
            self.buffer[self.at] = byte
            self.at += 1

    def _fits(self, size):
        # Once something did not fit nothing shorter may follow it: the text stays a prefix.
        if self.overflow or self.at + size > self._end:
            self.overflow = True
            return False
        return True
