"""Turns registers into integer counts of a channel's resolution, exactly.

count = raw * numerator / denominator, rounded once, to the nearest integer, ties away from zero.
No float is made: plain integers are here; what else registers hold is decoded in modules of its
own, because code is heap: floats from their bits, BCD, four-quadrant power factors, and numbers
derived with an offset, an exponent or a part of the bits. A pattern that a device uses for "no
value" (a sentinel), a NaN and an infinity give None. A number has no state: channels share it.
"""


def number(kind, order, numerator, denominator, rest=()):
    """Return the decoder of a kind of registers: u16, s16 ... u64, s64 in whole words, f32, f64,
    bcd16 ... bcd64, pf32 (a four-quadrant power factor), or one of them with a * behind: derived;
    and of "bit", which functions 1 and 2 read.

    `order` places the bytes on the wire: ABCD is most significant byte first, CDAB least
    significant word first; BADC and DCBA are these two with the bytes of each word swapped.
    `rest` are sentinels, bit patterns as data sheets print them: 0x8000, not -32768; a derived
    number has its own fields before them.
    """
    if kind[-1] == "*":
        from limen.core.derived import derived

        return derived(kind[:-1], order, numerator, denominator, rest)
    if kind == "bit":
        return Bit()
    coding, words = kind[:-2], int(kind[-2:]) // 16
    if len(coding) > 1 or coding == "f":
        return _coded(coding, words)(words, order, numerator, denominator, rest)
    return Integer(words, order, numerator, denominator, rest, coding == "s")


def _coded(coding, words):
    """Return the class for registers that hold no plain integer."""
    if coding == "bcd":
        from limen.core.bcd import Bcd as number_class
    elif coding == "pf":
        from limen.core.quadrants import PowerFactor as number_class
    elif words == 2:
        from limen.core.floats import Float32 as number_class
    else:
        from limen.core.floats import Float64 as number_class
    return number_class


def rounded(numerator, denominator):
    """Return numerator / denominator as the nearest integer, ties away from zero."""
    if numerator < 0:
        return -nearest(-numerator, 0, denominator)
    return nearest(numerator, 0, denominator)


def nearest(whole, half, denominator):
    """Return (whole + half / 2 + something under 1 / 2) / denominator, rounded; ties go up.

    `whole` is not negative, `half` is 0 or 1. Nothing here is larger than `whole` or twice the
    denominator, so small integers stay small.
    """
    quotient = whole // denominator
    rest = whole - quotient * denominator
    return quotient + (2 * rest + half >= denominator)


class Bit:
    """One bit of a reply to function 1 or 2; it takes the place of a register there."""

    words = 1

    def decode(self, buffer, offset):
        """Return the bit at `offset`, counted in bits from the beginning of the buffer."""
        return buffer[offset >> 3] >> (offset & 7) & 1


class Number:
    """What all numbers have: `words` registers in some order, a scale, sentinels."""

    def __init__(self, words, order, numerator, denominator, sentinels):
        self.words = words
        self.numerator = numerator
        self.denominator = denominator
        self.sentinels = sentinels
        self._step = 2
        self._first = 0
        self._low = 1
        if order in ("CDAB", "DCBA"):
            self._step = -2
            self._first = 2 * words - 2
        if order in ("BADC", "DCBA"):
            self._first += 1
            self._low = -1

    def word(self, buffer, offset, index):
        """Register `index`, 0 is the most significant, of the number that begins at `offset`."""
        at = offset + self._first + index * self._step
        return buffer[at] << 8 | buffer[at + self._low]

    def extend(self, value, buffer, offset):
        """Append the registers behind the first one to `value`."""
        index = 1
        while index < self.words:
            value = value << 16 | self.word(buffer, offset, index)
            index += 1
        return value


class Integer(Number):
    """An integer; two's complement if `signed`."""

    def __init__(self, words, order, numerator, denominator, sentinels, signed):
        self._sign = 0x8000 if signed else 0
        if signed:
            limit = 1 << 16 * words
            sentinels = tuple(s - limit if s * 2 >= limit else s for s in sentinels)
        super().__init__(words, order, numerator, denominator, sentinels)

    def raw(self, buffer, offset):
        """Return the integer that begins at `offset`, or None: there is no value."""
        first = self.word(buffer, offset, 0)
        # The sign goes into the first word, so that small negative numbers stay small integers.
        value = self.extend(first - 2 * (first & self._sign), buffer, offset)
        return None if value in self.sentinels else value

    def decode(self, buffer, offset):
        """Return the count of the number that begins at `offset`, or None: there is no value."""
        value = self.raw(buffer, offset)
        return None if value is None else rounded(value * self.numerator, self.denominator)
