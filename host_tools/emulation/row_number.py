"""What the numbers of a recording's rows mean, exactly.

A file has one decimal mark, which a map tells or the first number that has one. Marks between the
thousands are understood where a number cannot be read in two ways: spaces and apostrophes, a mark
beside another one (1.234,5) or one that stands twice (1.234.567). Once seen, or told by a map, that
mark stands for thousands in all numbers of the file. A first 1.234 is taken for decimals; in doubt
until another number shows that this was right, as 1.2 does, or wrong, as 1,2 does.
"""

import re
from decimal import Decimal

SPACES = " \u00a0\u2009\u202f"
THOUSANDS = ".,'\u2019" + SPACES
"""What may stand between the thousands."""

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,2})?", re.ASCII)
_GROUPED = re.compile(
    rf"[+-]?[1-9]\d{{0,2}}(?P<between>[{THOUSANDS}])\d{{3}}(?:(?P=between)\d{{3}})*"
    r"(?:(?P<mark>[.,])\d+)?",
    re.ASCII,
)


class Numbers:
    """Reads the numbers of one file. `in_doubt` is the number that may have been read wrongly."""

    def __init__(self, decimal: str | None = None, thousands: str | None = None):
        self._mark = decimal or {".": ",", ",": "."}.get(thousands)
        self._thousands = thousands
        self.in_doubt: str | None = None

    def read(self, text: str, unit: str = "") -> Decimal:
        """The number that a text is, which may repeat its unit; ValueError for none."""
        if self._mark == "." and not self.in_doubt and _NUMBER.fullmatch(text):
            return Decimal(text)
        text = self._plain(text.removesuffix(unit).rstrip())
        if not _NUMBER.fullmatch(text):
            raise ValueError(text)
        return Decimal(text)

    def hint(self, text: str, unit: str = "") -> str:
        """The end of a sentence about what is no number, where it would be one by another mark."""
        try:
            Numbers().read(text, unit)
        except ValueError:
            return ""
        other = "," if self._mark == "." else "."
        return (
            f', as the decimal mark is "{self._mark}"; if it is another, a map tells'
            f' decimal = "{other}", else thousands = "{other}"'
        )

    def _plain(self, text: str) -> str:
        """The text with a decimal point, without marks for thousands, and with a plain minus."""
        text = text.replace("\u2212", "-")
        found = _GROUPED.fullmatch(text)
        if found and self._is_grouped(found):
            between = found["between"]
            if between in ".,":
                self._thousands = between
                self._mark = "," if between == "." else "."
            text, found = text.replace(between, ""), None
        if (self._mark is None or self.in_doubt) and ("." in text) != ("," in text):
            self._see_mark(text, found is not None)
        return text.replace(".", "?").replace(",", ".") if self._mark == "," else text

    def _see_mark(self, text: str, is_in_doubt: bool) -> None:
        """Take the mark of the first number that has one; "n.a." tells none."""
        if not _NUMBER.fullmatch(text.replace(",", ".")):
            return
        mark = "," if "," in text else "."
        if self._mark is None:
            self._mark = mark
            self.in_doubt = text if is_in_doubt else None
        elif mark == self._mark and not is_in_doubt:
            self.in_doubt = None

    def _is_grouped(self, found: re.Match) -> bool:
        """Whether what stands between groups of three digits is a mark for thousands."""
        between, mark = found["between"], found["mark"]
        if between == mark or between == self._mark:
            return False
        if between == self._thousands or between not in ".,":
            return True
        return mark is not None or found[0].count(between) > 1
