"""The world's end of the backplane: a running interpreter, and whose turn it is.

`device/frames.py` describes what travels. In real time both sides run on their own: `RealLink`
takes what comes when it comes. In virtual time exactly one of them runs: `VirtualLink` gives the
board its turn at the scheduler's times, and waits for it. The board goes on alone as long as the
scheduler knows of nothing to happen, so its messages carry the time it has spent, and each frame
that at which it was posted; what it did is applied at that time.
"""

import asyncio
import ctypes
import fcntl
import os
import select
import signal
import struct
import subprocess
import termios
import tty
from collections.abc import Iterator
from pathlib import Path

from host_tools.emulation.one_core import ONE_CORE
from host_tools.emulation.scheduler import Handle, Scheduler

_HEADER = struct.Struct("<IIi")
_FRAME = struct.Struct("<BBHI")
_PR_SET_PDEATHSIG = 1
_NO_ANSWER = -1
_LONGEST_US = 1_000_000_000
_LIBC = ctypes.CDLL(None)


class Gone(Exception):
    """The interpreter has ended."""


class Stuck(Exception):
    """The interpreter has not answered for too long; `frames` came before."""

    def __init__(self, frames: bytes):
        super().__init__()
        self.frames = frames


def frame(kind: int, id: int = 0, data: bytes = b"") -> bytes:
    return _FRAME.pack(kind, id, len(data), 0) + data


