"""Cuts what counters count into clock-aligned intervals: nothing is lost, nothing is twice.

An interval ends on the clock: at a multiple of its length, in local standard time. A counter's
value at the boundary is that of the last reading at or before it; what is counted between that
reading and the boundary goes into the next interval. So the sum of the intervals is the counter's
own difference, always: over gaps, reboots and steps of the clock.

- *Gap.* An interval in which nothing was read is not told; what was counted meanwhile belongs to
  the first one that is read again. Where readings around a boundary are further apart than `gap_s`
  both its sides are in doubt. A gap within an interval costs nothing: the counter counts on.
- *Counter that goes back.* What was counted before stays, nothing is added, the interval is in
  doubt, and counting goes on from the lower value.
- *Clock.* A step forward is a gap. A step back of less than an interval leaves the open one open
  until its time comes again; a longer one ends it where it is, in doubt. `hold` keeps readings that
  were taken before the clock was set, the longer the fewer; `release` places them.
- The first interval begins with the first reading, and is in doubt as it is not whole.

Times are seconds since 2000 UTC and milliseconds, counts are those of the channels.
"""

from limen.core.compat import const

_HELD = const(32)
_HOLD_S = const(10)


class Intervals:
    """`length_s` divides an hour; `size` counters; `shift_s` is the zone's standard offset.

    When `feed` has ended an interval: `end_s` is its end, `used` what each counter counted in it,
    None for one without a reading, `totals` the counters at the end, and `doubt` is true where it
    may be shifted or not whole. `begin_s` is where it began to count, `opens_s` the open one.
    """

    def __init__(self, length_s, size, gap_s, shift_s=0):
        self.length_s = length_s
        self._gap_s = gap_s
        self._shift_s = shift_s % length_s
        self._open_s = None  # the end of the open interval
        self._open_doubt = True
        self._seen_s = None
        self._base = [None] * size
        self._last = [None] * size
        self.used = [None] * size
        self.totals = [None] * size
        self.end_s = 0
        self.doubt = False
        self.held = []
        self._spacing_s = _HOLD_S

    def state(self):
        """[end of the open interval, doubt, time of the last reading, [first, last count] each]."""
        pairs = [[self._base[i], self._last[i]] for i in range(len(self._base))]
        return [self._open_s, 1 if self._open_doubt else 0, self._seen_s] + pairs

    def restore(self, state):
        """Go on from what `state` gave; a counter that is new has None in the place of its pair."""
        self._open_s, doubt, self._seen_s = state[:3]
        self._open_doubt = doubt == 1
        for i in range(len(self._base)):
            if state[3 + i]:
                self._base[i], self._last[i] = state[3 + i]

    def feed(self, s, ms, counts, doubt=False):
        """Take the counters read at a UTC, None for one without a value; True: one has ended."""
        has_ended = False
        if self._open_s is None:
            self._open_s = self._end_of(s, ms)
        elif s > self._open_s or s == self._open_s and ms or self._open_s - s >= 2 * self.length_s:
            self._end(s)
            self._open_s = self._end_of(s, ms)
            has_ended = True
        is_whole = not doubt
        for i in range(len(counts)):
            if counts[i] is None:
                is_whole = False
            else:
                self._count(i, counts[i])
        if is_whole:
            self._seen_s = s
        return has_ended

    def used_so_far(self, i):
        """What counter `i` has counted in the open interval."""
        return self._last[i] - self._base[i] if self._last[i] is not None else 0

    def left_s(self, s):
        """Seconds from a UTC to the end of the open interval."""
        return min(max(self._open_s - s, 0), self.length_s)

    def last(self, i):
        """The newest count of counter `i`."""
        return self._last[i]

    def _end_of(self, s, ms):
        """The end of the interval of a moment; a moment on the boundary is the end of one."""
        since_s = (s - (0 if ms else 1) + self._shift_s) % self.length_s
        return s - (0 if ms else 1) - since_s + self.length_s

    def _count(self, i, count):
        last = self._last[i]
        if last is None:
            self._base[i] = count
            self._open_doubt = True
        elif count < last:
            self._base[i] -= last - count
            self._open_doubt = True
        self._last[i] = count

    def _end(self, s):
        """End the open interval, as a reading of UTC `s` is no longer its."""
        is_gap = self._seen_s is None or not 0 <= s - self._seen_s <= self._gap_s
        self.end_s = self._open_s
        self.doubt = self._open_doubt or is_gap
        self._open_doubt = is_gap
        for i in range(len(self._base)):
            last = self._last[i]
            self.used[i] = None if last is None else last - self._base[i]
            self._base[i] = self.totals[i] = last

    def hold(self, s, ms, counts):
        """Keep counters that were read at an uptime, while nobody knows the time."""
        held = self.held
        if not held or s - held[-1][0] >= self._spacing_s:
            if len(held) == _HELD:
                self.held = held = held[::2]
                self._spacing_s *= 2
            held.append((s, ms, counts[:]))

    def release(self):
        """The readings held, oldest first, as (s, ms, counts); they are held no longer."""
        held = self.held
        self.held = []
        self._spacing_s = _HOLD_S
        return held
