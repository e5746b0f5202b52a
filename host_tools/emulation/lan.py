"""The network that emulated boards are on: names, TCP and UDP.

In virtual time the LAN carries everything itself: a segment takes `latency_us`, and what is sent
while the network is cut arrives when it is back, as TCP would have it, unless a deadline passes
first. In real time boards use the machine's own sockets, and the LAN knows which port of this
machine stands for which host and port; to cut connections then, put a `tap` between.
"""

import asyncio
import socket
import struct
from collections.abc import Callable

from host_tools.emulation.backplane import frame
from host_tools.emulation.device import frames
from host_tools.emulation.scheduler import Handle, RealScheduler, Scheduler

_WINDOW = 5744
_CONNECT_PATIENCE_US = 18_000_000
_LOOK_UP_PATIENCE_US = 5_000_000
_ECONNRESET = 104
_ETIMEDOUT = 110
_ECONNREFUSED = 111
_EHOSTUNREACH = 113


class Connection:
    """A TCP connection as the server sees it; set `on_data(bytes)` and `on_close()`."""

    def __init__(self, interface: "Interface", id: int):
        self.on_data: Callable[[bytes], None] = lambda data: None
        self.on_close: Callable[[], None] = lambda: None
        self._interface = interface
        self._id = id
        self._to_send = bytearray()
        self._room = _WINDOW
        self._is_closing = self._is_closed = False
        self.board_room = _WINDOW

    def send(self, data: bytes) -> None:
        """Send bytes, or keep them until the board has taken what came before."""
        if not self._is_closing:
            self._to_send += data
            self._pass_on()

    def close(self) -> None:
        """End the connection after what was sent; the board's further bytes are refused."""
        self._is_closing = True
        self._pass_on()

    def _pass_on(self) -> None:
        count = min(self._room, len(self._to_send))
        if count:
            data = bytes(self._to_send[:count])
            del self._to_send[:count]
            self._room -= count
            self._interface.to_board(frame(frames.SOCKET_DATA, self._id, data))
        if self._is_closing and not self._to_send and not self._is_closed:
            self._is_closed = True
            self._interface.to_board(frame(frames.CLOSE, self._id))

    def taken(self, count: int) -> None:
        """The board has taken so many bytes."""
        self._room += count
        self._pass_on()

    def receive(self, data: bytes) -> None:
        """Bytes from the board have arrived."""
        if self._is_closed:
            error = struct.pack("<H", _ECONNRESET)
            return self._interface.to_board(frame(frames.SOCKET_ERROR, self._id, error))
        self._interface.to_board(
            frame(frames.SOCKET_ROOM, self._id, struct.pack("<H", len(data))),
            wake=self.board_room == 0,
        )
        self.board_room += len(data)
        self.on_data(data)

    def ended(self) -> None:
        """The board has closed it."""
        self._is_closing = self._is_closed = True
        self._to_send.clear()
        self.on_close()


