"""The connection to the broker: paho-mqtt in a thread of its own, acknowledging when told to.

A fixed client id makes the session outlive connection and process: the broker keeps what is not
acknowledged and sends it again. Packet ids are the connection's: what came on an earlier one is
not acknowledged any more, because the broker may have given its id to another message.
"""

import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass

import paho.mqtt.client as mqtt

LONGEST_PAUSE_S = 30


@dataclass(frozen=True)
class Address:
    """A broker and who enters; `tls` is a context such as ssl.create_default_context() makes."""

    host: str = "localhost"
    port: int = 1883
    user: str | None = None
    password: str | None = None
    tls: ssl.SSLContext | None = None

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True)
class Letter:
    """A message as it came; `connection` counts the connections up to the one that brought it."""

    topic: str
    payload: bytes
    retained: bool
    qos: int
    packet_id: int
    connection: int


def forget_session(address: Address, client_id: str) -> None:
    """Let the broker drop what it keeps for a client id; OSError if it does not answer."""
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id, clean_session=True)
    _let_in(client, address)
    client.on_connect = lambda *_: client.disconnect()
    client.connect(address.host, address.port)
    client.loop_forever()


def _let_in(client: mqtt.Client, address: Address) -> None:
    client.username_pw_set(address.user, address.password)
    if address.tls:
        client.tls_set_context(address.tls)


class Connection:
    """`on_letter(letter)` and `on_change()` are called in paho's thread.

    `problem` says why there is no connection; None while there is one, and before the first try.
    Without a client id the session ends with the connection.
    """

    def __init__(
        self,
        address: Address,
        client_id: str | None,
        topics: list[str],
        on_letter: Callable[[Letter], None],
        on_change: Callable[[], None] = lambda: None,
    ):
        self.is_subscribed = False
        self.problem: str | None = None
        self._address = address
        self._topics = [(topic, 1) for topic in topics]
        self._on_letter = on_letter
        self._on_change = on_change
        self._lock = threading.Lock()
        self._count = 0
        self._is_closing = False
        self._client = client = mqtt.Client(
            mqtt.CallbackAPIVersion.VERSION2,
            client_id=client_id or "",
            clean_session=client_id is None,
            manual_ack=True,
        )
        _let_in(client, address)
        client.reconnect_delay_set(1, LONGEST_PAUSE_S)
        client.on_connect = self._on_connect
        client.on_connect_fail = self._on_connect_fail
        client.on_disconnect = self._on_disconnect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message

    def open(self) -> None:
        """Begin to connect, and go on trying until `close`."""
        self._client.connect_async(self._address.host, self._address.port)
        self._client.loop_start()

    def close(self) -> None:
        """Leave the broker; a session with a client id stays there."""
        self._is_closing = True
        self._client.disconnect()
        self._client.loop_stop()

    def publish(self, topic: str, payload: bytes) -> None:
        """Send a message with QoS 1."""
        self._client.publish(topic, payload, qos=1)

    def ack(self, letter: Letter) -> None:
        """Acknowledge a letter, unless the connection that brought it has ended."""
        with self._lock:
            if letter.qos and letter.connection == self._count:
                self._client.ack(letter.packet_id, letter.qos)

    def _on_connect(self, client, _data, _flags, reason, _properties) -> None:
        if reason.is_failure:
            self._change(f"the broker at {self._address} refuses: {reason}")
        else:
            client.subscribe(self._topics)

    def _on_connect_fail(self, *_) -> None:
        self._change(f"nobody answers at {self._address}")

    def _on_disconnect(self, _client, _data, _flags, reason, _properties) -> None:
        with self._lock:
            self._count += 1
        if not self._is_closing:
            self._change(self.problem or f"the connection to {self._address} has ended: {reason}")

    def _on_subscribe(self, _client, _data, _packet_id, reasons, _properties) -> None:
        refused = any(reason.is_failure for reason in reasons)
        self._change(f"the broker at {self._address} refuses to subscribe" if refused else None)

    def _change(self, problem: str | None) -> None:
        self.problem = problem
        self.is_subscribed = problem is None
        self._on_change()

    def _on_message(self, _client, _data, came: mqtt.MQTTMessage) -> None:
        self._on_letter(
            Letter(came.topic, came.payload, came.retain, came.qos, came.mid, self._count)
        )
