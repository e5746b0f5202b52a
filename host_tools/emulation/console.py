"""The console of an emulated board: what a program prints there, and what is typed to it."""

from collections import deque
from collections.abc import Callable

_KEPT_LINES = 60
_INTERRUPT = b"\x03"


class Printed:
    """What one run of a program prints, told line by line; `banner` is how its prompt begins.

    What the prompt says is not told.
    """

    def __init__(self, banner: str, on_line: Callable[[str], None]):
        self._banner = banner
        self._on_line = on_line
        self._text = b""
        self._is_at_prompt = False
        self._last: deque[str] = deque(maxlen=_KEPT_LINES)

    def add(self, text: bytes) -> None:
        *lines, self._text = (self._text + text).split(b"\n")
        for line in lines:
            self._tell(line)

    def end(self) -> None:
        """What was printed last is a line; not on the port, where the prompt speaks by now."""
        text, self._text = self._text, b""
        if text:
            self._tell(text)

    def last_lines(self) -> str:
        return "\n".join(self._last)

    def _tell(self, text: bytes) -> None:
        line = text.decode(errors="replace").rstrip("\r")
        self._is_at_prompt = self._is_at_prompt or line == self._banner
        if not self._is_at_prompt:
            self._last.append(line)
            self._on_line(line)


class Typed:
    """What is typed from one reset to the next: it waits until the program listens."""

    def __init__(self):
        self.is_interrupted = False
        self._waiting = b""
        self._listener: Callable[[bytes], None] | None = None

    def type(self, data: bytes) -> None:
        if self._listener:
            self.is_interrupted = self.is_interrupted or _INTERRUPT in data
            self._listener(data)
        else:
            self._waiting += data

    def listen(self, listener: Callable[[bytes], None]) -> None:
        """From now on. An interrupt throws away what was typed before it."""
        self._listener = listener
        if self._waiting:
            self.type(self._waiting[max(0, self._waiting.rfind(_INTERRUPT)) :])
