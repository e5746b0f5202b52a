"""An MQTT 3.1.1 session: umqtt.simple's client over a stream that never blocks the event loop.

Inherited and used as they are: `set_last_will`, `set_callback`, `ping`, `disconnect`, and
`wait_msg`, which is called only for a PUBLISH that is buffered whole and checked. `connect`,
`publish` and `subscribe` wait or write piecemeal inside umqtt, so they are replaced here.
Every packet goes out in one write. Many QoS 1 publishes may be under way; a new connection awaits
none of them, and whoever repeats one takes its packet id again. Whatever the broker sends
ends in OSError or MqttError, counted by kind and cause, with the connection closed.
Works with umqtt.simple 1.3.4 and later.
"""

import asyncio
from errno import ECONNABORTED, ETIMEDOUT

from umqtt.simple import MQTTClient

from limen.core import mqtt
from limen.core.compat import const
from limen.delivery.stream import Stream

_CONTROL_BYTES = const(16)  # kept free of publishes, for PUBACK, PINGREQ and DISCONNECT
_PUBACK_BYTES = const(4)
_RETRY_MS = const(10)
_KIND = const(0xF0)
_OVERDUE = const(4)  # pings that a packet waits for its answer, two keepalives


def _utf8(text):
    return text.encode() if isinstance(text, str) else text


