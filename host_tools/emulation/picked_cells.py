"""The cells that a map asks for, of each row of a table.

A heading that comes again, as where files were put together, tells where the columns stand from
there on. Behind one that lacks a column no row is read, as its cells might be anything.
"""

from collections.abc import Iterator

from host_tools.emulation.column_map import ColumnMap, is_annotation
from host_tools.emulation.recording_problems import Problems
from host_tools.table_file import Rows

_COMMENT = "comment"
"""The last column of LabVIEW, which only those rows have that need it."""


class PickedCells:
    """Of rows under a `header`; `rows` gives (line, cells), in the order of `layout.headings`."""

    def __init__(self, layout: ColumnMap, header: list[str], problems: Problems):
        self._layout = layout
        self._problems = problems
        self._marker = next(filter(None, layout.headings), None)
        self._lacks = ""
        self._set(header)

    def rows(self, rows: Rows) -> Iterator[tuple[int, list[str]]]:
        for line, cells in rows:
            if not any(cells) or is_annotation(cells) or line == self._layout.units_line:
                continue
            if self._marker in cells and self._is_heading(line, cells):
                continue
            if self._lacks:
                self._problems.skip(line, "other heading", self._lacks)
            elif len(cells) < self._least:
                told = f"the row has {len(cells)} of {self._width} columns"
                self._problems.skip(line, "cut row", told)
            elif any(cells[self._width :]):
                told = f"the row has {len(cells)} cells for {self._width} columns"
                self._problems.skip(line, "long row", told)
            else:
                yield line, [cells[place] for place in self._places]

    def _is_heading(self, line: int, cells: list[str]) -> bool:
        header = [cell.strip() for cell in cells]
        missing = self._layout.missing_from(header)
        if not missing:
            self._lacks = ""
            self._set(header)
            self._problems.note(line, "heading again", "a heading comes again, and holds from here")
        elif not any(cell[:1].isdigit() for cell in header):
            self._lacks = f"rows from here on have another heading: {missing[0]}"
            self._problems.skip(line, "other heading", self._lacks)
        else:
            return False
        return True

    def _set(self, header: list[str]) -> None:
        self._width = len(header)
        has_comments = header[-1].lower() == _COMMENT and header[-1] not in self._layout.headings
        self._least = self._width - has_comments
        self._places = [header.index(name) for name in self._layout.headings]
