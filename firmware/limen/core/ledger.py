"""Keeps a meter's counter honest: a running total of our own, exact through all that happens to it.

`total` begins as the first count believed. From then on it only grows, by what the meter counts,
whatever becomes of the meter's own count. A count that goes on from the last one, no further than
the largest rate allows in the time that passed, is believed. Any other is surprising: the ledger
answers REREAD, the driver reads again at once, and while the question is open the total stands
and is uncertain. What it turns out to be:

- *glitch*: the old line is back. Only what was counted meanwhile is added.
- *rollover*: the count began again at zero beyond `modulus`, from its upper half. The part across
  is added.
- *reset*: it began again near zero, and goes on from there. The new count is added.
- *replacement*: any other value that stays. It is the new base: only what it counts on is added.

A gap of days explains a large step: a second reading confirms it, as it does a rollover. A reset
and a replacement have to stay for a minute, as a meter that starts up may show zero for a while;
and even then the line before is remembered for a day, so that zeros of some hours are a glitch
when it is back. In doubt nothing is added: a reset begins below half the old count, and below what
may have been counted since the last reading, or in a day; and the line before is not back if it
had to pass `modulus` for it. More than one rollover within one gap cannot be seen, and one is
taken.

- Standing still never surprises. What is counted in bursts (gas: once an hour) may come at once,
  up to what the rate allows in two hours of standing still.
- A step back by no more than `dip` is waited out for as long as it takes: nothing is added before
  the count is back where it was, so nothing is booked twice.
- What devices show for "no value", 0xFFFFFFFF among others, is never a new line; a counter that
  comes to such a count by counting passes it.
- The first count of all is confirmed too, and a zero then has to stay for a minute.
- A count that surprises, and is followed by another one that does not go on from it, is no reason
  to read a third time: what runs faster than the rate would double the readings of its device.
- Export counts like import. A register that counts downwards is turned round by its scale.

`state` survives a reboot. It is to be saved at every event and else only now and then: the total
follows from the meter's count, so an old state loses nothing. How long the gap was may not be
known before the clock is set; until then what only a gap explains has to stay for a quarter of an
hour, and then may be what a week explains. A question that is open at a reboot is asked anew.

Counts are in the channel's resolution, times in whole seconds of uptime.
"""

from limen.core.compat import const
from limen.core.quality import BAD, GOOD, UNCERTAIN

# The answers. From FIRST on it is an event: the count is believed, and the state is to be saved.
ACCEPT = const(0)
REREAD = const(1)
HOLD = const(2)  # still under question; the next poll is early enough
FIRST = const(3)
ROLLOVER = const(4)
RESET = const(5)
REPLACEMENT = const(6)
GLITCH = const(7)
EVENTS = "first rollover reset replacement glitch"

_HOUR_S = const(3600)
_QUICK_S = const(900)  # a step that only more time than this explains is confirmed
_BURST_S = const(7200)
_SETTLE_S = const(60)
_DAY_S = const(86400)
_UNKNOWN_GAP_S = const(604800)


