"""Two ways to reach an emulated chip's serial port: a pseudo-terminal and a TCP port (RFC 2217).

A pseudo-terminal has no reset lines; the chip is told each time that its port was closed. RFC 2217
carries DTR and RTS, so the host resets the chip as on a real board. Both run on the current asyncio
loop, listen from `await open()` to `close()`, tell the chip the baud rate that the host has set,
and bring what it says unasked. A chip is a `RomLoader` or a `SerialChip`.
"""

import asyncio
import os
import select
import termios
import tty

from serial import rfc2217

from host_tools.emulation.rom_loader import AutoReset

_REOPEN_POLL_S = 0.05
_READ_BYTES = 65536
_BAUD_OF_SPEED = {
    getattr(termios, name): int(name[1:])
    for name in dir(termios)
    if name[0] == "B" and name[1:].isdigit()
}


class PtyCarrier:
    """A pseudo-terminal; `url` is its path. Its baud rates are the standard ones."""

    def __init__(self, chip):
        self._chip = chip
        chip.on_output = self._send

    async def open(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._master, slave = os.openpty()
        tty.setraw(slave)
        os.set_blocking(self._master, False)
        self.url = os.ttyname(slave)
        os.close(slave)
        self._await_host()

    def close(self) -> None:
        self._timer.cancel()
        self._loop.remove_reader(self._master)
        os.close(self._master)

    def _await_host(self):
        # Nothing announces that somebody opens the other end: only the hang-up condition goes.
        poll = select.poll()
        poll.register(self._master, select.POLLIN)
        if any(events & select.POLLHUP for _, events in poll.poll(0)):
            self._timer = self._loop.call_later(_REOPEN_POLL_S, self._await_host)
        else:
            self._loop.add_reader(self._master, self._on_readable)

    def _on_readable(self):
        try:
            data = os.read(self._master, _READ_BYTES)
        except OSError:
            self._on_hang_up()
        else:
            self._send(self._chip.receive(data, self._baud()))

    def _on_hang_up(self):
        self._loop.remove_reader(self._master)
        self._chip.let_go()
        self._await_host()

    def _baud(self) -> int:
        return _BAUD_OF_SPEED.get(termios.tcgetattr(self._master)[4], 0)

    def _send(self, answer: bytes):
        try:
            os.write(self._master, answer)
        except OSError:
            # Nobody reads: a UART loses these bytes too.
            pass


class Rfc2217Carrier:
    """A TCP port of this machine, for one host at a time; 0 takes a free one."""

    def __init__(self, chip, tcp_port: int = 0):
        self._tcp_port = tcp_port
        self.chip = chip
        self.line = _Line(AutoReset(chip))
        chip.on_output = self.line.send

    async def open(self) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: _Rfc2217Host(self), "127.0.0.1", self._tcp_port
        )
        self.url = "rfc2217://{}:{}".format(*self._server.sockets[0].getsockname()[:2])

    def close(self) -> None:
        self._server.close()


class _Line:
    """The serial port that PortManager sets up. What the chip says goes to the `host`, if any."""

    bytesize, parity, stopbits = 8, "N", 1
    xonxoff = rtscts = break_condition = False
    cts = dsr = ri = cd = False
    baudrate = 115200

    def __init__(self, auto_reset: AutoReset):
        self._auto_reset = auto_reset
        self.host = None

    def _set_dtr(self, asserted: bool):
        self.send(self._auto_reset.set_dtr(asserted))

    def _set_rts(self, asserted: bool):
        self.send(self._auto_reset.set_rts(asserted))

    def send(self, data: bytes):
        if self.host:
            self.host.send(data)

    dtr = property(fset=_set_dtr)
    rts = property(fset=_set_rts)

    def reset_input_buffer(self):
        """Nothing waits here: bytes go on as they come."""

    reset_output_buffer = reset_input_buffer


class _Rfc2217Host(asyncio.Protocol):
    """One host's connection; a second one is closed while the first is there."""

    def __init__(self, carrier: Rfc2217Carrier):
        self._chip = carrier.chip
        self._line = carrier.line

    def connection_made(self, transport):
        self._transport = transport
        if self._line.host:
            transport.close()
            return
        self._line.host = self
        self._manager = rfc2217.PortManager(self._line, transport)

    def data_received(self, data):
        plain = b"".join(self._manager.filter(data))
        self.send(self._chip.receive(plain, self._line.baudrate))

    def connection_lost(self, _error):
        if self._line.host is self:
            self._line.host = None

    def send(self, answer: bytes):
        self._transport.write(b"".join(self._manager.escape(answer)))
