"""Tables in files: CSV, or Parquet where pyarrow is installed. Cells are text, numbers exact."""

import csv
import decimal
import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from host_tools.errors import ToolError

_ROWS_AT_ONCE = 10_000
_DIGITS = 38


def is_parquet(path: Path) -> bool:
    return path.suffix.lower() == ".parquet"


@contextmanager
def open_rows(path: Path, delimiter: str, encoding: str) -> Iterator[Iterator[tuple[int, list]]]:
    """Open a table: (line, cells) of every row, the header first."""
    if is_parquet(path):
        yield _parquet_rows(path)
    else:
        with open(path, encoding=encoding, errors="replace", newline="") as file:
            reader = csv.reader(file, delimiter=delimiter)
            yield ((reader.line_num, cells) for cells in reader)


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
