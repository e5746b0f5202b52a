"""What a machine is doing, from its power or from signals, and how long it has been doing it.

States are off, idle, setup, running, fault, and unknown while nothing is known. What is *shown*
becomes the state when it has lasted for its dwell; then it counts from when it began, so a short
stop between two strokes is running, and a long one was a stop from its first second. Unknown is
entered and left at once. Time and energy are booked to one state each, once it is decided: their
sums are the time that has passed and the energy that was counted, always.
"""

from limen.core.compat import const

OFF = const(0)
IDLE = const(1)
SETUP = const(2)
RUNNING = const(3)
FAULT = const(4)
UNKNOWN = const(5)
COUNT = const(6)
NAMES = "off idle setup running fault unknown"

_WHOLE = const(1000)  # ratios are permille
_SENSELESS = const(10000)


class Bands:
    """Bands of power: below limits[i], and not below the one before, states[i] is shown.

    A limit is passed upwards at its value and downwards `hysteresis` below it.
    """

    def __init__(self, limits, states, hysteresis):
        self._limits = limits
        self._states = states
        self._hysteresis = hysteresis
        self._band = 0

    def show(self, power):
        """The state that a power shows; None is no power: unknown."""
        if power is None:
            return UNKNOWN
        limits = self._limits
        while self._band < len(limits) and power >= limits[self._band]:
            self._band += 1
        while self._band and power < limits[self._band - 1] - self._hysteresis:
            self._band -= 1
        return self._states[self._band]


class Dwell:
    """Decides between what is shown and what is; `dwell_ms` by state.

    After `feed` or `settle`, `booked` is the state that `ms` and `used` belong to; None:
    undecided. `since_ms` is how long ago the state has begun when it has just changed.
    """

    def __init__(self, dwell_ms):
        self._dwell_ms = dwell_ms
        self.state = self._shown = UNKNOWN
        self.booked = None
        self.ms = self.used = 0
        self._lasts_ms = self.since_ms = 0
        self._open_ms = self._open_used = 0

    def feed(self, shown, passed_ms, used):
        """`passed_ms` and `used` since the last call belong to what was shown then. True: the
        state has changed."""
        self._open_ms += passed_ms
        self._open_used += used
        self._lasts_ms += passed_ms
        if self._shown == self.state:
            self._book()
        else:
            self.booked = None
            if self._is_due():
                self._turn()
                self._show(shown)
                return True
        self._show(shown)
        if self._shown != self.state and self._is_due():
            self._turn()
            return True
        return False

    def settle(self):
        """Book what is undecided to the state that stands, as an account is closed now."""
        self._book()

    def _show(self, shown):
        if shown != self._shown:
            if self._shown != self.state:
                self._book()
            self._shown = shown
            self._lasts_ms = 0

    def _is_due(self):
        is_known = self.state != UNKNOWN and self._shown != UNKNOWN
        return not is_known or self._lasts_ms >= self._dwell_ms[self._shown]

    def _turn(self):
        """What is shown is the state, from when it began."""
        self.state = self._shown
        self.since_ms = self._lasts_ms
        if self._open_ms or self._open_used:
            self._book()

    def _book(self):
        self.booked = self.state
        self.ms = self._open_ms
        self.used = self._open_used
        self._open_ms = self._open_used = 0


class Tally:
    """Time in ms and energy by state, starts and parts of a shift, a day or an order.

    `busy_ms` is the time for which work was planned: all but breaks in which it does not run.
    """

    def __init__(self, kept=None):
        self.ms, self.used, numbers = kept or ([0] * COUNT, [0] * COUNT, [0] * 4)
        self.busy_ms, self.starts, self.parts, self.rejects = numbers

    def state(self):
        """What `kept` takes; it does not change any more."""
        numbers = [self.busy_ms, self.starts, self.parts, self.rejects]
        return [self.ms[:], self.used[:], numbers]

    def book(self, state, ms, used, is_planned):
        self.ms[state] += ms
        self.used[state] += used
        if is_planned or state == RUNNING:
            self.busy_ms += ms

    def seconds(self):
        """Seconds by state; their sum is the whole, to the second."""
        seconds, before, sum_ms = [], 0, 0
        for ms in self.ms:
            sum_ms += ms
            seconds.append(sum_ms // 1000 - before)
            before = sum_ms // 1000
        return seconds

    def ratios(self, ideal_ms):
        """[availability, performance, quality, OEE, utilisation] in permille, None where there is
        no such.

        ISO 22400-2: running / planned busy time; ideal time of all parts / running; good / all
        parts; and the product of the three, rounded once. Utilisation is running / all time.
        """
        running_ms, busy_ms = self.ms[RUNNING], self.busy_ms
        good = self.parts - self.rejects
        ideal_ms = ideal_ms or 0
        return [
            _ratio(running_ms, busy_ms),
            _ratio(ideal_ms * self.parts, running_ms) if ideal_ms else None,
            _ratio(good, self.parts),
            _ratio(ideal_ms * good, busy_ms) if ideal_ms else None,
            _ratio(running_ms, sum(self.ms)),
        ]


def _ratio(part, whole):
    """part / whole, rounded; None without a whole, and where it cannot be meant (over 999.9 %)."""
    ratio = (2 * part * _WHOLE + whole) // (2 * whole) if whole else _SENSELESS
    return ratio if ratio < _SENSELESS else None
