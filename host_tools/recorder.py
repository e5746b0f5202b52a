"""Keeps samples in an SQLite file as they come, and writes them as one table in their own order.

A gateway's backlog comes behind its live values, and a clock may be set late; so the table is
written at the end. A row of it holds, at its time, the newest value of each channel: what a
subscriber would hold. A cell is empty while there is none, and where the newest quality is bad.
"""

import sqlite3
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from host_tools.client import ClockSet, Gap, Item, Sample, State
from host_tools.client.items import as_time
from host_tools.table_file import write_table

_TABLES = """
CREATE TABLE IF NOT EXISTS sample (
    column_id INTEGER, gateway TEXT, inc TEXT, boot INTEGER, seq INTEGER,
    t_ms INTEGER, uptime_ms INTEGER, value TEXT);
CREATE TABLE IF NOT EXISTS heading (
    id INTEGER PRIMARY KEY, gateway TEXT, device TEXT, channel TEXT, unit TEXT,
    UNIQUE (gateway, device, channel, unit));
CREATE TABLE IF NOT EXISTS gap (gateway TEXT, inc TEXT, boot INTEGER, first INTEGER, last INTEGER);
"""


class Recorder:
    """The samples in the file `path`; `state` is the client's, committed together with them."""

    def __init__(self, path: Path):
        self._database = sqlite3.connect(path)
        self._database.executescript(_TABLES)
        self.state = State(self._database)

    def take(self, item: Item) -> None:
        match item:
            case Sample():
                self._take_sample(item)
            case ClockSet(gateway, boot, of_boot=number):
                self._database.execute(
                    "UPDATE sample SET t_ms = uptime_ms + ? "
                    "WHERE t_ms IS NULL AND (gateway, inc, boot) = (?, ?, ?)",
                    (item.t_ms(0), gateway, boot.inc, number),
                )
            case Gap(gateway, boot, first, last):
                row = gateway, boot.inc, boot.number, first, last
                self._database.execute("INSERT INTO gap VALUES (?, ?, ?, ?, ?)", row)

    def missing(self) -> int:
        """Records that gaps told of."""
        return self._one("SELECT coalesce(sum(last - first + 1), 0) FROM gap")

    def unplaced(self) -> int:
        """Samples whose time nobody told."""
        return self._one("SELECT count(*) FROM sample WHERE t_ms IS NULL")

    def write(self, path: Path) -> int:
        """Write the table, CSV or Parquet by its name; return how many rows it has."""
        headings = self._headings()
        rows = list(headings)
        count = self._one("SELECT count(DISTINCT t_ms) FROM sample")
        names = ["time", *headings.values()]
        write_table(path, names, [self._places(one) for one in rows], self._rows(rows))
        return count

    def close(self) -> None:
        self._database.close()

    def _take_sample(self, sample: Sample) -> None:
        heading = sample.gateway, sample.device, sample.channel, sample.unit
        execute = self._database.execute
        execute("INSERT OR IGNORE INTO heading VALUES (NULL, ?, ?, ?, ?)", heading)
        (column,) = execute(
            "SELECT id FROM heading WHERE (gateway, device, channel, unit) = (?, ?, ?, ?)", heading
        ).fetchone()
        value = None if sample.value is None else f"{sample.value:f}"
        name = sample.gateway, sample.boot.inc, sample.boot.number, sample.seq
        row = column, *name, sample.t_ms, sample.uptime_ms, value
        execute("INSERT INTO sample VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)

    def _headings(self) -> dict[int, str]:
        """What the columns with any value are called; with the gateway where there are several."""
        found = self._database.execute(
            "SELECT id, gateway, device, channel, unit FROM heading WHERE id IN "
            "(SELECT column_id FROM sample WHERE value IS NOT NULL) "
            "ORDER BY gateway, device, id"
        ).fetchall()
        several = len({gateway for _, gateway, *_ in found}) > 1
        return {
            column: (f"{gateway}/" * several + f"{device}.{channel}" + f" [{unit}]" * bool(unit))
            for column, gateway, device, channel, unit in found
        }

    def _places(self, column: int) -> int:
        values = self._database.execute(
            "SELECT DISTINCT length(value) - instr(value, '.') FROM sample "
            "WHERE column_id = ? AND instr(value, '.')",
            (column,),
        )
        return max((places for (places,) in values), default=0)

    def _rows(self, columns: list[int]) -> Iterator[list]:
        place = {column: at for at, column in enumerate(columns, start=1)}
        row: list = [None] * (len(columns) + 1)
        for t_ms, column, value in self._database.execute(
            "SELECT t_ms, column_id, value FROM sample WHERE t_ms IS NOT NULL "
            "ORDER BY t_ms, inc, boot, seq"
        ):
            if column not in place:
                continue
            time = as_time(t_ms)
            if row[0] not in (None, time):
                yield list(row)
            row[0] = time
            row[place[column]] = None if value is None else Decimal(value)
        if row[0] is not None:
            yield row

    def _one(self, query: str) -> int:
        return self._database.execute(query).fetchone()[0]