class Ledger:
    """`rule` is [largest rate in counts per hour, modulus in counts or 0, dip, sentinels...].

    `state` is what `state()` gave before the reboot, `s` the uptime now, `gap_s` the seconds from
    `seen_s`, the last reading believed, to now, or None while that is unknown. After an event
    `was` is the count left behind: the last one before the step, or the wrong one of a glitch.
    """

    def __init__(self, rule, state=None, s=0, gap_s=None):
        self._per_s, self._per_s_rest = divmod(rule[0], _HOUR_S)
        self._modulus = rule[1]
        self._dip = rule[2]
        self._sentinels = tuple(rule[3:])
        self.count = self._suspect = None
        self.total = 0
        self.was = self.seen_s = None
        self._base = self._wrong = self._since_s = self._suspect_s = self._changed_s = None
        self._old_count = self._old_total = 0
        self._old_s = s - _DAY_S
        self._blind = self._old_blind = False  # when it was read is not known yet
        if state:
            self._restore(state, s)
            if gap_s is not None:
                self.set_gap(gap_s)

    def _restore(self, state, s):
        self.count, self.total, self._old_count, self._old_total, old_age_s = state
        self.seen_s = self._changed_s = s - _UNKNOWN_GAP_S
        self._old_s = self.seen_s - old_age_s
        self._blind = self._old_blind = True

    def set_gap(self, gap_s):
        """Say how long the gap before this boot was, when the clock tells.

        It is about what was before: a line that has been read since is placed already.
        """
        shift_s = _UNKNOWN_GAP_S - gap_s
        if self._blind:
            self.seen_s += shift_s
            self._changed_s += shift_s
        if self._old_blind:
            self._old_s += shift_s
        self._blind = self._old_blind = False

    def state(self):
        """Five integers for the state store, None before the first count is believed."""
        if self.count is None:
            return None
        old_age_s = min(self.seen_s - self._old_s, _DAY_S)
        return [self.count, self.total, self._old_count, self._old_total, old_age_s]

    def quality(self):
        """The quality of `total`, which is 0 while a zero is to be the first count."""
        if self.count is None:
            return UNCERTAIN if self._suspect == 0 else BAD
        return GOOD if self._suspect is None else UNCERTAIN

    def feed(self, count, s):
        """Take a count read at uptime `s`; answer ACCEPT, REREAD, HOLD or an event."""
        if self.count is not None:
            step = count - self.count
            if 0 <= step <= self._most(min(self._age_s(s), _QUICK_S)):
                return self._go_on(step, s)
        if not self._agrees(count, s):
            self._wrong = self._suspect
            is_first = self._wrong is None or self._suspect_s != self._since_s
            answer = REREAD if is_first else HOLD
            self._base = count
            self._since_s = s
        elif count in self._sentinels:
            answer = HOLD
        else:
            answer = self._judge(count, s, s - self._since_s >= _SETTLE_S)
        if answer == REREAD or answer == HOLD:
            self._suspect = count
            self._suspect_s = s
        return answer

    def _go_on(self, step, s):
        """Believe what lies on the line; a question that was open is answered by it."""
        self._blind = False
        self.seen_s = s
        if step:
            self.count += step
            self.total += step
            self._changed_s = s
        if self._suspect is None:
            return ACCEPT
        self.was = self._suspect
        self._suspect = None
        return GLITCH

    def _agrees(self, count, s):
        """True when the count confirms the suspect, or goes on from it."""
        if self._suspect is None:
            return False
        return 0 <= self._step(self._suspect, count) <= self._most(s - self._suspect_s)

    def _judge(self, count, s, settled):
        if self.count is None:
            return self._turn(FIRST, count, count, s) if count or settled else HOLD
        step = self._step(self.count, count)
        goes_on = count >= self.count
        if 0 <= step <= self._most(self._age_s(s)) and (goes_on or 2 * self.count >= self._modulus):
            if self._blind and s - self._since_s < _QUICK_S:
                settled = False  # the clock may still tell that it is too far
            elif goes_on:
                self._suspect = self._wrong
                return self._go_on(step, s)
            else:
                return self._turn(ROLLOVER, count, step, s)
        is_dip = 0 < self.count - self._base <= self._dip
        if not is_dip and self._is_old_line(count, s):
            return self._return(count, s)
        if not settled:
            return HOLD
        since_base = max(0, self._step(self._base, count))
        if self._is_reset():
            return self._turn(RESET, count, self._base + since_base, s)
        if is_dip:
            return HOLD
        return self._turn(REPLACEMENT, count, since_base, s)

    def _is_reset(self):
        silent_s = min(self._since_s - self.seen_s, _DAY_S)
        return 0 <= self._base <= min(self._most(silent_s), self.count // 2)

    def _is_old_line(self, count, s):
        age_s = s - self._old_s
        return age_s < _DAY_S and 0 <= count - self._old_count <= self._most(age_s + _BURST_S)

    def _return(self, count, s):
        """The line before is back: what was believed since was a glitch, and its sum stays."""
        added = max(0, self._old_total + count - self._old_count - self.total)
        return self._turn(GLITCH, count, added, s)

    def _turn(self, event, count, added, s):
        """Begin a new line at `count`; one that may have been left by mistake is remembered."""
        self.was = self.count
        self._old_s = s - _DAY_S
        is_left = event == RESET or event == REPLACEMENT
        if is_left:
            self._old_count = self.count
            self._old_total = self.total
            self._old_s = self.seen_s
        self._old_blind = is_left and self._blind
        self.count = count
        self.total += added
        self.seen_s = self._changed_s = s
        self._suspect = None
        self._blind = False
        return event

    def _step(self, since, count):
        """How far it is to a count: across the modulus if it lies further back than a dip."""
        step = count - since
        return step + self._modulus if step < -self._dip else step

    def _age_s(self, s):
        """The time that may have gone into a step: since the last reading, and a burst before."""
        return s - self.seen_s + min(self.seen_s - self._changed_s, _BURST_S)

    def _most(self, age_s):
        """The most that can be counted in a time; a second and a count for when it was read."""
        age_s += 1
        return self._per_s * age_s + self._per_s_rest * age_s // _HOUR_S + 1