def split_frames(body: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Yield (kind, id, data) of each frame."""
    at = 0
    while at < len(body):
        kind, id, size, _ = _FRAME.unpack_from(body, at)
        at += _FRAME.size + size
        yield kind, id, body[at - size : at]


def split_times(body: bytes, turn_us: int) -> list[tuple[int, bytes]]:
    """(time, frames) for each time at which the board posted some, the last one first; its turn
    began at `turn_us`.
    """
    parts = []
    at = begin = spent_us = 0
    while at < len(body):
        _, _, size, posted_us = _FRAME.unpack_from(body, at)
        if posted_us != spent_us and begin < at:
            parts.append((turn_us + spent_us, body[begin:at]))
            begin = at
        spent_us = posted_us
        at += _FRAME.size + size
    if body:
        parts.append((turn_us + spent_us, body[begin:]))
    parts.reverse()
    return parts


class Process:
    """A running interpreter; `command` gets descriptors where it says {from_world}, {to_world} and
    {flash}. Two pipes connect it, as a turn through them takes less than through a socket.

    It ends with us, whatever ends us. Its console is a terminal of its own if `has_terminal`, on
    which it can be typed to, else a pipe.
    """

    def __init__(self, command: list[str], folder: Path, flash: Path, has_terminal: bool = False):
        from_world, self._to_board = os.pipe()
        self.wire, to_world = os.pipe()
        self.console, output = _open_terminal() if has_terminal else os.pipe()
        flash_file = os.open(flash, os.O_RDWR)
        self._popen = subprocess.Popen(
            [
                part.format(from_world=from_world, to_world=to_world, flash=flash_file)
                for part in command
            ],
            stdin=output if has_terminal else subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            pass_fds=[from_world, to_world, flash_file],
            start_new_session=True,
            preexec_fn=_live_with_us_on_terminal if has_terminal else _live_with_us,
            env={"MICROPYPATH": ""},  # modules come from where it runs
            cwd=folder,
        )
        self.pid = self._popen.pid
        for theirs in (from_world, to_world, flash_file, output):
            os.close(theirs)
        os.set_blocking(self.console, False)
        self._is_at_end = False
        self._received = b""
        self._poll = select.poll()
        self._poll.register(self.wire, select.POLLIN)
        self._poll.register(self.console, select.POLLIN)

    def send(self, body: bytes, passed_us: int, quiet_us: int) -> None:
        message = _HEADER.pack(len(body), passed_us, quiet_us) + body
        try:
            while message:
                message = message[os.write(self._to_board, message) :]
        except OSError as error:
            raise Gone from error

    def take(self) -> Iterator[tuple[bytes, int, int]]:
        """Yield (frames, µs spent, µs to wait) of each whole message that has come."""
        data = os.read(self.wire, 65536)
        if not data:
            raise Gone
        self._received += data
        while len(self._received) >= _HEADER.size:
            size, spent_us, wait_us = _HEADER.unpack_from(self._received)
            end = _HEADER.size + size
            if len(self._received) < end:
                return
            body, self._received = self._received[_HEADER.size : end], self._received[end:]
            yield body, spent_us, wait_us

    def wait_for_turn(self, on_text, patience_s: float) -> tuple[bytes, int, int]:
        """Return (frames, µs spent, µs to wait) when the board has had its turn.

        What it prints meanwhile goes to `on_text`. Raises Stuck after `patience_s`, or Gone.
        """
        gathered = b""
        while True:
            ready = dict(self._poll.poll(patience_s * 1000))
            if not ready:
                raise Stuck(gathered)
            if self.console in ready:
                on_text(self.read_console())
            if self.wire in ready:
                for body, spent_us, wait_us in self.take():
                    gathered += body
                    if wait_us != _NO_ANSWER:
                        return gathered, spent_us, wait_us

    def read_console(self) -> bytes:
        """What was printed since the last time; b"" when nothing is left, or it has ended."""
        try:
            text = os.read(self.console, 65536)
        except BlockingIOError:
            return b""
        except OSError:  # a terminal that nobody writes to any more
            text = b""
        if not text and not self._is_at_end:
            self._is_at_end = True
            self._poll.unregister(self.console)
        return text

    def type(self, data: bytes) -> None:
        """Put bytes on its terminal; what a full one has no room for is lost, as at a UART."""
        try:
            os.write(self.console, data)
        except OSError:
            pass

    def kill(self) -> None:
        self._popen.kill()
        self._popen.wait()
        for ours in (self.console, self.wire, self._to_board):
            os.close(ours)


def _live_with_us() -> None:
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _live_with_us_on_terminal() -> None:
    """Standard input becomes the terminal whose Ctrl-C is meant; too early a one does no harm."""
    _live_with_us()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _open_terminal() -> tuple[int, int]:
    """Our end and the program's of a raw terminal that adds line ends, as the chip does."""
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    settings = termios.tcgetattr(theirs)
    settings[1] |= termios.OPOST | termios.ONLCR
    settings[3] |= termios.NOFLSH
    termios.tcsetattr(theirs, termios.TCSANOW, settings)
    return ours, theirs


class RealLink:
    """The backplane in real time. `board` has `on_frames`, `on_text`, `on_gone`."""

    def __init__(self, process: Process, board):
        self._process = process
        self._board = board
        self._loop = asyncio.get_running_loop()
        self._descriptors = (process.wire, process.console)
        self._is_stopped = False
        self._loop.add_reader(process.wire, self._on_wire)
        self._loop.add_reader(process.console, self._on_console)

    def post(self, frames: bytes, wake: bool = True) -> None:
        try:
            self._process.send(frames, 0, 0)
        except Gone:
            pass  # the end of the stream will be read soon

    def type(self, data: bytes) -> None:
        self._process.type(data)

    def _on_wire(self) -> None:
        try:
            for body, _, _ in self._process.take():
                if not self._is_stopped:
                    self._board.on_frames(body)
        except (Gone, ConnectionError):
            self._on_console()
            self._board.on_gone()

    def _on_console(self) -> None:
        text = self._process.read_console()
        if text:
            self._board.on_text(text)
        else:
            self._loop.remove_reader(self._process.console)

    def stop(self) -> None:
        self._is_stopped = True
        # What was printed before the reset may still lie in the pipe.
        self._board.on_text(self._process.read_console())
        for descriptor in self._descriptors:
            self._loop.remove_reader(descriptor)
        self._process.kill()


class VirtualLink:
    """The backplane in virtual time. `board` has `on_frames`, `on_text`, `on_gone`, `on_stuck`."""

    def __init__(self, process: Process, board, scheduler: Scheduler, patience_s: float):
        self._process = process
        self._board = board
        self._scheduler = scheduler
        self._patience_s = patience_s
        self._events = bytearray()
        self._is_waiting = self._is_urgent = self._is_stopped = False
        self._turn: Handle = scheduler.at(scheduler.now_us, self._listen)
        ONE_CORE.join(process.pid)

    def post(self, frames: bytes, wake: bool = True) -> None:
        """Leave frames for the board's next turn; `wake` ends its pause."""
        self._events += frames
        if wake and not self._is_urgent:
            self._is_urgent = True
            if self._is_waiting:
                self._turn.cancel()
                self._turn = self._scheduler.at(self._scheduler.now_us, self._give_turn)

    def _give_turn(self) -> None:
        now_us = self._scheduler.now_us
        events = bytes(self._events)
        self._events.clear()
        self._is_waiting = self._is_urgent = False
        quiet_us = min(self._scheduler.quiet_until() - now_us, _LONGEST_US)
        try:
            self._process.send(events, now_us - self._asked_us, quiet_us)
        except Gone:
            return self._board.on_gone()
        self._listen()

    def _listen(self) -> None:
        """Let the board run until it wants time to pass."""
        try:
            body, spent_us, wait_us = self._process.wait_for_turn(
                self._board.on_text, self._patience_s
            )
        except (Gone, ConnectionError):
            return self._board.on_gone()
        except Stuck as stuck:
            self._board.on_frames(stuck.frames)
            return self._board.on_stuck()
        now_us = self._scheduler.now_us
        self._asked_us = now_us + spent_us
        self._apply(split_times(body, now_us), wait_us)

    def _apply(self, parts: list[tuple[int, bytes]], wait_us: int) -> None:
        """Do what the board asked for, each part at its time, then wait with it."""
        while not self._is_stopped:
            time_us = parts[-1][0] if parts else self._asked_us
            if not self._scheduler.advance(time_us):
                self._turn = self._scheduler.at(time_us, lambda: self._apply(parts, wait_us))
                return
            if not parts:
                return self._wait(wait_us)
            self._board.on_frames(parts.pop()[1])

    def _wait(self, wait_us: int) -> None:
        self._is_waiting = True
        until_us = self._asked_us + (0 if self._is_urgent else wait_us)
        self._turn = self._scheduler.at(until_us, self._give_turn)

    def stop(self) -> None:
        self._is_stopped = True
        self._turn.cancel()
        self._process.kill()
        ONE_CORE.leave()
