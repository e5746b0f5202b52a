"""How a clock follows a better one: small errors glide away, large ones are stepped over.

A crystal is off by some parts in a million, always about the same. Each measured error tells more
of this drift, which is then corrected all the time, also while nobody answers. What is left glides
away at 500 ppm at most, and never two milliseconds backwards at once: readings that are at least a
millisecond apart keep their order in UTC. Sources are asked the less often the better it runs.
"""

from limen.core.compat import const

STEP_MS = const(128)  # a larger error is no drift: the clock or its source was wrong

_SHORTEST_S = const(64)
_LONGEST_S = const(4096)
_GOOD_MS = const(32)
_MS = const(1000000)  # in ns
_GLIDE_NS_PER_S = const(500000)
_MOST_DRIFT = const(200000)  # ns per s, far beyond any crystal
_DRIFT_SPAN_S = const(900)  # over a shorter time the round trip hides the drift


class Glide:
    """`drift` is in ns per s; `pause_s` tells when to ask for the next error."""

    def __init__(self):
        self.drift = 0
        self.restart()

    def restart(self):
        """The clock was set: the next error tells how well, and nothing of the drift."""
        self._left_ns = self._owed_ns = self._drifted_ns = 0
        self._learnt_s = None
        self.pause_s = _SHORTEST_S

    def learn(self, error_ms, s):
        """Take an error, UTC less the clock, that was measured at this second of uptime."""
        if self._learnt_s is None:
            self._learnt_s = s
        else:
            self._drifted_ns += error_ms * _MS - self._left_ns
        self._left_ns = error_ms * _MS
        span_s = s - self._learnt_s
        if span_s >= _DRIFT_SPAN_S:
            drift = self.drift + self._drifted_ns // span_s // 2
            self.drift = min(max(drift, -_MOST_DRIFT), _MOST_DRIFT)
            self._drifted_ns = 0
            self._learnt_s = s
        good = abs(error_ms) <= _GOOD_MS
        pause_s = self.pause_s * 2 if good else self.pause_s // 4
        self.pause_s = min(max(pause_s, _SHORTEST_S), _LONGEST_S)

    def next_s(self):
        """In how many seconds the next correction is due."""
        rate = abs(self.drift) + (_GLIDE_NS_PER_S if self._left_ns else 0)
        if abs(self._owed_ns) >= _MS:
            return 1
        return min(max(_MS // rate, 1), _LONGEST_S) if rate else _LONGEST_S

    def correct(self, passed_s):
        """By how many ms to move UTC, now that so many seconds have passed."""
        most_ns = _GLIDE_NS_PER_S * passed_s
        glide_ns = min(max(self._left_ns, -most_ns), most_ns)
        self._left_ns -= glide_ns
        owed_ns = self._owed_ns + glide_ns + self.drift * passed_s
        ms = max((owed_ns + _MS // 2) // _MS, -1)
        self._owed_ns = owed_ns - ms * _MS
        return ms
