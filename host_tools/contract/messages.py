"""A topic and its JSON become one typed message."""

from dataclasses import dataclass

from host_tools.contract.births import Birth, read_birth
from host_tools.contract.records import Batch, Last, read_batch, read_last
from host_tools.contract.table import Boot, ContractError, Table, decoded

ROOT = "limen/v1"


@dataclass(frozen=True)
class Status:
    """Whether the gateway is there; also its will."""

    boot: Boot
    online: bool


@dataclass(frozen=True)
class Diag:
    """The gateway's own counters, as it sent them."""

    boot: Boot
    counters: dict


@dataclass(frozen=True)
class Request:
    """A command to a gateway; `facts` are what else it says."""

    verb: str
    id: str | int | None
    until_ms: int | None
    facts: dict


@dataclass(frozen=True)
class Answer:
    """What became of a command: `error` is None if it was done."""

    verb: str
    id: str | int | None
    error: str | None
    facts: dict


@dataclass(frozen=True)
class Progress:
    """What a command that runs for long has to say meanwhile."""

    verb: str
    id: str | int | None
    facts: dict


Message = Status | Birth | Batch | Last | Diag | Request | Answer | Progress


def parse(topic: str, payload: bytes) -> tuple[str, Message]:
    """Return ("site/gateway", message); raise ContractError for anything else."""
    parts = topic.split("/")
    if "/".join(parts[:2]) != ROOT or len(parts) < 5 or not all(parts):
        raise ContractError(f"topic {topic!r} is not under {ROOT}/<site>/<gateway>/")
    return "/".join(parts[2:4]), _message(parts[4:], Table(decoded(payload), "the message"))


def _message(path: list[str], table: Table) -> Message:
    match path:
        case ["status"]:
            message = Status(table.boot(), table.get("online", bool))
        case ["birth"]:
            message = read_birth(table)
        case ["diag"]:
            return Diag(table.boot(), table.rest())
        case ["cmd", verb]:
            return _request(verb, table)
        case ["cmd", verb, "result"]:
            return _answer(verb, table)
        case ["cmd", verb, "progress"]:
            progress = Progress(verb, table.identity(), table.rest())
            if not progress.facts:
                raise ContractError(f"the progress of {verb} says nothing")
            return progress
        case ["dev", device, "last"]:
            message = read_last(device, table)
        case ["dev", device, "data" | "event" as kind]:
            message = read_batch(device, kind, table)
        case _:
            raise ContractError(f"there is no topic {'/'.join(path)!r} in the contract")
    table.end()
    return message


def _request(verb: str, table: Table) -> Request:
    name = table.identity() if table.has("id") else None
    until_ms = table.natural("until") if table.has("until") else None
    return Request(verb, name, until_ms, table.rest())


def _answer(verb: str, table: Table) -> Answer:
    name, is_done = table.identity(), table.get("ok", bool)
    error = None if is_done else table.name("error")
    if not is_done:
        table.end()
    elif table.has("error"):
        raise ContractError(f"the answer to {verb} has an error although it is done")
    return Answer(verb, name, error, table.rest())
