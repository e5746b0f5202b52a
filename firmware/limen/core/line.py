"""Publishes the few samples whose straight lines tell all the others, to within a bound.

A subscriber that draws a straight line from each published sample to the next is never further off
than the bound, at any sample. Which samples to publish is a search for the shortest path: a line
may go from one sample to a later one when it passes all in between within the bound, and the path
with the fewest lines is wanted. A line from a sample keeps to the bound while its slope lies
between two limits, which every sample in between can only narrow; so a sample from which lines may
still go, an *open* one, needs but those two numbers, however far back it lies. Each new sample
joins the path of the fewest lines that reaches it and becomes an open one itself.

Published is a sample that all paths go through, and, when the last published one is as old as the
longest delay, the next one on the best path. Memory is bounded: of too many open samples those go
that need the most lines, and among these one that lies close behind another, measured by its age;
so they lie the denser the newer they are. This costs a few points and never the bound.

A slope is counts for each 2**shift ms, rounded so that the limits get narrower: the bound holds
exactly. A change of quality, a sample of bad quality among them, ends the line with the last
sample before it.
"""

from limen.core.compat import const
from limen.core.elapsed import elapsed_ms
from limen.core.quality import BAD, STALE

EARLIER = const(2)  # what `passes` adds: samples from before are to be published first

_DATA = const(0)  # the kind of the records
_OPEN = const(16)
_NODES = const(24)
_NONE = const(255)
_SLOPE_BITS = const(26)
_AGE_STEPS = const(10)
_NEAR = const(4)


