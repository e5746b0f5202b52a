"""What a birth says: how to read the data that follows it, and how the boot before ended."""

from dataclasses import dataclass

from host_tools.contract.table import Boot, ContractError, Table

KINDS = ("gauge", "counter", "state")


@dataclass(frozen=True)
class Channel:
    """What a birth says of a channel; values are multiples of 10**-places `unit`.

    A state may have names for its numbers: (number, name) pairs.
    """

    name: str
    unit: str
    kind: str
    places: int
    states: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True)
class Before:
    """What a birth says of the boot before: whether it kept all on flash before it ended, and the
    highest seq of its data and of its events that waited there when this boot began; 0 for none.
    """

    boot: int
    clean: bool
    data: int
    event: int


@dataclass(frozen=True)
class Birth:
    """How to read the data that carries the same `cfg`: {device: {channel name: Channel}}.

    `trouble` is what the gateway's link to its brokers suffered from last in this boot.
    """

    boot: Boot
    cfg: str
    low: int
    firmware: str
    reset: str
    models: dict[str, str]
    devices: dict[str, dict[str, Channel]]
    trouble: str | None = None
    before: Before | None = None


def read_birth(table: Table) -> Birth:
    """Read a birth. Raises ContractError."""
    devices = table.tables("device")
    models = {}
    channels = {}
    for device in devices:
        name = device.get("id", str)
        models[name] = device.get("model", str, None)
        channels[name] = {one.name: one for one in map(_channel, device.tables("channel"))}
        device.end()
    birth = Birth(
        table.boot(),
        table.name("cfg"),
        table.natural("low"),
        table.get("firmware", str),
        table.get("reset", str),
        models,
        channels,
        table.get("trouble", str) if table.has("trouble") else None,
        _before(table.table("before")) if table.has("before") else None,
    )
    table.rest()  # further facts may join a birth at any time
    return birth


def _before(table: Table) -> Before:
    before = Before(
        table.natural("boot"), table.get("clean", bool), table.natural("data"),
        table.natural("event"),
    )  # fmt: skip
    table.end()
    return before


def _channel(table: Table) -> Channel:
    channel = Channel(
        table.get("name", str), table.get("unit", str), table.get("kind", str),
        table.get("places", int), _states(table),
    )  # fmt: skip
    table.end()
    if channel.kind not in KINDS:
        raise ContractError(f"channel {channel.name!r} has unknown kind {channel.kind!r}")
    return channel


def _states(table: Table) -> tuple[tuple[int, str], ...]:
    if not table.has("states"):
        return ()
    names = table.get("states", dict)
    for number, name in names.items():
        if not (number.isascii() and number.isdecimal()) or not isinstance(name, str):
            raise ContractError(f"the state {number!r} is {name!r}, not a number with a name")
    return tuple((int(number), name) for number, name in names.items())
