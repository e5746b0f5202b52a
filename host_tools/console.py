"""`limen console`: what a gateway says at its serial port, with tracebacks as in the sources.

What is typed goes to the gateway, Ctrl-C included, which stops its program; Ctrl-] ends.
"""

import argparse
import codecs
import contextlib
import os
import sys
import termios
import threading
import time
import tty

import serial

from host_tools.errors import Kind, ToolError
from host_tools.image import linked_firmware
from host_tools.linker.link import Linked
from host_tools.serial_port import LOST, open_port
from host_tools.trace import in_sources

_BAUD = 115200
_LOOK_S = 0.1
_RESET_S = 0.1
_END = b"\x1d"
_FRAME = '  File "'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", required=True, help="/dev/ttyUSB0, rfc2217://HOST:PORT...")
    parser.add_argument("--reset", action="store_true", help="let the board start anew first")


def run(args: argparse.Namespace) -> int:
    words = Words(linked_firmware())
    ended = threading.Event()
    with open_port(args.port, baudrate=_BAUD, timeout=_LOOK_S) as line:
        if args.reset:
            reset(line)
        with _keys(line, ended):
            try:
                while not ended.is_set():
                    said = words.read(line.read(max(1, line.in_waiting)))
                    sys.stdout.write(said)
                    sys.stdout.flush()
            except LOST as error:
                raise ToolError(
                    f"The connection to {args.port} was lost ({error}); plug the board in again.",
                    Kind.PORT,
                ) from None
    return 0


def reset(line: serial.SerialBase) -> None:
    """Pull the chip's reset line, as its board has it at RTS."""
    line.dtr = False
    line.rts = True
    time.sleep(_RESET_S)
    line.rts = False


class Words:
    """Turns bytes into text, in which frames of linked code become those of the sources.

    A frame is held until its line is whole; all else is shown as it comes.
    """

    def __init__(self, linked: Linked):
        self._linked = linked
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._held = ""
        self._is_new_line = True

    def read(self, data: bytes) -> str:
        self._held += self._decode(data)
        shown = ""
        while self._held:
            if self._is_new_line and (_FRAME.startswith(self._held) or self._is_frame()):
                line, end, rest = self._held.partition("\n")
                if not end:
                    break
                shown += in_sources(line, self._linked) + end
                self._held = rest
            else:
                part, end, self._held = self._held.partition("\n")
                shown += part + end
                self._is_new_line = bool(end)
        return shown

    def _is_frame(self) -> bool:
        return self._held.startswith(_FRAME)


@contextlib.contextmanager
def _keys(line: serial.SerialBase, ended: threading.Event):
    """What is typed goes to the line, key by key; nothing if nobody sits here."""
    if not sys.stdin.isatty():
        yield
        return
    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)

    def read() -> None:
        while not ended.is_set():
            key = os.read(terminal, 1)
            if key in (b"", _END):
                ended.set()
            else:
                line.write(key)

    tty.setraw(terminal, termios.TCSANOW)
    print("Ctrl-] ends.", end="\r\n")
    threading.Thread(target=read, daemon=True).start()
    try:
        yield
    finally:
        ended.set()
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)
