"""Learns where requests to a device must be cut, when it refuses one although it has the registers.

Some devices refuse to read across registers that they do not have, or leave such a request
unanswered, or serve only requests that are shorter than the data sheet says. A refused request is
cut in two, at a gap where it has one, until all parts are served. Then each cut is tried again:
without one that is not needed the parts are served as one. What remains is proven, and worth
keeping. A cut is the address of a register that does not share a request with those before it.
"""

import json

from limen.core.compat import const

_MOST_TOLD = const(16)
_FUNCTION_UNIT = 1 << 16  # a cut is kept with its function: function * this + address


class Cuts:
    """`lesson` is what was taken from a `Cuts` earlier; all of it counts as proven."""

    def __init__(self, lesson):
        self._proven = list(lesson)
        self._open = []
        self._trying = None
        self._is_new = False

    def of(self, function):
        """The addresses of the cuts to obey when requests with this function are planned."""
        cuts = self._proven + self._open
        return [cut % _FUNCTION_UNIT for cut in cuts if cut // _FUNCTION_UNIT == function]

    def refuse(self, function, spans):
        """A request for registers [(address, words), ...] was refused: return how many of them
        lie before the cut."""
        first = function * _FUNCTION_UNIT
        self._is_new = True
        for count in range(1, len(spans)):
            cut = first + spans[count][0]
            if cut == self._trying:
                self._trying = None
                self._proven.append(cut)
                return count
        count = _place(spans)
        self._open.append(first + spans[count][0])
        return count

    def accept(self, request):
        """A request was served: a cut within it is not needed."""
        start = request[1] * _FUNCTION_UNIT + (request[2] << 8 | request[3])
        stop = start + (request[4] << 8 | request[5])
        if self._trying is not None and start < self._trying < stop:
            self._trying = None

    def try_without(self):
        """Try to do without the next cut that is not proven; whether plans change by that."""
        if self._trying is not None or not self._open:
            return False
        self._trying = self._open.pop()
        return True

    def take_lesson(self):
        """All proven cuts, once, when none is in question; else None."""
        if not self._is_new or self._trying is not None or self._open:
            return None
        self._is_new = False
        return sorted(self._proven)


def event(lesson):
    """The body of an event that tells a lesson."""
    told = [list(divmod(cut, _FUNCTION_UNIT)) for cut in lesson[:_MOST_TOLD]]
    return json.dumps({"refused": {"count": len(lesson), "cuts": told}})


def _place(spans):
    """How many registers to leave before the cut: nearest to the middle where a gap is, if any."""
    best = choice = None
    for count in range(1, len(spans)):
        address, words = spans[count - 1]
        has_no_gap = address + words >= spans[count][0]
        key = has_no_gap, abs(2 * count - len(spans))
        if best is None or key < best:
            best, choice = key, count
    return choice
