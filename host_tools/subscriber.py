"""Subscribes as a host service would, and checks what every gateway delivers.

`Subscriber` does no I/O and reads no clock: `feed` takes one message. It is fed by `MqttFeeder`
in real time and by the broker model in virtual time. It reads with the reader of host services,
and remembers all contents besides: the same name on another content is a conflict, another name
on the same content a twin, and a correct gateway makes neither while no clock is set back.
"""

import asyncio
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import ClassVar

from host_tools.client import reader
from host_tools.client.connection import Address, Connection, Letter
from host_tools.client.reader import Arrival, Fault, Notice, Reader, Repetition
from host_tools.contract import BAD, ROOT, Alarm, Boot, Diag, Last, Record, Values
from host_tools.errors import ToolError

ALL_TOPICS = f"{ROOT}/#"
_CONNECT_S = 10


@dataclass
class Newest:
    """The newest value of a channel, the record it came with, and how many came before; `heard` is
    the newest record that had a value.
    """

    value: Decimal | None
    boot: Boot
    record: Record
    count: int = 1
    heard: tuple[Boot, Record] | None = None


@dataclass
class Gateway(reader.Gateway):
    """What is known of one gateway, and what is wrong with it; `newest` is by (device, channel)."""

    MOST_BOOTS: ClassVar[int] = sys.maxsize

    newest: dict[tuple[str, str], Newest] = field(default_factory=dict)
    raised: set[tuple[str, str]] = field(default_factory=set)
    diag: Diag | None = None
    records: int = 0
    duplicates: int = 0
    conflicts: int = 0
    twins: int = 0
    misplaced: int = 0
    by_name: dict[tuple[Boot, int], tuple] = field(default_factory=dict)
    by_content: set[tuple] = field(default_factory=set)
    tops: dict[tuple[Boot, str, str], int] = field(default_factory=dict)
    filled: dict[tuple[Boot, str, str], int] = field(default_factory=dict)


class Subscriber:
    """`on_arrival(arrival)` gets every record once, `on_diag(diag)` the diagnostics; `errors` has
    what broke the contract.
    """

    def __init__(
        self,
        on_arrival: Callable[[Arrival], None] = lambda arrival: None,
        on_diag: Callable[[Diag], None] = lambda diag: None,
    ):
        self.errors: list[str] = []
        self.messages = 0
        self._reader = Reader(Gateway)
        self._on_arrival = on_arrival
        self._on_diag = on_diag

    @property
    def gateways(self) -> dict[str, Gateway]:
        return self._reader.gateways

    def feed(self, topic: str, payload: bytes, retained: bool = False) -> None:
        """Take one message; `retained` tells that it is older than the subscription."""
        self.messages += 1
        parsed = reader.read(topic, payload)
        if not self._reader.explains(parsed):
            self.errors.append(f"{parsed.gateway}: no birth explains cfg {parsed.message.cfg!r}")
        for found in self._reader.take(parsed, retained):
            match found:
                case Fault(topic, sentence):
                    self.errors.append(f"{topic}: {sentence}")
                case Notice(name, Diag() as diag):
                    self.gateways[name].diag = diag
                    self._on_diag(diag)
                case Notice(name, Last(device, values=values)):
                    self._check_known(self.gateways[name], device, values, topic)
                case Repetition(arrival):
                    _take_again(self.gateways[arrival.gateway], arrival)
                case Arrival():
                    self._take_new(self.gateways[found.gateway], found)

    def _take_new(self, gateway: Gateway, arrival: Arrival) -> None:
        gateway.records += 1
        device, record = arrival.device, arrival.record
        _note_content(gateway, arrival)
        _note_order(gateway, arrival)
        match record.body:
            case Values(by_channel):
                self._check_known(gateway, device, by_channel, f"record {record.seq}")
                _note_newest(gateway, arrival)
            case Alarm(name, raised):
                change = gateway.raised.add if raised else gateway.raised.discard
                change((device, name))
        self._on_arrival(arrival)

    def _check_known(self, gateway: Gateway, device: str, names, where: str) -> None:
        for name in names:
            if gateway.channel(device, name) is None:
                self.errors.append(f"{where}: no birth of {gateway.name} has {device} {name}")