class RealConnection(asyncio.Protocol):
    """The same in real time; `accept` takes it when it is made."""

    def __init__(self, accept: Callable[["RealConnection"], None]):
        self.on_data: Callable[[bytes], None] = lambda data: None
        self.on_close: Callable[[], None] = lambda: None
        self._accept = accept

    def connection_made(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._accept(self)

    def data_received(self, data: bytes) -> None:
        self.on_data(data)

    def connection_lost(self, error: Exception | None) -> None:
        self.on_close()

    def send(self, data: bytes) -> None:
        self._transport.write(data)

    def close(self) -> None:
        self._transport.close()


class Interface:
    """One board's side of the LAN in virtual time. `post(frames, wake)` reaches the board."""

    def __init__(self, lan: "Lan", post: Callable[[bytes, bool], None]):
        self.is_up = False
        self._lan = lan
        self._post = post
        self._connections: dict[int, Connection] = {}
        self._held: list[Callable[[], None]] = []
        self._is_gone = False
        lan.interfaces.append(self)

    @property
    def _reaches(self) -> bool:
        return self.is_up and not self._lan.is_cut

    def _travel(self, arrive: Callable[[], None]) -> None:
        """Call `arrive` after the latency; what meets a cut waits for the network."""
        self._lan.scheduler.after(self._lan.latency_us, lambda: self._land(arrive))

    def _land(self, arrive: Callable[[], None]) -> None:
        if self._is_gone:
            return
        if self._reaches:
            arrive()
        else:
            self._held.append(arrive)

    def resume(self) -> None:
        """The network may be back: what was held goes on."""
        if self._reaches:
            held, self._held = self._held, []
            for arrive in held:
                self._land(arrive)

    def tell(self, data: bytes) -> None:
        """Send frames to the board at once, past the network."""
        self._post(data, True)

    def to_board(self, data: bytes, wake: bool = True) -> None:
        self._travel(lambda: self._post(data, wake))

    def close(self) -> None:
        """The board was reset: nobody tells the servers, to whom it just falls silent."""
        self._is_gone = True
        self._lan.interfaces.remove(self)

    def on_frame(self, kind: int, id: int, data: bytes) -> None:
        """Do what the board asks for."""
        if kind == frames.LOOK_UP:
            self._look_up(data.decode())
        elif kind == frames.CONNECT:
            self._connect(id, data[2:].decode(), struct.unpack_from("<H", data)[0])
        elif kind == frames.DATAGRAM:
            port, size = struct.unpack_from("<HB", data)
            self._datagram(id, data[3 : 3 + size].decode(), port, data[3 + size :])
        elif id in self._connections:
            self._on_connection(kind, id, data)

    def _on_connection(self, kind: int, id: int, data: bytes) -> None:
        connection = self._connections[id]
        if kind == frames.SOCKET_DATA:
            connection.board_room -= len(data)
            self._travel(lambda: connection.receive(data))
        elif kind == frames.SOCKET_ROOM:
            count = struct.unpack("<H", data)[0]
            self._travel(lambda: connection.taken(count))
        elif kind == frames.CLOSE:
            del self._connections[id]
            self._travel(connection.ended)

    def _look_up(self, host: str) -> None:
        if self.is_up and self._lan.is_cut:
            wait_us, address = _LOOK_UP_PATIENCE_US, ""
        else:
            wait_us = 2 * self._lan.latency_us
            knows = self.is_up and self._lan.knows_names
            address = self._lan.addresses.get(host, "") if knows else ""
        answer = frame(frames.LOOK_UP, 0, address.encode())
        self._lan.scheduler.after(wait_us, lambda: self._is_gone or self._post(answer, True))

    def _connect(self, id: int, address: str, port: int) -> None:
        connection = self._connections[id] = Connection(self, id)
        if not self.is_up:
            return self._fail(connection, id, _EHOSTUNREACH)
        expiry = self._lan.scheduler.after(
            _CONNECT_PATIENCE_US, lambda: self._fail(connection, id, _ETIMEDOUT)
        )
        if address in self._lan.addresses.values():
            self._travel(lambda: self._accept(connection, id, (address, port), expiry))

    def _accept(self, connection: Connection, id: int, address, expiry: Handle) -> None:
        accept = self._lan.servers.get(address)
        if self._connections.get(id) is not connection or not expiry.callback:
            return
        expiry.cancel()
        if accept is None:
            error = struct.pack("<H", _ECONNREFUSED)
            return self.to_board(frame(frames.SOCKET_ERROR, id, error))
        self.to_board(frame(frames.CONNECT, id))
        accept(connection)

    def _fail(self, connection: Connection, id: int, error: int) -> None:
        if not self._is_gone and self._connections.get(id) is connection:
            self._post(frame(frames.SOCKET_ERROR, id, struct.pack("<H", error)), True)

    def _datagram(self, id: int, host: str, port: int, data: bytes) -> None:
        if self._reaches:
            self._lan.scheduler.after(
                self._lan.latency_us, lambda: self._answer(id, host, port, data)
            )

    def _answer(self, id: int, host: str, port: int, data: bytes) -> None:
        address = self._lan.addresses.get(host, host)
        handler = self._lan.responders.get((address, port))
        reply = handler(data) if handler else None
        if reply is not None and not self._is_gone:
            head = struct.pack("<HB", port, len(address)) + address.encode()
            self.to_board(frame(frames.DATAGRAM, id, head + reply))


class Lan:
    """What a board reaches over its network: the names and servers that a world adds."""

    def __init__(self, scheduler: Scheduler, latency_us: int = 1000):
        self.scheduler = scheduler
        self.latency_us = latency_us
        self.is_cut = False
        self.knows_names = True
        self.interfaces: list[Interface] = []
        self.addresses: dict[str, str] = {}
        self.servers: dict[tuple[str, int], Callable[[Connection], None]] = {}
        self.responders: dict[tuple[str, int], Callable[[bytes], bytes | None]] = {}
        self.names: dict[tuple[str, int], int] = {}
        self._sockets: list[socket.socket] = []
        self._listening: list[asyncio.Task] = []

    def _address(self, host: str) -> str:
        """The address of a host, which it gets when it is first named, unless it is one."""
        given = host if host[0].isdigit() else f"10.0.1.{len(self.addresses) + 1}"
        return self.addresses.setdefault(host, given)

    def listen(self, host: str, port: int, accept: Callable[[Connection], None]) -> None:
        """Serve TCP at host and port; `accept(connection)` for each connection."""
        if isinstance(self.scheduler, RealScheduler):
            self._listen_for_real(host, port, accept)
        else:
            self.servers[self._address(host), port] = accept

    def stop_listening(self, host: str, port: int) -> None:
        """Virtual time: refuse new connections; the host keeps its name."""
        self.servers.pop((self._address(host), port), None)

    def answer(self, host: str, port: int, handler: Callable[[bytes], bytes | None]) -> None:
        """Serve UDP at host and port; `handler(data)` returns the reply, or None for silence."""
        self.responders[self._address(host), port] = handler
        if isinstance(self.scheduler, RealScheduler):
            self._answer_for_real(host, port, handler)

    def name(self, host: str, port: int, real_port: int) -> None:
        """Real time: port `real_port` of this machine stands for host and port."""
        self.names[host, port] = real_port
        for interface in self.interfaces:
            interface.tell(self.name_frames())

    def cut(self) -> None:
        """Virtual time: nothing arrives any more."""
        self.is_cut = True

    def restore(self) -> None:
        self.is_cut = False
        for interface in self.interfaces:
            interface.resume()

    def close(self) -> None:
        """Real time: give back the ports of the servers."""
        for listening in self._listening:
            listening.add_done_callback(lambda task: task.cancelled() or task.result().close())
        for server in self._sockets:
            asyncio.get_running_loop().remove_reader(server)
            server.close()

    def name_frames(self) -> bytes:
        """What a board in real time has to know."""
        return b"".join(
            frame(frames.NAME, 0, struct.pack("<HH", port, real_port) + host.encode())
            for (host, port), real_port in self.names.items()
        )

    def _listen_for_real(self, host: str, port: int, accept) -> None:
        server = self._bound(socket.SOCK_STREAM, host, port)
        loop = asyncio.get_running_loop()
        serving = loop.create_server(lambda: RealConnection(accept), sock=server)
        self._listening.append(loop.create_task(serving))

    def _bound(self, kind: socket.SocketKind, host: str, port: int) -> socket.socket:
        """A socket at a port of this machine that stands for host and port."""
        server = socket.socket(socket.AF_INET, kind)
        server.bind(("127.0.0.1", 0))
        server.setblocking(False)
        self.name(host, port, server.getsockname()[1])
        return server

    def _answer_for_real(self, host: str, port: int, handler) -> None:
        server = self._bound(socket.SOCK_DGRAM, host, port)
        asyncio.get_running_loop().add_reader(server, lambda: _reply(server, handler))
        self._sockets.append(server)


def _reply(server: socket.socket, handler: Callable[[bytes], bytes | None]) -> None:
    data, sender = server.recvfrom(2048)
    reply = handler(data)
    if reply is not None:
        server.sendto(reply, sender)
