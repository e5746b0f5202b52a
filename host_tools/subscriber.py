"""Subscribes as a host service would, and checks what every gateway delivers.

`Subscriber` does no I/O and reads no clock: `feed` takes one message. It is fed by `MqttFeeder`
(paho-mqtt) in real time and by the broker model in virtual time. A record that has arrived before
is counted and goes no further; the same name on another content is a conflict, another name on
the same content a twin, and a correct gateway makes neither.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

import paho.mqtt.client as mqtt

from host_tools.contract import (
    BAD,
    ROOT,
    Alarm,
    Batch,
    Birth,
    Boot,
    Channel,
    ClockSet,
    ContractError,
    Diag,
    Last,
    Record,
    Status,
    Values,
    parse,
)
from host_tools.errors import ToolError

ALL_TOPICS = f"{ROOT}/#"
_CONNECT_S = 10


@dataclass(frozen=True)
class Arrival:
    """A record that arrived for the first time."""

    gateway: str
    device: str
    boot: Boot
    cfg: str
    record: Record


class Arrived:
    """The records of one boot that arrived, by seq."""

    def __init__(self, first_seq: int):
        self.first_seq = first_seq
        self.low = first_seq
        self.by_seq: dict[int, tuple] = {}
        self.newest: dict[tuple[str, str], int] = {}

    def missing(self) -> list[int]:
        """The seqs below `low` that never arrived: nobody will send them any more."""
        return [seq for seq in range(self.first_seq, self.low) if seq not in self.by_seq]


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
class Gateway:
    """What is known of one gateway. `newest` is by (device, channel)."""

    name: str
    online: bool = False
    births: dict[str, Birth] = field(default_factory=dict)
    boots: dict[Boot, Arrived] = field(default_factory=dict)
    clocks: dict[Boot, ClockSet] = field(default_factory=dict)
    newest: dict[tuple[str, str], Newest] = field(default_factory=dict)
    raised: set[tuple[str, str]] = field(default_factory=set)
    diag: Diag | None = None
    records: int = 0
    duplicates: int = 0
    conflicts: int = 0
    twins: int = 0
    misplaced: int = 0
    contents: set[tuple] = field(default_factory=set)

    def missing(self) -> int:
        """Records below `low` that never arrived."""
        return sum(len(arrived.missing()) for arrived in self.boots.values())

    def channel(self, device: str, name: str) -> Channel | None:
        """What the newest birth says of a channel."""
        for birth in reversed(self.births.values()):
            if name in birth.devices.get(device, {}):
                return birth.devices[device][name]
        return None

    def utc_ms(self, boot: Boot, record: Record) -> int | None:
        """When the record was taken, by the clock event where it carries only an uptime."""
        clock = self.clocks.get(boot)
        if record.t_ms is None and clock:
            return record.uptime_ms + clock.utc_ms - clock.uptime_ms
        return record.t_ms


class Subscriber:
    """`on_arrival(arrival)` gets every record once; `errors` has what broke the contract."""

    def __init__(self, on_arrival: Callable[[Arrival], None] = lambda arrival: None):
        self.gateways: dict[str, Gateway] = {}
        self.errors: list[str] = []
        self.messages = 0
        self._on_arrival = on_arrival

    def feed(self, topic: str, payload: bytes, retained: bool = False) -> None:
        """Take one message; `retained` tells that it is older than the subscription."""
        self.messages += 1
        try:
            name, message = parse(topic, payload)
        except ContractError as error:
            self.errors.append(f"{topic}: {error}")
            return
        gateway = self.gateways.setdefault(name, Gateway(name))
        match message:
            case Status():
                gateway.online = message.online
            case Birth():
                gateway.births.pop(message.cfg, None)
                gateway.births[message.cfg] = message
                if not retained:
                    _arrived(gateway, message.boot, message.low)
            case Diag():
                gateway.diag = message
            case Batch():
                self._take_batch(gateway, message)
            case Last():
                self._check_known(gateway, message.device, message.values, topic)

    def _take_batch(self, gateway: Gateway, batch: Batch) -> None:
        arrived = _arrived(gateway, batch.boot, batch.low)
        arrived.low = max(arrived.low, batch.low)
        if batch.cfg not in gateway.births:
            self.errors.append(f"{gateway.name}: no birth explains cfg {batch.cfg!r}")
        for record in batch.records:
            content = (batch.device, batch.kind, record.t_ms, record.uptime_ms, repr(record.body))
            if record.seq in arrived.by_seq:
                gateway.duplicates += 1
                gateway.conflicts += arrived.by_seq[record.seq] != content
                continue
            arrived.by_seq[record.seq] = content
            self._take_new(gateway, batch, record, content)

    def _take_new(self, gateway: Gateway, batch: Batch, record: Record, content: tuple) -> None:
        gateway.records += 1
        gateway.twins += (batch.boot.inc, *content) in gateway.contents
        gateway.contents.add((batch.boot.inc, *content))
        newest = gateway.boots[batch.boot].newest
        stream = batch.device, batch.kind
        gateway.misplaced += record.seq < newest.get(stream, 0)
        newest[stream] = max(record.seq, newest.get(stream, 0))
        match record.body:
            case Values(by_channel):
                self._check_known(gateway, batch.device, by_channel, f"record {record.seq}")
                _note_newest(gateway, batch, record)
            case Alarm(name, raised):
                change = gateway.raised.add if raised else gateway.raised.discard
                change((batch.device, name))
            case ClockSet():
                gateway.clocks[batch.boot] = record.body
        self._on_arrival(Arrival(gateway.name, batch.device, batch.boot, batch.cfg, record))

    def _check_known(self, gateway: Gateway, device: str, names, where: str) -> None:
        for name in names:
            if not gateway.channel(device, name):
                self.errors.append(f"{where}: no birth of {gateway.name} has {device} {name}")


def _arrived(gateway: Gateway, boot: Boot, low: int) -> Arrived:
    """The records of a boot; what was acknowledged before its first sight is not missed."""
    if boot not in gateway.boots:
        gateway.boots[boot] = Arrived(low)
    return gateway.boots[boot]


def _note_newest(gateway: Gateway, batch: Batch, record: Record) -> None:
    """Keep the values of the record unless it is older: seq grows with time within a boot."""
    for name, value in record.body.by_channel.items():
        place = batch.device, name
        known = gateway.newest.setdefault(place, Newest(value, batch.boot, record, 0))
        known.count += 1
        if known.boot != batch.boot or record.seq >= known.record.seq:
            known.value, known.boot, known.record = value, batch.boot, record
            if record.quality < BAD:
                known.heard = batch.boot, record


class MqttFeeder:
    """A paho-mqtt client that feeds on the running asyncio loop: `await open()`, then `close()`.

    Its session outlives its connection, so that a broker which keeps sessions loses nothing while
    the network is away. `connected` tells how it is now.
    """

    def __init__(self, feed: Callable[[str, bytes, bool], None], host: str, port: int):
        self.connected = False
        self._address = host, port
        self._loop = asyncio.get_running_loop()
        self._subscribed = asyncio.Event()
        self._client = mqtt.Client(
            mqtt.CallbackAPIVersion.VERSION2, client_id="limen-subscriber", clean_session=False
        )
        self._client.reconnect_delay_set(1, 2)
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_subscribe = self._in_loop(lambda *_: self._subscribed.set())
        self._client.on_message = self._in_loop(
            lambda client, data, message: feed(message.topic, message.payload, message.retain)
        )

    async def open(self) -> None:
        """Connect and subscribe; raise ToolError when that takes too long."""
        host, port = self._address
        self._client.connect_async(host, port)
        self._client.loop_start()
        try:
            await asyncio.wait_for(self._subscribed.wait(), _CONNECT_S)
        except TimeoutError:
            self.close()
            raise ToolError(f"no MQTT broker lets a subscriber in at {host}:{port}") from None

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _on_connect(self, client, _data, _flags, reason, _properties) -> None:
        self.connected = not reason.is_failure
        if self.connected:
            client.subscribe(ALL_TOPICS, qos=1)

    def _on_disconnect(self, *_) -> None:
        self.connected = False

    def _in_loop(self, callback):
        """The callback, called on the asyncio loop: paho has a thread of its own."""
        return lambda *arguments: self._loop.call_soon_threadsafe(callback, *arguments)