def _content(arrival: Arrival) -> tuple:
    """What stands is told again at each connection, maybe twice between two readings: of that each
    name is another content."""
    record = arrival.record
    again = record.seq if getattr(record.body, "restated", False) else None
    return arrival.device, arrival.kind, record.t_ms, record.uptime_ms, repr(record.body), again


def _take_again(gateway: Gateway, arrival: Arrival) -> None:
    gateway.duplicates += 1
    before = gateway.by_name[arrival.boot, arrival.record.seq]
    gateway.conflicts += before != _content(arrival)


def _note_content(gateway: Gateway, arrival: Arrival) -> None:
    """Uptimes begin anew with each boot, and what is told of them may be the same."""
    content = _content(arrival)
    gateway.by_name[arrival.boot, arrival.record.seq] = content
    told_at = arrival.boot if arrival.record.t_ms is None else arrival.boot.inc
    gateway.twins += (told_at, *content) in gateway.by_content
    gateway.by_content.add((told_at, *content))


def _note_order(gateway: Gateway, arrival: Arrival) -> None:
    """What is live comes in order, and so does what is filled in behind it."""
    stream = arrival.boot, arrival.device, arrival.kind
    seq = arrival.record.seq
    if seq > gateway.tops.get(stream, 0):
        gateway.tops[stream] = seq
    else:
        gateway.misplaced += seq < gateway.filled.get(stream, 0)
        gateway.filled[stream] = max(seq, gateway.filled.get(stream, 0))


def _note_newest(gateway: Gateway, arrival: Arrival) -> None:
    """Keep the values of the record unless it is older: seq grows with time within a boot."""
    boot, record = arrival.boot, arrival.record
    for name, value in record.body.by_channel.items():
        place = arrival.device, name
        known = gateway.newest.get(place)
        if known is None:
            known = gateway.newest[place] = Newest(value, boot, record, 0)
        known.count += 1
        if known.boot != boot or record.seq >= known.record.seq:
            known.value, known.boot, known.record = value, boot, record
            if record.quality < BAD:
                known.heard = boot, record


class MqttFeeder:
    """Feeds on the running asyncio loop from a broker: `await open()`, then `close()`.

    Its session outlives its connection, so that a broker which keeps sessions loses nothing while
    the network is away. `connected` tells how it is now.
    """

    def __init__(self, feed: Callable[[str, bytes, bool], None], host: str, port: int):
        self._feed = feed
        self._address = Address(host, port)
        self._loop = asyncio.get_running_loop()
        self._subscribed = asyncio.Event()
        self._connection = Connection(
            self._address, "limen-subscriber", [ALL_TOPICS], self._on_letter, self._on_change
        )

    @property
    def connected(self) -> bool:
        return self._connection.is_subscribed

    async def open(self) -> None:
        """Connect and subscribe; raise ToolError when that takes too long."""
        self._connection.open()
        try:
            await asyncio.wait_for(self._subscribed.wait(), _CONNECT_S)
        except TimeoutError:
            self.close()
            raise ToolError(f"no MQTT broker lets a subscriber in at {self._address}") from None

    def close(self) -> None:
        self._connection.close()

    def _on_letter(self, letter: Letter) -> None:
        self._loop.call_soon_threadsafe(self._take, letter)

    def _take(self, letter: Letter) -> None:
        self._feed(letter.topic, letter.payload, letter.retained)
        self._connection.ack(letter)

    def _on_change(self) -> None:
        if self._connection.is_subscribed:
            self._loop.call_soon_threadsafe(self._subscribed.set)
