"""One run of a program on an emulated board, from the start of its interpreter until it is stopped.

It has what ends with the program: the backplane to its interpreter, its side of the network, what
it prints. It hears what the interpreter says, and passes on to the board what concerns the chip.
"""

import struct

from host_tools.emulation.backplane import (
    Process,
    RealLink,
    VirtualLink,
    frame,
    split_frames,
)
from host_tools.emulation.console import Printed, Typed
from host_tools.emulation.device import frames
from host_tools.emulation.lan import Interface, Lan
from host_tools.emulation.scheduler import RealScheduler, Scheduler

_LAST_WORDS_US = 200_000


class Run:
    """`board` is what it runs on, and `typed` what is typed there from before it started."""

    def __init__(
        self,
        board,
        process: Process,
        scheduler: Scheduler,
        lan: Lan,
        typed: Typed,
        patience_s: float,
    ):
        self.process = process
        self.printed = Printed(board.banner, lambda line: board.on_console(line))
        self._board = board
        self._scheduler = scheduler
        self._typed = typed
        self._is_real = isinstance(scheduler, RealScheduler)
        self._is_over = False
        if self._is_real:
            self._link = RealLink(process, self)
        else:
            self._link = VirtualLink(process, self, scheduler, patience_s)
        self._interface = Interface(lan, self._link.post)
        self._up: set[str] = set()
        self.post = self._link.post
        self._handlers = board.handlers | {
            frames.BOOT: self._on_booted,
            frames.END: self._on_end,
            frames.RESET: self._on_reset,
        }

    def stop(self) -> None:
        """Stop the program, wherever it is."""
        self._link.stop()
        self._is_over = True
        self._interface.close()

    def set_link(self, name: str, up: bool) -> None:
        """One of the board's network interfaces tells whether packets pass."""
        (self._up.add if up else self._up.discard)(name)
        self._interface.is_up = bool(self._up)
        self._interface.resume()

    # What the backplane calls.

    def on_text(self, text: bytes) -> None:
        self._board.on_output(text)
        self.printed.add(text)

    def on_gone(self) -> None:
        """The interpreter itself has ended, which a chip cannot do.

        This port may do so where Ctrl-C comes in the midst of its own work: then it starts anew.
        """
        if self._typed.is_interrupted:
            self._board.restart()
        else:
            self._end()
            self._board.halt()

    def on_stuck(self) -> None:
        """The program takes no turn any more: only the watchdog can help, when its time comes."""
        if self._board.is_watched:
            self._board.halt()
        else:
            self.on_text(b"\nthe program no longer lets time pass, and no watchdog is armed\n")
            self.on_gone()

    def on_frames(self, body: bytes) -> None:
        for kind, id, data in split_frames(body):
            handler = self._handlers.get(kind)
            if handler:
                handler(id, data)
            elif kind in frames.QUESTIONS:
                self._ask(kind, id, data)
            else:
                self._interface.on_frame(kind, id, data)
            if self._is_over:
                return

    def _on_booted(self, id: int, data: bytes) -> None:
        self._board.on_booted(*struct.unpack(frames.BOOTED_FORMAT, data))
        if self._is_real:
            self._typed.listen(self._link.type)

    def _on_end(self, id: int, data: bytes) -> None:
        """A terminal, which there is in real time, hands over what was printed a moment later."""
        if self._is_real:
            self._scheduler.after(_LAST_WORDS_US, lambda: self._is_over or self._end())
        else:
            self._end()

    def _end(self) -> None:
        self.printed.end()
        self._board.on_exit(self.printed.last_lines())

    def _on_reset(self, cause: int, data: bytes) -> None:
        self._board.restart(cause, bool(data))

    def _ask(self, kind: int, number: int, data: bytes) -> None:
        """The program asks what is wired to the chip; the answer takes the time of its wires."""
        answer, takes_us = self._board.ask(kind, number, data)
        self._scheduler.after(
            takes_us, lambda: self._is_over or self.post(frame(kind, number, answer))
        )