class Line:
    """`rule` is (bound in counts, longest delay in ms).

    When `passes` says EARLIER, each call of `next` that is True has set `value`, `s` and `ms` to a
    sample that is to be published, in the order of time; call it until it is False.
    """

    def __init__(self, rule):
        self._bound, self._delay_ms = rule
        self._set_slopes()
        self._time = [0] * _NODES  # ms since the root, which is the sample published last
        self._value = [0] * _NODES
        # A node's limits: the slope, and the step and span of which it is about the quotient.
        self._low, self._low_step, self._low_span = [[0] * _NODES for _ in range(3)]
        self._high, self._high_step, self._high_span = [[0] * _NODES for _ in range(3)]
        self._hops = bytearray(_NODES)  # lines from the root
        self._parent = bytearray(_NODES)
        self._first = bytearray(_NODES)  # the first node behind the root on the way to this one
        self._ties = bytearray(_NODES)  # being root, being open, and each child: 0 is free
        self._open = bytearray(_OPEN)  # in the order of time
        self._closing = bytearray(_OPEN)
        self._quality = None
        self._count = self._root = self._newest = self._target = 0
        self._ends = False
        self.told = self.s = self.ms = 0

    def _set_slopes(self):
        """Slopes are about as fine as a count at the end of the longest line, and worked out in
        steps of some bits that stay within the small integers."""
        bits = 1
        while 1 << bits <= self._delay_ms:
            bits += 1
        step = max(29 - bits, 4)
        self._steps = (step,) * ((bits + 2) // step)
        fraction = step * len(self._steps)
        # Behind half an hour small integers cannot hold a slope anyway.
        self._steepest = 1 << (_SLOPE_BITS - fraction if fraction <= 23 else 8)
        self._limit = self._steepest << fraction

    def passes(self, value, quality, s, ms):
        """1 when the sample of uptime (s, ms) is to be published itself, plus EARLIER."""
        now = elapsed_ms(self.s, self.ms, s, ms)
        if quality == self._quality:
            if quality >= BAD:
                return 0
            if now > self._time[self._newest] and self._take(value, now):
                return 0 if self._target == self._root else EARLIER
        elif quality == STALE and self._quality == BAD and now < self._delay_ms:
            return 0
        return self._restart(value, quality, s, ms)

    def put_earlier(self, path, number, index):
        """Put the samples from before into records of device `number`, channel `index`."""
        quality = self._line_quality
        while self.next():
            path.begin(_DATA, number, quality, self.s, self.ms)
            path.outbox.add(index, self.told)
            path.outbox.put()

    def next(self):
        """Step to the next sample that is to be published; False when there is none."""
        node = self._target
        if node == self._root:
            if self._ends:
                self._begin()
            return False
        while self._parent[node] != self._root:
            node = self._parent[node]
        self._move_root(node)
        return True

    def _restart(self, value, quality, s, ms):
        """End the line; another begins with this sample when those before are published."""
        self._line_quality = self._quality
        self._quality = quality
        self._held_value = value
        self._held_s = s
        self._held_ms = ms
        self._target = self._newest
        self._ends = True
        if self._target != self._root:
            return 1 + EARLIER
        self._begin()
        return 1

    def _begin(self):
        self._ends = False
        self._line_quality = self._quality
        self.told = self._value[0] = self._held_value
        self.s = self._held_s
        self.ms = self._held_ms
        for node in range(_NODES):
            self._ties[node] = 0
        self._count = self._root = self._newest = self._target = 0
        self._ties[0] = 1
        self._parent[0] = _NONE
        self._hops[0] = self._time[0] = 0
        self._put_open(0)

    def _take(self, value, now):
        """Let a sample join the best path to it; False when there is no room for it at all."""
        parent = self._reach(value, now)
        node = self._make_room(parent, now)
        if node == _NONE:
            return False
        self._time[node] = now
        self._value[node] = value
        self._parent[node] = parent
        self._hops[node] = self._hops[parent] + 1
        self._first[node] = node if parent == self._root else self._first[parent]
        self._newest = node
        self._put_open(node)
        self._target = self._certain(now)
        return True

    def _reach(self, value, now):
        """Narrow all limits by a sample; return the node from which it is reached best, tied."""
        least = best = _NONE
        kept = closing = 0
        for place in range(self._count):
            node = self._open[place]
            span = now - self._time[node]
            step = value - self._value[node]
            slope = self._slope(step, span)
            if self._hops[node] <= least and self._admits(node, slope, step, span):
                least = self._hops[node]
                best = node
            if self._narrow(node, slope, step, span):
                self._open[kept] = node
                kept += 1
            else:
                self._closing[closing] = node
                closing += 1
        self._count = kept
        self._ties[best] += 1
        for place in range(closing):
            self._untie(self._closing[place])
        return best

    # Slopes are compared by what they are about; when that is too close to tell, exactly.

    def _admits(self, node, slope, step, span):
        """True when a line of this slope keeps to the bound at all samples behind the node."""
        above = slope - self._low[node]
        below = self._high[node] - slope
        return (
            above >= -_NEAR
            and below >= -_NEAR
            and (above > _NEAR or step * self._low_span[node] >= self._low_step[node] * span)
            and (below > _NEAR or step * self._high_span[node] <= self._high_step[node] * span)
        )

    def _narrow(self, node, slope, step, span):
        """Keep lines from a node to the bound at this sample; False when no slope is left."""
        if abs(slope) > self._limit:
            return False
        width = min(self._slope(self._bound, span), self._limit)
        first = step - self._bound
        more = slope - width - self._low[node]
        if (
            more > _NEAR
            or more >= -_NEAR
            and (first * self._low_span[node] > self._low_step[node] * span)
        ):
            self._low[node] = slope - width
            self._low_step[node] = first
            self._low_span[node] = span
        last = step + self._bound
        more = self._high[node] - slope - width
        if (
            more > _NEAR
            or more >= -_NEAR
            and (last * self._high_span[node] < self._high_step[node] * span)
        ):
            self._high[node] = slope + width
            self._high_step[node] = last
            self._high_span[node] = span
        left = self._high[node] - self._low[node]
        return (
            left > _NEAR
            or left >= -_NEAR
            and (
                self._low_step[node] * self._high_span[node]
                <= self._high_step[node] * self._low_span[node]
            )
        )

    def _slope(self, step, span):
        """About step / span, by less than 1; what is too steep for the small integers is beyond
        all limits."""
        slope = step // span
        if not -self._steepest <= slope < self._steepest:
            return 4 * self._limit if step > 0 else -4 * self._limit
        rest = step - slope * span
        for bits in self._steps:
            rest <<= bits
            digit = rest // span
            rest -= digit * span
            slope = (slope << bits) + digit
        return slope

    def _put_open(self, node):
        self._low[node] = -8 * self._limit
        self._high[node] = 8 * self._limit
        self._ties[node] += 1
        self._open[self._count] = node
        self._count += 1

    def _untie(self, node):
        """Take a tie from a node; what nothing holds any longer is free, back to the root."""
        while node != _NONE:
            self._ties[node] -= 1
            if self._ties[node]:
                return
            node = self._parent[node]

    def _make_room(self, parent, now):
        """Return a free node; samples are closed where there are too many. _NONE: none is free."""
        while True:
            if self._count < _OPEN:
                for node in range(_NODES):
                    if not self._ties[node]:
                        return node
            if not self._count:
                return _NONE
            self._close(self._superfluous(parent, now))

    def _superfluous(self, parent, now):
        """The place of the open sample that is missed least; the new one's parent is missed."""
        most = 0
        for place in range(self._count):
            node = self._open[place]
            if node != parent:
                most = max(most, self._hops[node])
        found = before = -1
        only = least = 0
        for place in range(self._count):
            node = self._open[place]
            if self._hops[node] == most and node != parent:
                time = self._time[node]
                if before >= 0:
                    age = ((now - before) >> _AGE_STEPS) + 1
                    distance = (time - before) // age
                    if found < 0 or distance < least:
                        least = distance
                        found = place
                elif found < 0:
                    only = place
                before = time
        return only if found < 0 else found

    def _close(self, place):
        node = self._open[place]
        self._count -= 1
        for after in range(place, self._count):
            self._open[after] = self._open[after + 1]
        self._untie(node)

    def _certain(self, now):
        """The last node that is to be published by now: the root where there is none."""
        node = self._newest
        while node != self._root and now - self._time[self._parent[node]] < self._delay_ms:
            node = self._parent[node]
        if node != self._root:
            return node
        first = self._first[self._newest]
        for place in range(self._count):
            node = self._open[place]
            if node == self._root or self._first[node] != first:
                return self._root
        return first

    def _move_root(self, root):
        """Make a child of the root, which is published now, the new root."""
        passed_ms = self._time[root]
        total = self.ms + passed_ms
        self.s += total // 1000
        self.ms = total % 1000
        self.told = self._value[root]
        old = self._root
        self._root = root
        self._ties[root] += 1
        self._parent[root] = _NONE
        self._untie(old)
        self._untie(old)
        hops = self._hops[root]
        for node in range(_NODES):
            self._time[node] -= passed_ms
            self._hops[node] = self._hops[node] - hops & 255
        self._leave_others()

    def _leave_others(self):
        """Close what does not lie behind the root."""
        place = 0
        while place < self._count:
            node = first = self._open[place]
            while node != self._root and node != _NONE:
                first = node
                node = self._parent[node]
            if node == _NONE:
                self._close(place)
            else:
                self._first[self._open[place]] = first
                place += 1
