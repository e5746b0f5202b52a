"""How the doctor's exchanges reach a line from a PC: by a serial adapter, or by TCP.

The serial one takes whatever pyserial opens: an adapter, a device server (socket://HOST:PORT,
rfc2217://HOST:PORT). TCP is Modbus TCP: there a frame travels without its CRC behind a header of
its own. Either way an exchange sees frames as they are on a serial line.
"""

import socket
import struct
import termios
import time

import serial

from host_tools.doctor.candidates import Framing
from host_tools.errors import Kind, ToolError
from host_tools.serial_port import LOST, open_port
from limen.core.exchange import Exchange, silence_us
from limen.core.modbus import close_frame

_GRAIN_S = 0.004
_PARITIES = {None: serial.PARITY_NONE, 0: serial.PARITY_EVEN, 1: serial.PARITY_ODD}
_CONNECT_S = 5
_HEADER = struct.Struct(">HHHB")
_CHUNK_BYTES = 512
_LONGEST_BODY = 254


class SerialCarrier:
    """Carries exchanges over a serial port; `refused` has the framings that it cannot be set to."""

    def __init__(self, port: str):
        self.refused: set[Framing] = set()
        self._refused_parities: set[int | None] = set()
        self._port = port
        self._line = open_port(port, timeout=_GRAIN_S)
        self._framing = None
        self._last_byte_ns = 0

    def carry(self, exchange: Exchange) -> None:
        """Send the request and feed what comes back until the exchange is over."""
        if self._is_tuned(exchange.framing):
            try:
                self._ask(exchange)
            except LOST as error:
                raise ToolError(
                    f"The connection to {self._port} was lost ({error}); plug it in and run it "
                    "again.",
                    Kind.PORT,
                ) from error
        exchange.close()

    def _ask(self, exchange: Exchange) -> None:
        self._await_silence(exchange)
        self._line.reset_input_buffer()
        begin_ns = time.monotonic_ns()
        self._line.write(exchange.request)
        while exchange.rest_us(_us_since(begin_ns)) > 0:
            data = self._line.read(max(1, self._line.in_waiting))
            if data:
                self._last_byte_ns = time.monotonic_ns()
                exchange.feed(data, _us_since(begin_ns))

    def close(self) -> None:
        self._line.close()

    def _is_tuned(self, framing: Framing) -> bool:
        """Whether the port has the framing now; an adapter may not offer all."""
        if framing == self._framing:
            return True
        baud, parity, stop = framing
        if parity in self._refused_parities:
            self.refused.add(framing)
        if framing in self.refused:
            return False
        settings = {"baudrate": baud, "parity": _PARITIES[parity], "stopbits": stop}
        self._framing = None
        try:
            self._line.apply_settings(settings)
        except termios.error:
            self._refused_parities.add(parity)
            self.refused.add(framing)
            return False
        except (ValueError, OSError):
            self.refused.add(framing)
            return False
        self._framing = framing
        return True

    def _await_silence(self, exchange: Exchange) -> None:
        pause_us = max(exchange.pause_ms * 1000, silence_us(exchange.framing))
        rest_us = pause_us - _us_since(self._last_byte_ns)
        if rest_us > 0:
            time.sleep(rest_us / 1e6)


class TcpCarrier:
    """Carries exchanges over a connection to a Modbus TCP server; it comes back if that closes."""

    refused: frozenset[Framing] = frozenset()

    def __init__(self, host: str, port: int):
        self._peer = host, port
        self._transaction = 0
        self._received = bytearray()
        self._socket = self._connect()

    def carry(self, exchange: Exchange) -> None:
        if self._socket is None:
            self._socket = self._connect()
        if exchange.pause_ms:
            time.sleep(exchange.pause_ms / 1000)
        begin_ns = time.monotonic_ns()
        try:
            if exchange.request:
                self._send(exchange.request)
            while (rest_us := exchange.rest_us(_us_since(begin_ns))) > 0:
                self._receive(rest_us)
                for frame in self._frames():
                    exchange.feed(frame, _us_since(begin_ns))
        except OSError:
            self.close()
        exchange.close()

    def close(self) -> None:
        if self._socket:
            self._socket.close()
        self._socket = None
        self._received.clear()

    def _connect(self) -> socket.socket:
        host, port = self._peer
        try:
            connection = socket.create_connection(self._peer, _CONNECT_S)
        except socket.gaierror as error:
            sentence = f"There is no host {host} ({error.strerror})."
            raise ToolError(sentence, Kind.NETWORK) from error
        except OSError as error:
            raise ToolError(
                f"{host} takes no connection on port {port} ({error}): check the address, and that "
                "Modbus TCP is switched on there and not in use by another master.",
                Kind.NETWORK,
            ) from error
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def _send(self, request: bytes) -> None:
        self._transaction = self._transaction % 0xFFFF + 1
        body = bytes(request[1:-2])
        header = _HEADER.pack(self._transaction, 0, len(body) + 1, request[0])
        self._socket.sendall(header + body)

    def _receive(self, rest_us: int) -> None:
        self._socket.settimeout(rest_us / 1e6)
        try:
            data = self._socket.recv(_CHUNK_BYTES)
        except TimeoutError:
            return
        if not data:
            raise ConnectionError("the server has closed the connection")
        self._received += data

    def _frames(self):
        """The whole frames that answer the present request, with the CRC that TCP leaves out."""
        while len(self._received) >= _HEADER.size:
            transaction, protocol, size, unit = _HEADER.unpack_from(self._received)
            end = _HEADER.size - 1 + size
            if protocol or not 2 <= size <= _LONGEST_BODY:
                raise ConnectionError("what it sends is not Modbus TCP")
            if len(self._received) < end:
                return
            frame = bytearray((unit,)) + self._received[_HEADER.size : end] + bytes(2)
            del self._received[:end]
            if transaction == self._transaction:
                close_frame(frame, len(frame) - 2)
                yield bytes(frame)


def _us_since(begin_ns: int) -> int:
    return (time.monotonic_ns() - begin_ns) // 1000
