"""Tables in files: CSV, or Parquet where pyarrow is installed. Cells are text, numbers exact.

A CSV file is read in a stream, in whatever encoding it is: UTF-8, UTF-16, or what older programs
write under Windows; a line that is odd is told, and never stops the reading.
"""

import codecs
import csv
import decimal
import gzip
import itertools
import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from host_tools.errors import ToolError

_USUAL = "utf-8-sig"
_HEAD_BYTES = 256
_BOM = "\ufeff"
_DAMAGES = (EOFError, zlib.error, gzip.BadGzipFile)
_ESCAPED = re.compile("[\udc80-\udcff]")
_ROWS_AT_ONCE = 10_000
_DIGITS = 38
_LONGEST_LINE = 1 << 20
_GZIP = b"\x1f\x8b"
_UNPACK = "unpack it first"
_TO_CSV = "save it as CSV"
_OTHERS = {
    b"PK\3\4": ("is packed, as .zip and .xlsx files are", _TO_CSV),
    b"\xd0\xcf\x11\xe0": ("is of an old Excel", _TO_CSV),
    b"BZh": ("is packed by bzip2", _UNPACK),
    b"\xfd7zXZ": ("is packed by xz", _UNPACK),
    b"\x28\xb5\x2f\xfd": ("is packed by zstd", _UNPACK),
    b"SQLite format 3": ("is a database of SQLite", "export a table of it as CSV"),
    b"PAR1": ("is Parquet", "give it a name that ends in .parquet"),
    b"%PDF": ("is a PDF", _TO_CSV),
    b"<!DOC": ("is a page of the web, perhaps that of a login", "download the file itself"),
    b"<html": ("is a page of the web, perhaps that of a login", "download the file itself"),
    b"[{": ("is JSON", _TO_CSV),
    b'{"': ("is JSON", _TO_CSV),
}
"""How files begin that are no table → (what they are, what to do)."""

Rows = Iterator[tuple[int, list]]
"""(line, cells) of every row."""

OnOddity = Callable[[int, str, str], None]
"""Hears of (line, kind, detail) of what is odd."""


def ignore_oddity(line: int, kind: str, detail: str) -> None:
    """For those who only look into a file."""


def is_parquet(path: Path) -> bool:
    """Whether a path is that of a Parquet file, by its name."""
    return path.suffix.lower() == ".parquet"


@contextmanager
def open_rows(
    path: Path,
    delimiter: str,
    encoding: str | None = None,
    on_oddity: OnOddity = ignore_oddity,
) -> Iterator[Rows]:
    """Open a table: (line, cells) of every row, the header first.

    Without an encoding it is found out. `on_oddity(line, kind, detail)` hears of lines that are in
    another one, and of rows that are none.
    """
    if is_parquet(path):
        yield _parquet_rows(path)
    else:
        with _open_text(path, encoding) as file:
            yield _csv_rows(_readable(file, on_oddity), delimiter, on_oddity)


def _is_content(line: str) -> bool:
    """Whether a line can be the heading: it is not blank, nor what tells Excel the separator."""
    text = line.strip()
    return bool(text) and not (text.startswith("sep=") and len(text) == len("sep=;"))


def _open_text(path: Path, encoding: str | None):
    opener = _opener_of(path)
    if encoding is None:
        with opener(path, "rb") as file:
            try:
                encoding = _encoding_of(file.read(_HEAD_BYTES))
            except _DAMAGES:
                raise ToolError(f"{path} is packed and damaged from its beginning.", 2) from None
    errors = "surrogateescape" if encoding == _USUAL else "replace"
    return opener(path, "rt", encoding=encoding, errors=errors, newline="")


def _opener_of(path: Path) -> Callable:
    with open(path, "rb") as file:
        head = file.read(max(map(len, _OTHERS)))
    for begin, (what, advice) in _OTHERS.items():
        if head.startswith(begin):
            raise ToolError(f"{path} {what}: {advice}.", 2)
    return gzip.open if head.startswith(_GZIP) else open


def _encoding_of(head: bytes) -> str:
    """UTF-32 and UTF-16 show by a byte order mark, UTF-16 by the zeros of plain ASCII, too."""
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "utf-32"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    for encoding, zeros in (("utf-16-le", head[1::2]), ("utf-16-be", head[::2])):
        if zeros.count(0) * 2 > len(zeros):
            return encoding
    return _USUAL


def _readable(file, on_oddity: OnOddity) -> Iterator[str]:
    """The lines of a file; those that are not UTF-8 as Windows-1252, and endless ones as none."""
    for number, line in enumerate(_lines(file, on_oddity), start=1):
        if len(line) >= _LONGEST_LINE:
            on_oddity(number, "broken row", f"the line has more than {_LONGEST_LINE} characters")
            line = "\n"
        if not line.isascii() and _ESCAPED.search(line):
            told = f"the line is not {_USUAL[:5].upper()}, it is read as Windows-1252"
            on_oddity(number, "encoding", told)
            line = line.encode(errors="surrogateescape").decode("cp1252", "replace")
        yield line.removeprefix(_BOM)


def _lines(file, on_oddity: OnOddity) -> Iterator[str]:
    """The lines of a file, up to where it is damaged; of one that is too long the beginning."""
    number = 0
    try:
        while line := file.readline(_LONGEST_LINE):
            number += 1
            rest = line
            while len(rest) == _LONGEST_LINE and not rest.endswith("\n"):
                rest = file.readline(_LONGEST_LINE)
            yield line
    except _DAMAGES:
        on_oddity(number + 1, "broken row", "the packed file is cut or damaged from here on")


def _csv_rows(lines: Iterator[str], delimiter: str, on_oddity: OnOddity) -> Rows:
    reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=delimiter == " ")
    has_begun = False
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
            lines_in_it = reader.line_num - line + 1
            if lines_in_it > 1:
                told = f"a quote holds {lines_in_it} lines together"
                on_oddity(line, "open quote", told)
            has_begun = has_begun or _is_content(delimiter.join(cells))
            if has_begun:
                yield line, cells
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
            return cell.isoformat(timespec="auto" if cell.microsecond % 1000 else "milliseconds")
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
            "`.venv/bin/pip install -r requirements-parquet.txt` (55 MB), or use a file that ends "
            "in .csv.",
            2,
        ) from None
    return pyarrow


def _parquet_rows(path: Path) -> Rows:
    pyarrow = require_pyarrow()
    line = itertools.count(2)
    try:
        parquet = pyarrow.parquet.ParquetFile(path)
        yield 1, list(parquet.schema_arrow.names)
        for batch in parquet.iter_batches(_ROWS_AT_ONCE):
            for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                yield next(line), _text(row)
    except FileNotFoundError:
        raise
    except (pyarrow.ArrowException, OSError, OverflowError, ValueError, KeyError) as error:
        raise ToolError(f"{path} is no Parquet file that can be read: {error}", 2) from None


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
