"""The UARTs of an emulated chip, the lines on them, and the pins that switch their drivers on."""

import struct
from collections.abc import Callable

from host_tools.emulation.backplane import frame
from host_tools.emulation.device import frames
from host_tools.emulation.line import Framing, Line, PtyPort

_FIRST_FRAMING = Framing(115200)
_PARITIES = ("E", "O", None)
_INVERT_RX = 4


class SerialPorts:
    """`lines` maps UART numbers to lines, `driver_enable` pins to the UART whose line they drive.

    What comes over a line goes to `post` as a frame.
    """

    def __init__(
        self,
        lines: dict[int, Line],
        driver_enable: dict[int, int],
        is_real: bool,
        post: Callable[[bytes], None],
    ):
        self._driver_enable = driver_enable
        self._uarts = {
            number: _Uart(
                line, is_real, lambda data, n=number: post(frame(frames.UART_DATA, n, data))
            )
            for number, line in lines.items()
        }

    def reset(self) -> None:
        """The pins are open, so no driver is on."""
        for number in self._driver_enable.values():
            self._uarts[number].drive(False)

    def boot_frames(self) -> list[bytes]:
        """Where the terminals are, for a program that starts."""
        return [frame(frames.PTY, n, u.path.encode()) for n, u in self._uarts.items() if u.path]

    def output_changed(self, pin: int, level: int) -> None:
        """The chip has changed the level of a pin, which may switch a driver."""
        if pin in self._driver_enable:
            self._uarts[self._driver_enable[pin]].drive(bool(level))

    def on_setup(self, number: int, data: bytes) -> None:
        baud, bits, parity, stop, invert = struct.unpack("<IBBBB", data)
        if number in self._uarts:
            is_inverted = bool(invert & _INVERT_RX)
            framing = Framing(baud, bits, _PARITIES[parity], stop, is_inverted)
            self._uarts[number].set_up(framing)

    def on_data(self, number: int, data: bytes) -> None:
        if number in self._uarts:
            self._uarts[number].send(data)

    def close(self) -> None:
        for uart in self._uarts.values():
            uart.close()


class _Uart:
    """One serial port: in virtual time a port on the line, in real time a terminal onto it."""

    def __init__(self, line: Line, is_real: bool, on_data: Callable[[bytes], None]):
        self._pty = PtyPort(line, _FIRST_FRAMING) if is_real else None
        self._port = None if self._pty else line.port(_FIRST_FRAMING, on_data)

    @property
    def path(self) -> str:
        return self._pty.path if self._pty else ""

    def set_up(self, framing: Framing) -> None:
        (self._pty or self._port).framing = framing

    def send(self, data: bytes) -> None:
        self._port.send(data)

    def drive(self, is_on: bool) -> None:
        if self._port:
            self._port.driving = is_on

    def close(self) -> None:
        (self._pty or self._port).close()
