"""How a peripheral of the chip asks what is wired to it: a frame out, and its answer back."""

from backplane import bus
from micropython import const

_PATIENCE_US = const(1000000)


class _Question:
    answer = None

    def take(self, id, data):
        self.answer = bytes(data)


def ask(kind, id, data=b""):
    """Return the answer to a frame of this kind; the program waits for it, as for the wires."""
    question = _Question()
    bus.handlers[kind] = question.take
    bus.post(kind, id, data)
    while question.answer is None:
        bus.pause(_PATIENCE_US)
    return question.answer