class Session(MQTTClient):
    """Set `on_puback(pid)` and `on_message(topic, payload, retain)`; they are called from `run`.

    A message that is too long for the buffer comes with None for its payload.
    A message may come unasked: some brokers send retained ones to whoever connects.
    `counters` counts events, and the ends of connections by cause.
    """

    def __init__(
        self,
        client_id,
        host,
        port=1883,
        user=None,
        password=None,
        keepalive_s=60,
        in_flight=8,
        send_bytes=2048,
        receive_bytes=512,
        answer_ms=10000,
        tls=None,
    ):
        super().__init__(_utf8(client_id), host, port, _utf8(user), _utf8(password), keepalive_s)
        self.sock = Stream(receive_bytes, send_bytes, tls)
        self.set_callback(self._deliver)
        self.in_flight = in_flight
        self.answer_ms = answer_ms
        self.counters = {}
        self.on_puback = self.on_message = None
        self._awaited = {}  # packet id: the kind of packet that will answer it, plus pings since
        self._in_pieces = self._retained = False

    def count(self, event):
        """Add one to the counter of that name."""
        self.counters[event] = self.counters.get(event, 0) + 1

    async def connect(self, clean_session=True):
        """Open the connection; return whether the broker kept the session.

        If it did, publishes not yet acknowledged are to be repeated with their pid and dup=True,
        before 65,000 others. TCP, TLS and CONNACK have `answer_ms` together.
        Raises OSError, ConnectError, ProtocolError, TlsError.
        """
        try:
            return await asyncio.wait_for_ms(self._handshake(clean_session), self.answer_ms)
        except asyncio.TimeoutError:
            raise self._ended(OSError(ETIMEDOUT))
        except (OSError, mqtt.MqttError) as error:
            raise self._ended(error)

    async def _handshake(self, clean_session):
        stream = self.sock
        await stream.open(self.server, self.port)
        stream.write(self._connect_packet(clean_session))
        while stream.end - stream.start < 4:
            await stream.fill()
            mqtt.packet_size(stream.received, stream.start, stream.end)
        kept = mqtt.check_connack(stream.received, stream.start) and not clean_session
        stream.skip(4)
        self._awaited.clear()
        self._unanswered = 0
        self.count("connects")
        return kept

    def _connect_packet(self, clean_session):
        will = None
        if self.lw_topic:
            will = (_utf8(self.lw_topic), _utf8(self.lw_msg), self.lw_retain, self.lw_qos)
        return mqtt.encode_connect(
            self.client_id, self.keepalive, clean_session, will, self.user, self.pswd
        )

    def slots(self):
        """Return how many more new QoS 1 publishes may be under way."""
        return self.in_flight - len(self._awaited)

    def room(self):
        """Return how many bytes of topic and payload `publish` takes now."""
        if self._in_pieces or self.sock.failure:
            return 0
        return max(0, self.sock.room() - mqtt.PUBLISH_OVERHEAD - _CONTROL_BYTES)

    def publish(self, topic, payload, qos=1, retain=False, pid=None, dup=False):
        """Send a PUBLISH without waiting; return its packet id, 0 at QoS 0.

        `topic` is bytes. Ask `room` and `slots` first: without, ValueError. To repeat a publish,
        give its `pid` and dup=True; that needs no slot. If the link fails, nothing is raised here.
        """
        stream = self.sock
        at = stream.reserve(mqtt.PUBLISH_OVERHEAD + len(topic) + len(payload))
        pid = self._claim(pid) if qos else 0
        at = mqtt.put_publish(stream.sending, at, topic, len(payload), qos, retain, pid, dup)
        end = at + len(payload)
        stream.sending[at:end] = payload
        stream.commit(end)
        return pid

    def begin_publish(self, text, topic, size):
        """Let `text` write a payload of up to `size` bytes where it will be sent from.

        Ask `room` and `slots` first. Nothing else may be sent before `end_publish`.
        """
        at = self.sock.reserve(mqtt.PUBLISH_OVERHEAD + len(topic) + size)
        at += mqtt.PUBLISH_OVERHEAD + len(topic)
        text.open(self.sock.sending, at, at + size)

    def end_publish(self, text, topic, qos=1, retain=False, pid=None, dup=False):
        """Send what `text` has written since `begin_publish`, otherwise like `publish`."""
        length = text.at - text.start
        pid = self._claim(pid) if qos else 0
        stream = self.sock
        at = text.start - mqtt.PUBLISH_OVERHEAD - len(topic)
        at = mqtt.put_publish(stream.sending, at, topic, length, qos, retain, pid, dup)
        stream.move(text.start, at, length)
        stream.commit(at + length)
        return pid

    async def publish_pieces(self, topic, pieces, length, qos=1, retain=False, pid=None, dup=False):
        """Like `publish`, for a payload of `length` bytes that is never held whole.

        Each piece fits the send buffer; meanwhile `room` is 0. If the pieces do not add up, the
        packet cannot be ended, so the connection is. Raises OSError when the link fails.
        """
        stream = self.sock
        while self._in_pieces:
            await asyncio.sleep_ms(_RETRY_MS)
        self._in_pieces = True
        try:
            await stream.drain()
            pid = self._claim(pid) if qos else 0
            head = memoryview(bytearray(mqtt.PUBLISH_OVERHEAD + len(topic)))
            stream.append(head[: mqtt.put_publish(head, 0, topic, length, qos, retain, pid, dup)])
            for piece in pieces:
                if len(piece) > stream.room():
                    stream.write(b"")
                    await stream.drain()
                stream.append(piece)
                length -= len(piece)
            stream.write(b"")
        finally:
            self._in_pieces = False
            if length:
                stream.fail(OSError(ECONNABORTED))
        return pid

    def subscribe(self, topic, qos=0):
        """Send a SUBSCRIBE without waiting; a refusal is counted. `topic` is bytes."""
        pid = self._next_id()
        self.sock.write(mqtt.encode_subscribe(pid, topic, qos))
        self._awaited[pid] = mqtt.SUBACK

    def _claim(self, pid):
        if pid is None:
            if self.slots() < 1:
                raise ValueError("no slot")
            pid = self._next_id()
        self._awaited[pid] = mqtt.PUBACK
        return pid

    def _next_id(self):
        while True:
            self.pid = self.pid % 65535 + 1
            if self.pid not in self._awaited:
                return self.pid

    async def run(self):
        """Handle what the broker sends and keep the connection alive, until it ends.

        Raises the reason: OSError (link lost, ETIMEDOUT without PINGRESP) or ProtocolError.
        """
        keeper = asyncio.create_task(self._keep_alive())
        try:
            while True:
                await self._handle_received()
                await self.sock.fill()
        except (OSError, mqtt.MqttError) as error:
            raise self._ended(error)
        finally:
            keeper.cancel()
            self.close()

    async def _handle_received(self):
        stream = self.sock
        while size := self._packet_size():
            if stream.received[stream.start] & 0xF0 == mqtt.PUBLISH:
                await self._receive(size)
            else:
                self._settle(size)

    def _packet_size(self):
        """Return the size of the packet that can be handled now, or 0.

        A PUBLISH too large for the buffer can be once the buffer is full.
        """
        stream = self.sock
        size = mqtt.packet_size(stream.received, stream.start, stream.end)
        return size if min(size, len(stream.received)) <= stream.end - stream.start else 0

    async def _receive(self, size):
        stream = self.sock
        end = min(stream.start + size, stream.end)
        _, pid = mqtt.check_publish(stream.received, stream.start, end)
        while self._in_pieces or stream.room() < _PUBACK_BYTES:
            await asyncio.sleep_ms(_RETRY_MS)
        self._retained = stream.received[stream.start] & 1 == 1
        if size > len(stream.received):
            self.count("oversized")
            if self.on_message:
                topic = mqtt.publish_topic(stream.received, stream.start)
                self.on_message(topic, None, self._retained)
            stream.skip(size)
            if pid:
                stream.write(b"\x40\x02" + pid.to_bytes(2, "big"))
        else:
            self.wait_msg()

    def _deliver(self, topic, payload):
        self.count("received")
        if self.on_message:
            self.on_message(topic, payload, self._retained)

    def _settle(self, size):
        """Take a packet that answers one of ours."""
        stream = self.sock
        start = stream.start
        kind = stream.received[start]
        stream.skip(size)
        if kind == mqtt.CONNACK:
            raise mqtt.ProtocolError("type")
        if kind == mqtt.PINGRESP:
            self.on_pingresp()
        else:
            pid = mqtt.get_u16(stream.received, start + 2)
            if self._awaited.get(pid, 0) & _KIND != kind:
                self.count("strays")
                return
            del self._awaited[pid]
            if kind == mqtt.PUBACK:
                if self.on_puback:
                    self.on_puback(pid)
            elif stream.received[start + 4] >= mqtt.REFUSED:
                self.count("subscriptions refused")

    async def _keep_alive(self):
        """Ping twice a keepalive; end the connection when no answer has come by the next ping.

        A broker that answers pings may still owe another answer, which only a new connection gets.
        """
        while self.keepalive:
            await asyncio.sleep_ms(self.keepalive * 500)
            if self._unanswered > 1 or self._is_overdue():
                self.sock.fail(OSError(ETIMEDOUT))
            elif self._in_pieces or self.sock.room() < 2:
                self._unanswered += 1
            else:
                self.ping()
                self._unanswered = 2

    def _is_overdue(self):
        """Whether something has waited for too long; it is called with each ping."""
        for pid in self._awaited:
            self._awaited[pid] += 1
            if self._awaited[pid] & ~_KIND >= _OVERDUE:
                return True
        return False

    def on_pingresp(self):
        """The broker is there, and has handled what was sent before the ping."""
        self._unanswered = 0

    async def drain(self):
        """Wait until all output is with the socket; always yields. Raises OSError."""
        await self.sock.drain()

    def close(self):
        """End the connection at once, without DISCONNECT; harmless when there is none."""
        self.sock.close()

    def _ended(self, error):
        if isinstance(error, mqtt.MqttError):
            self.count(error.kind + ": " + error.cause)
        else:
            self.count("timeouts" if error.errno == ETIMEDOUT else "lost")
        self.close()
        return error
