"""What the cells of a row mean: its time, and its numbers in base units."""

from decimal import Decimal

from host_tools.emulation.column_map import ColumnMap
from host_tools.emulation.recording_problems import BadRow, Problems
from host_tools.emulation.row_number import Numbers
from host_tools.emulation.row_order import BACK, LATE, TWICE, RowOrder

TWO_WAYS = "two ways"
"""The kind of a number that shows that numbers before were read wrongly."""

_MOST_PLACES = 9
_MOST_SHOWN = 80
_STATES = {"true": Decimal(1), "on": Decimal(1), "false": Decimal(0), "off": Decimal(0)}
"""How contacts are written, beside 1 and 0."""

_MAY_BE_SET_BACK = (
    "; if clocks were put back here, name the zone, as `time [Europe/Berlin]`;"
    " else sort the file by its times"
)
_TOLD = {
    LATE: ("late row", "the row of {} comes after later ones; it is put in its place"),
    BACK: ("time goes back", "the time {} lies behind those of rows before" + _MAY_BE_SET_BACK),
    TWICE: ("time twice", "the time {} is that of a row before"),
}
"""What is odd about a time → (the kind of problem, what is told)."""


class RowReader:
    """Reads cells, in the order of `layout.headings`, and gives rows to `order`.

    An empty cell is None; that a row is of no use is told to `problems`.
    """

    def __init__(self, layout: ColumnMap, order: RowOrder, problems: Problems):
        self._layout = layout
        self._order = order
        self._problems = problems
        self._numbers = Numbers(layout.decimal, layout.thousands)
        self._times = len(layout.time)
        self._columns = list(layout.columns.items())
        self._row = -1

    def read(self, line: int, cells: list[str]) -> None:
        self._row += 1
        try:
            time_us = self._time_us(cells)
            values = [
                self.number(name, column, cell)
                for (name, column), cell in zip(self._columns, cells[self._times :], strict=True)
            ]
        except BadRow as bad:
            self._problems.skip(line, *bad.args)
            return
        odd = self._order.take(time_us, values, line)
        if odd is not None:
            self._tell(odd, line, self.time_text(cells))

    def time_of(self, row: tuple[int, list[str]]) -> int | None:
        """The time of a row, whatever its order; None where it has none."""
        try:
            return self.time_after(self.time_text(row[1]), -(2**63))
        except BadRow:
            return None

    def place(self, time_us: int, values: list, line: int, text: str) -> None:
        """Give on a row that is read already, and whose time is written as `text`."""
        odd = self._order.take(time_us, values, line)
        if odd is not None:
            self._tell(odd, line, text)

    def _tell(self, odd: str, line: int, text: str) -> None:
        kind, told = _TOLD[odd]
        tell = self._problems.note if odd is LATE else self._problems.skip
        tell(line, kind, told.format(text))

    def time_text(self, cells: list[str]) -> str:
        return " ".join(cell.strip() for cell in cells[: self._times]).strip()

    def _time_us(self, cells: list[str]) -> int:
        layout = self._layout
        if layout.step_us:
            return layout.start_us + self._row * layout.step_us
        return self.time_after(self.time_text(cells), self._order.last_us)

    def time_after(self, text: str, after_us: int) -> int:
        """The time that a text is, after another one; BadRow where it is none."""
        form = self._layout.time_form
        try:
            found = form.time_us(text, after_us)
        except ValueError:
            hint = form.hint(text, "date" if self._times > 1 else "time")
            raise BadRow("no time", f"{_shown(text)} is not a time{hint}") from None
        if found is None:
            raise BadRow("no such time", f"in {form.timezone} the clocks leave out {text}")
        return found

    def number(self, name: str, column, text: str) -> Decimal | None:
        text = text.strip()
        if not text:
            return None
        try:
            value = column.to_base(self._numbers.read(text, column.unit))
        except ValueError:
            if column.is_state and text.lower() in _STATES:
                return _STATES[text.lower()]
            raise self._no_number(name, column, text) from None
        return _rounded(value)

    def _no_number(self, name: str, column, text: str) -> BadRow:
        hint, before = self._numbers.hint(text, column.unit), self._numbers.in_doubt
        if not hint or before is None:
            return BadRow("no number", f"column {name!r} has {_shown(text)}, not a number{hint}")
        mark = "," if "," in before else "."
        return BadRow(
            TWO_WAYS,
            f"column {name!r} has {text!r}, but {before!r} was read as a number with decimals; say"
            f' in a map what is meant, thousands = "{mark}" or decimal = "{mark}"',
        )


def _shown(text: str) -> str:
    """As much of a cell as people read."""
    return repr(text if len(text) <= _MOST_SHOWN else text[:_MOST_SHOWN] + "…")


def _rounded(value: Decimal) -> Decimal:
    """The number, without the noise of floats that were written with all their digits."""
    return value if value.as_tuple().exponent >= -_MOST_PLACES else round(value, _MOST_PLACES)
