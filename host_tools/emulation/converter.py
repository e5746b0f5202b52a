"""An emulated converter from a network to a line of its own, as meters without a network have it.

It speaks Modbus TCP, or passes frames of Modbus RTU on as they are. One request at a time is on the
line, until a reply is there whose CRC is right; who does not answer so is not answered for.
"""

import struct
from collections import deque

from host_tools.emulation.lan import Connection
from host_tools.emulation.line import Framing, Line
from host_tools.emulation.meter import crc16, request_length, with_crc
from host_tools.emulation.scheduler import Scheduler

FRAMING = Framing(115200)
"""Of the line behind it."""

_PATIENCE_US = 500_000
_HEADER_BYTES = 6


class Converter:
    """`accept` serves a connection; the meters hang on `line`."""

    def __init__(self, scheduler: Scheduler, has_headers: bool):
        self.line = Line(scheduler)
        self._scheduler = scheduler
        self._has_headers = has_headers
        self._port = self.line.port(FRAMING, self._on_reply)
        self._waiting: deque[tuple[Connection, bytes, bytes]] = deque()
        self._patience = None
        self._reply = bytearray()

    def accept(self, connection: Connection) -> None:
        received = bytearray()

        def on_data(data: bytes) -> None:
            received.extend(data)
            while request := self._next_request(received):
                self._waiting.append((connection, *request))
                if self._patience is None:
                    self._send()

        connection.on_data = on_data

    def _next_request(self, received: bytearray) -> tuple[bytes, bytes] | None:
        """(head of the reply, frame for the line), taken from what has come, once it is whole."""
        if self._has_headers:
            if len(received) < _HEADER_BYTES:
                return None
            start, size = _HEADER_BYTES, _HEADER_BYTES + struct.unpack_from(">H", received, 4)[0]
        else:
            start, size = 0, request_length(bytes(received)) or len(received) + 1
        if len(received) < size:
            return None
        head, frame = bytes(received[:start]), bytes(received[start:size])
        del received[:size]
        return head, with_crc(frame) if self._has_headers else frame

    def _send(self) -> None:
        self._reply.clear()
        self._port.send(self._waiting[0][2])
        self._patience = self._scheduler.after(_PATIENCE_US, self._go_on)

    def _on_reply(self, data: bytes) -> None:
        self._reply += data
        if self._patience and not crc16(self._reply):
            connection, head, _ = self._waiting[0]
            reply = bytes(self._reply)
            if self._has_headers:
                reply = head[:4] + struct.pack(">H", len(reply) - 2) + reply[:-2]
            connection.send(reply)
            self._patience.cancel()
            self._go_on()

    def _go_on(self) -> None:
        self._patience = None
        self._waiting.popleft()
        if self._waiting:
            self._send()
