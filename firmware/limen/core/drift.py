"""What measured errors tell of a clock: what has to glide away, and how far its crystal is off.

Half of what the clock has drifted over a quarter of an hour or more goes into its drift: the
round trip makes each error uncertain by some milliseconds. The better the clock runs, the less
often its sources are asked.
"""

from limen.core.compat import const

STEP_MS = const(128)  # a larger error is no drift: the clock or its source was wrong

_SHORTEST_S = const(64)
_LONGEST_S = const(4096)
_GOOD_MS = const(32)
_MS = const(1000000)  # in ns
_MOST_DRIFT = const(200000)  # ns per s, far beyond any crystal
_SPAN_S = const(900)


def restart(glide):
    """The clock was set: the next error tells how well, and nothing of the drift."""
    glide.left_ns = glide.owed_ns = glide.drifted_ns = 0
    glide.learnt_s = None
    glide.pause_s = 0


def learn(glide, error_ms, s):
    """Take an error, UTC less the clock, that was measured at this second of uptime.

    Returns in how many seconds to measure again.
    """
    if glide.learnt_s is None:
        glide.learnt_s = s
    else:
        glide.drifted_ns += error_ms * _MS - glide.left_ns
    glide.left_ns = error_ms * _MS
    span_s = s - glide.learnt_s
    if span_s >= _SPAN_S:
        drift = glide.drift + glide.drifted_ns // span_s // 2
        glide.drift = min(max(drift, -_MOST_DRIFT), _MOST_DRIFT)
        glide.drifted_ns = 0
        glide.learnt_s = s
    good = abs(error_ms) <= _GOOD_MS
    pause_s = glide.pause_s * 2 if good else glide.pause_s // 4
    glide.pause_s = min(max(pause_s, _SHORTEST_S), _LONGEST_S)
    return glide.pause_s
