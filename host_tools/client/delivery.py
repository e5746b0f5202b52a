"""From letters to items, one letter in hand: it is acknowledged when the caller asks for the next.

Births pass the other letters, which changes no meaning and lets a backlog that was kept for the
service be read with a birth that comes behind it. A letter whose birth is not known yet is held
for a moment. Letters lie in an `Inbox` of bounded size, whose writer waits while it is full.
"""

import threading
from collections import deque
from collections.abc import Callable

from host_tools.client.connection import Letter
from host_tools.client.items import Item, items
from host_tools.client.reader import Fault, Parsed, Reader, read
from host_tools.client.state import State, dump, restore

BIRTH_WAIT_S = 2
ROOM = 1000


class Inbox:
    """Letters between two threads: `put` waits for room, `pop` does not wait."""

    def __init__(self):
        self._births: deque[Letter] = deque()
        self._others: deque[Letter] = deque()
        self._room = threading.Semaphore(ROOM)
        self._is_closed = False

    def put(self, letter: Letter) -> None:
        self._room.acquire()
        if self._is_closed:
            self._room.release()
        elif letter.topic.endswith("/birth"):
            self._births.append(letter)
        else:
            self._others.append(letter)

    def pop_birth(self) -> Letter | None:
        return self._pop(self._births)

    def pop(self) -> Letter | None:
        return self._pop(self._others)

    def close(self) -> None:
        """Nobody reads any more: `put` neither waits nor keeps."""
        self._is_closed = True
        self._room.release()

    def _pop(self, letters: deque[Letter]) -> Letter | None:
        if not letters:
            return None
        self._room.release()
        return letters.popleft()


class Delivery:
    """Hands out the items of letter after letter; `ack(letter)` is called for each, in order."""

    def __init__(self, inbox: Inbox, ack: Callable[[Letter], None], state: State | None):
        self.reader = Reader()
        self._inbox = inbox
        self._ack = ack
        self._state = state
        self._held: tuple[Letter, Parsed | Fault] | None = None
        self._hold_until_s: int | float = 0
        self._in_hand: tuple[Letter, Parsed | Fault, list[Item]] | None = None
        if state:
            restore(self.reader, state.load())

    def next(self, now_s: float) -> list[Item] | None:
        """The items of the next letter that has any; None while there is none to be had.

        Until `settle` it stays the same letter.
        """
        while self._in_hand is None and (picked := self._pick(now_s)):
            letter, parsed = picked
            found = self.reader.take(parsed, letter.retained)
            gateway = self.reader.gateways.get(getattr(parsed, "gateway", None))
            self._in_hand = letter, parsed, [item for one in found for item in items(gateway, one)]
            if not self._in_hand[2]:
                self.settle()
        return self._in_hand[2] if self._in_hand else None

    def settle(self) -> None:
        """The letter in hand is processed: remember that, then acknowledge it."""
        letter, parsed, _ = self._in_hand
        if self._state and isinstance(parsed, Parsed):
            self._state.save(dump(self.reader, parsed))
        self._in_hand = None
        self._ack(letter)

    def wait_s(self, now_s: float) -> float | None:
        """How long to wait for another letter at most; None for ever."""
        return max(0, self._hold_until_s - now_s) if self._held else None

    def _pick(self, now_s: float) -> tuple[Letter, Parsed | Fault] | None:
        birth = self._inbox.pop_birth()
        if birth:
            return birth, read(birth.topic, birth.payload)
        if self._held is None:
            self._hold(now_s)
        if self._held and (self.reader.explains(self._held[1]) or now_s >= self._hold_until_s):
            held, self._held = self._held, None
            return held
        return None

    def _hold(self, now_s: float) -> None:
        letter = self._inbox.pop()
        if letter:
            self._held = letter, read(letter.topic, letter.payload)
            self._hold_until_s = now_s + BIRTH_WAIT_S
