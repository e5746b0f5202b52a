"""A small MQTT 3.1.1 broker for the virtual LAN, with the faults that a broker can have.

It keeps persistent sessions, retained messages and wills, takes and gives QoS 0 and 1, and runs on
the scheduler's callbacks alone, so a virtual run repeats itself byte for byte. Observers take
part without a connection. Limits: no QoS 2 (granted as 1), no retransmission while connected.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from host_tools.emulation import mqtt_packets as wire
from host_tools.emulation.mqtt_packets import MalformedPacket, Packet, Publish
from host_tools.emulation.scheduler import Scheduler

ACCEPTED, BAD_CREDENTIALS = 0, 4
GARBAGE = b"\xff\xfe HTTP/1.1 400 Bad Request\r\n\r\n"

Observer = Callable[[str, bytes, bool], None]


class Connection(Protocol):
    """What the LAN hands to `accept`; `on_data(data)` and `on_close()` are set by the broker."""

    on_data: Callable[[bytes], None]
    on_close: Callable[[], None]

    def send(self, data: bytes) -> None: ...
    def close(self) -> None: ...


@dataclass
class _Session:
    """What the broker knows of a client id, connected or not."""

    clean: bool
    filters: dict[str, int] = field(default_factory=dict)
    waiting: list[Publish] = field(default_factory=list)
    in_flight: dict[int, Publish] = field(default_factory=dict)
    next_id: int = 1
    client: "_Client | None" = None

    def deliver(self, message: Publish) -> None:
        """Send a message, or keep it for the next connection when it has QoS 1."""
        if self.client is None:
            self.waiting.extend([message] if message.qos else [])
        elif message.qos:
            self.client.send(self._number(message))
        else:
            self.client.send(message)

    def _number(self, message: Publish) -> Publish:
        while self.next_id in self.in_flight:
            self.next_id = self.next_id % 0xFFFF + 1
        numbered = Publish(message.topic, message.payload, 1, message.retain, self.next_id)
        self.in_flight[self.next_id] = numbered
        self.next_id = self.next_id % 0xFFFF + 1
        return numbered

    def resume(self) -> None:
        """After a reconnect: repeat what was not acknowledged, then send what has gathered."""
        for m in self.in_flight.values():
            self.client.send(Publish(m.topic, m.payload, 1, m.retain, m.packet_id, dup=True))
        waiting, self.waiting = self.waiting, []
        for message in waiting:
            self.deliver(message)


class BrokerModel:
    """Serves the connections that `accept` is given.

    Faults: `stop` and `start` (sessions and retained messages survive), `credentials` (a dict of
    user to password; None lets everybody in), `puback_delay_us`, `silent` (takes everything and
    answers nothing), `drop_in_next_packet`, `send_garbage`.
    """

    def __init__(self, scheduler: Scheduler, credentials: dict[str, str] | None = None):
        self.scheduler = scheduler
        self.credentials = credentials
        self.puback_delay_us = 0
        self.silent = False
        self.running = True
        self.retained: dict[str, Publish] = {}
        self.published = 0
        self.duplicates = 0
        self.refusals = 0
        self.malformed: list[str] = []
        self.sessions: dict[str, _Session] = {}
        self.clients: list[_Client] = []
        self._observers: list[tuple[str, Observer]] = []
        self.drops_next_packet = False

    def accept(self, connection: Connection) -> None:
        """Serve a new connection; one that comes while stopped is closed."""
        if self.running:
            self.clients.append(_Client(self, connection))
        else:
            connection.close()

    def subscribe(self, topic_filter: str, observer: Observer) -> None:
        """Call observer(topic, payload, retain) for what is retained now, and what comes."""
        self._observers.append((topic_filter, observer))
        for message in list(self.retained.values()):
            if wire.matches(topic_filter, message.topic):
                observer(message.topic, message.payload, True)

    def publish(self, message: Publish) -> None:
        """Give a message to everybody who subscribed, and keep it when it is to be retained."""
        if message.retain and message.payload:
            self.retained[message.topic] = message
        elif message.retain:
            self.retained.pop(message.topic, None)
        for topic_filter, observer in list(self._observers):
            if wire.matches(topic_filter, message.topic):
                observer(message.topic, message.payload, False)
        for session in list(self.sessions.values()):
            granted = [q for f, q in session.filters.items() if wire.matches(f, message.topic)]
            if granted:
                qos = min(max(granted), message.qos)
                session.deliver(Publish(message.topic, message.payload, qos))

    def stop(self) -> None:
        """Close every connection without a word, and refuse new ones."""
        self.running = False
        for client in list(self.clients):
            client.close(with_will=False)

    def start(self) -> None:
        """Serve again, with the sessions and the retained messages of before."""
        self.running = True

    def drop_in_next_packet(self) -> None:
        """Close the connection that next has a packet, in the middle of the answer to it."""
        self.drops_next_packet = True

    def send_garbage(self, data: bytes = GARBAGE) -> None:
        """Send bytes that are no MQTT to every client."""
        for client in list(self.clients):
            client.connection.send(data)

    def lets_in(self, user: str | None, password: bytes | None) -> bool:
        """Return whether these credentials are good."""
        if self.credentials is None:
            return True
        expected = self.credentials.get(user)
        return expected is not None and expected.encode() == password


class _Client:
    """One connection, from its first byte."""

    def __init__(self, broker: BrokerModel, connection: Connection):
        self._broker = broker
        self.connection = connection
        self._splitter = wire.Splitter()
        self._session: _Session | None = None
        self._will: Publish | None = None
        self._keepalive_us = 0
        self._expiry = None
        self._closed = False
        self._serve = {
            wire.PUBLISH: self._take_publish,
            wire.PUBACK: self._take_puback,
            wire.SUBSCRIBE: self._take_subscribe,
            wire.UNSUBSCRIBE: self._take_unsubscribe,
            wire.PINGREQ: self._take_pingreq,
            wire.DISCONNECT: self._take_disconnect,
        }
        connection.on_data = self._on_data
        connection.on_close = self.close

    def send(self, message: Publish) -> None:
        self._answer(message.encode())

    def close(self, with_will: bool = True) -> None:
        """End the connection; its will is published unless it was ended in order."""
        if self._closed:
            return
        self._closed = True
        self._broker.clients.remove(self)
        if self._expiry:
            self._expiry.cancel()
        self._leave_session()
        self.connection.close()
        if with_will and self._will:
            self._broker.publish(self._will)

    def _leave_session(self) -> None:
        sessions = self._broker.sessions
        for client_id, session in list(sessions.items()):
            if session is self._session:
                session.client = None
                if session.clean:
                    del sessions[client_id]

    def _on_data(self, data: bytes) -> None:
        try:
            for packet in self._splitter.feed(data):
                if not self._closed:
                    self._take(packet)
        except MalformedPacket as error:
            self._broker.malformed.append(str(error))
            self.close()

    def _take(self, packet: Packet) -> None:
        self._rearm()
        if self._session is None:
            if packet.type != wire.CONNECT:
                raise MalformedPacket("the first packet is no CONNECT")
            self._take_connect(packet)
        elif packet.type in self._serve:
            self._serve[packet.type](packet)
        else:
            raise MalformedPacket(f"a packet of type {packet.type}")

    def _answer(self, data: bytes) -> None:
        if self._closed or self._broker.silent:
            return
        if self._broker.drops_next_packet:
            self._broker.drops_next_packet = False
            self.connection.send(data[: len(data) // 2])
            self.close()
        else:
            self.connection.send(data)

    def _rearm(self) -> None:
        if self._expiry:
            self._expiry.cancel()
            self._expiry = None
        if self._keepalive_us:
            self._expiry = self._broker.scheduler.after(self._keepalive_us * 3 // 2, self.close)

    def _take_connect(self, packet: Packet) -> None:
        asked = wire.decode_connect(packet)
        if not self._broker.lets_in(asked.user, asked.password):
            self._broker.refusals += 1
            self._answer(wire.encode(wire.CONNACK, 0, bytes([0, BAD_CREDENTIALS])))
            self.close()
            return
        self._keepalive_us = asked.keepalive_s * 1_000_000
        self._rearm()
        self._will = asked.will
        kept = self._enter_session(asked)
        self._answer(wire.encode(wire.CONNACK, 0, bytes([kept, ACCEPTED])))
        self._session.resume()

    def _enter_session(self, asked: wire.Connect) -> bool:
        """Take the place of whoever has this client id; return whether a session was kept."""
        sessions = self._broker.sessions
        former = sessions.get(asked.client_id)
        if former and former.client:
            former.client.close()
        kept = not asked.clean and asked.client_id in sessions
        if not kept:
            sessions[asked.client_id] = _Session(asked.clean)
        self._session = sessions[asked.client_id]
        self._session.client = self
        return kept

    def _take_publish(self, packet: Packet) -> None:
        message = wire.decode_publish(packet)
        self._broker.published += 1
        self._broker.duplicates += message.dup
        self._broker.publish(message)
        if message.qos:
            puback = wire.encode(wire.PUBACK, 0, message.packet_id.to_bytes(2, "big"))
            delay_us = self._broker.puback_delay_us
            if delay_us:
                self._broker.scheduler.after(delay_us, lambda: self._answer(puback))
            else:
                self._answer(puback)

    def _take_puback(self, packet: Packet) -> None:
        self._session.in_flight.pop(wire.decode_packet_id(packet), None)

    def _take_subscribe(self, packet: Packet) -> None:
        packet_id, filters = wire.decode_subscribe(packet)
        granted = [min(qos, 1) for _, qos in filters]
        self._answer(wire.encode(wire.SUBACK, 0, packet_id.to_bytes(2, "big") + bytes(granted)))
        for (topic_filter, _), qos in zip(filters, granted, strict=True):
            self._session.filters[topic_filter] = qos
            for m in list(self._broker.retained.values()):
                if wire.matches(topic_filter, m.topic):
                    retained = Publish(m.topic, m.payload, min(qos, m.qos), retain=True)
                    self._session.deliver(retained)

    def _take_unsubscribe(self, packet: Packet) -> None:
        packet_id, filters = wire.decode_unsubscribe(packet)
        for topic_filter in filters:
            self._session.filters.pop(topic_filter, None)
        self._answer(wire.encode(wire.UNSUBACK, 0, packet_id.to_bytes(2, "big")))

    def _take_pingreq(self, packet: Packet) -> None:
        self._answer(wire.encode(wire.PINGRESP, 0, b""))

    def _take_disconnect(self, packet: Packet) -> None:
        self.close(with_will=False)
