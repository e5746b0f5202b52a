"""Records of a device: what was read of it, and what happened to it."""

from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from host_tools.contract.events import EventBody, read_event
from host_tools.contract.table import (
    BAD,
    Boot,
    ContractError,
    Table,
    natural_of,
    number_of,
    quality_of,
    typed,
)


class Values(NamedTuple):
    """The values of one reading; None where the quality allows none."""

    by_channel: dict[str, Decimal | None]


class Record(NamedTuple):
    """One record: its UTC in ms or, while the clock was unset, its uptime in ms."""

    seq: int
    t_ms: int | None
    uptime_ms: int | None
    quality: int
    body: Values | EventBody


@dataclass(frozen=True)
class Batch:
    """Records of one device; `kind` is "data" or "event". Below `low` all is acknowledged."""

    device: str
    kind: str
    boot: Boot
    cfg: str
    low: int
    records: tuple[Record, ...]


@dataclass(frozen=True)
class Last:
    """The newest values of a device."""

    device: str
    t_ms: int | None
    quality: int
    values: dict[str, Decimal | None]


def read_last(device: str, table: Table) -> Last:
    """Read the newest values of a device. Raises ContractError."""
    values = _values(table.table("v"))
    return Last(device, table.natural("t", None), table.quality("q"), values)


def read_batch(device: str, kind: str, table: Table) -> Batch:
    """Read records of a device, of kind "data" or "event". Raises ContractError."""
    boot, cfg, low = table.boot(), table.name("cfg"), table.natural("low")
    records = tuple(_record(kind, entry) for entry in table.get("r", list))
    if not records:
        raise ContractError("the batch is empty")
    return Batch(device, kind, boot, cfg, low, records)


def _record(kind: str, entry) -> Record:
    if not isinstance(entry, list) or len(entry) not in (4, 5):
        raise ContractError(f"record {entry!r} is no list of 4 or 5")
    seq = natural_of(typed(entry[0], (int,), "the seq of a record"), "the seq of a record")
    where = f"record {seq}"
    t_ms = natural_of(typed(entry[1], (int, None), f"the time of {where}"), f"the time of {where}")
    if (t_ms is None) != (len(entry) == 5):
        raise ContractError(f"{where} must have either a time or, behind it all, an uptime")
    uptime_ms = _uptime(entry[4], where) if t_ms is None else None
    quality = quality_of(typed(entry[2], (int,), f"the quality of {where}"), where)
    table = Table(entry[3], where)
    body = _data_body(table, quality, where) if kind == "data" else read_event(table)
    return Record(seq, t_ms, uptime_ms, quality, body)


def _uptime(value, where: str) -> int:
    return natural_of(typed(value, (int,), f"the uptime of {where}"), f"the uptime of {where}")


def _data_body(table: Table, quality: int, where: str) -> Values:
    values = _values(table)
    if not values:
        raise ContractError(f"{where} has no channel")
    bare = list(values.values()).count(None)
    if bare != (len(values) if quality >= BAD else 0):
        raise ContractError(f"{where}: quality {quality} and its values contradict each other")
    return Values(values)


def _values(table: Table) -> dict[str, Decimal | None]:
    return {
        name: value if type(value) is Decimal else number_of(value, f"value {name!r}")
        for name, value in table.rest().items()
    }
