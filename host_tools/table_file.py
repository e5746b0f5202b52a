"""Tables in files: CSV, or Parquet where pyarrow is installed. Cells are text, numbers exact.

A CSV file is read in a stream, in whatever encoding it is: UTF-8, UTF-16, or what older programs
write under Windows; a line that is odd is told, and never stops the reading.
"""

import codecs
import csv
import decimal
import itertools
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from host_tools.errors import ToolError

_USUAL = "utf-8-sig"
_HEAD_BYTES = 256
_ESCAPED = re.compile("[\udc80-\udcff]")
_ROWS_AT_ONCE = 10_000
_DIGITS = 38


def is_parquet(path: Path) -> bool:
    return path.suffix.lower() == ".parquet"


@contextmanager
def open_rows(
    path: Path,
    delimiter: str,
    encoding: str | None = None,
    on_oddity: Callable[[int, str, str], None] = lambda line, kind, detail: None,
) -> Iterator[Iterator[tuple[int, list]]]:
    """Open a table: (line, cells) of every row, the header first.

    Without an encoding it is found out. `on_oddity(line, kind, detail)` hears of lines that are in
    another one, and of rows that are none.
    """
    if is_parquet(path):
        yield _parquet_rows(path)
    else:
        with _open_text(path, encoding) as file:
            yield _csv_rows(_readable(file, on_oddity), delimiter, on_oddity)


def first_line(path: Path) -> str:
    """A text file's first line, in whatever encoding."""
    with _open_text(path, None) as file:
        return next(_readable(file), "")


def _open_text(path: Path, encoding: str | None):
    encoding = encoding or _encoding_of(path)
    errors = "surrogateescape" if encoding == _USUAL else "replace"
    return open(path, encoding=encoding, errors=errors, newline="")


def _encoding_of(path: Path) -> str:
    """UTF-16 shows by its byte order mark, or by the zeros in what is plain ASCII."""
    with open(path, "rb") as file:
        head = file.read(_HEAD_BYTES)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    for encoding, zeros in (("utf-16-le", head[1::2]), ("utf-16-be", head[::2])):
        if zeros.count(0) * 2 > len(zeros):
            return encoding
    return _USUAL


def _readable(file: Iterable[str], on_oddity=lambda line, kind, detail: None) -> Iterator[str]:
    """The lines of a file; those that are not UTF-8 as Windows-1252."""
    for number, line in enumerate(file, start=1):
        if not line.isascii() and _ESCAPED.search(line):
            told = f"the line is not {_USUAL[:5].upper()}, it is read as Windows-1252"
            on_oddity(number, "encoding", told)
            line = line.encode(errors="surrogateescape").decode("cp1252", "replace")
        yield line


def _csv_rows(lines: Iterator[str], delimiter: str, on_oddity) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(lines, delimiter=delimiter)
    while True:
        line = reader.line_num + 1
        try:
            yield line, next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            on_oddity(line, "broken row", f"the row cannot be read ({error})")


Row = list[datetime | Decimal | None]


def write_table(path: Path, header: list[str], places: list[int], rows: Iterator[Row]) -> None:
    """Write a time column and columns of numbers with at most `places` decimals; None is empty."""
    if is_parquet(path):
        _write_parquet(path, header, places, rows)
    else:
        with open(path, "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(header)
            writer.writerows(map(_text, rows))


def _text(row: Row) -> list[str]:
    return ["" if cell is None else _cell_text(cell) for cell in row]


def _cell_text(cell) -> str:
    match cell:
        case datetime():
            return cell.isoformat(timespec="milliseconds")
        case Decimal():
            return f"{cell:f}"
    return str(cell)


def require_pyarrow():
    """Return pyarrow with its Parquet part; raise ToolError where it is not installed."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise ToolError(
            "Parquet needs pyarrow, which is not part of the set-up: install it with "
            "`.venv/bin/pip install pyarrow`, or use a file that ends in .csv.",
            2,
        ) from None
    return pyarrow


def _parquet_rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    parquet = require_pyarrow().parquet.ParquetFile(path)
    yield 1, list(parquet.schema_arrow.names)
    line = itertools.count(2)
    for batch in parquet.iter_batches(_ROWS_AT_ONCE):
        for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            yield next(line), _text(row)


def _write_parquet(path: Path, header: list[str], places: list[int], rows: Iterator) -> None:
    pyarrow = require_pyarrow()
    types = [pyarrow.timestamp("ms", tz="UTC")]
    types += [pyarrow.decimal128(_DIGITS, scale) for scale in places]
    schema = pyarrow.schema(zip(header, types, strict=True))
    exact = decimal.Context(prec=_DIGITS, traps=[decimal.Inexact, decimal.InvalidOperation])
    steps = [Decimal(1).scaleb(-scale) for scale in places]
    with pyarrow.parquet.ParquetWriter(path, schema) as writer:
        while chunk := list(itertools.islice(rows, _ROWS_AT_ONCE)):
            time, *columns = zip(*chunk, strict=True)
            exactly = [
                [None if cell is None else cell.quantize(step, context=exact) for cell in column]
                for column, step in zip(columns, steps, strict=True)
            ]
            writer.write_table(pyarrow.table([list(time), *exactly], schema=schema))
