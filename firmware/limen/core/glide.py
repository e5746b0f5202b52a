"""How a clock follows a better one without a jump: by a millisecond at a time.

A crystal is off by some parts in a million, always about the same: this drift is corrected all the
time. An error that was measured glides away besides, at 500 ppm at most. Never does UTC go back
by two milliseconds at once: readings that are at least a millisecond apart keep their order.
"""

from limen.core.compat import const

_MS = const(1000000)  # in ns
_GLIDE_NS_PER_S = const(500000)
_LONGEST_S = const(4096)


class Glide:
    """`drift` is in ns per s, `left_ns` what still has to glide away; `core/drift.py` sets both."""

    def __init__(self):
        self.drift = self.left_ns = self.owed_ns = 0
        self.drifted_ns = 0
        self.learnt_s = None
        self.pause_s = 0

    def next_s(self):
        """In how many seconds the next correction is due."""
        rate = abs(self.drift) + (_GLIDE_NS_PER_S if self.left_ns else 0)
        if abs(self.owed_ns) >= _MS:
            return 1
        return min(max(_MS // rate, 1), _LONGEST_S) if rate else _LONGEST_S

    def correct(self, passed_s):
        """By how many ms to move UTC, now that so many seconds have passed."""
        most_ns = _GLIDE_NS_PER_S * passed_s
        glide_ns = min(max(self.left_ns, -most_ns), most_ns)
        self.left_ns -= glide_ns
        owed_ns = self.owed_ns + glide_ns + self.drift * passed_s
        ms = max((owed_ns + _MS // 2) // _MS, -1)
        self.owed_ns = owed_ns - ms * _MS
        return ms
