"""The ledger against a meter whose true consumption is known, over random histories.

Each step of a history does one thing to the meter, which goes on counting; a step that the
ledger's documentation calls undecidable for any reader (a glitch to a value that the meter might
have counted to, a new meter that stands just where the old one could) is left out.
"""

import csv
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from limen.core.ledger import (
    ACCEPT,
    FIRST,
    GLITCH,
    REPLACEMENT,
    REREAD,
    RESET,
    ROLLOVER,
    Ledger,
)
from limen.core.quality import GOOD

COUNTERS = (
    Path(__file__).parents[2] / "../shared/data/opsd_counters/household_data_60min_singleindex.csv"
)
DAY_S = 86400
BURST_S = 7200
POLL_S = 10
UNKNOWN_S = 900  # what a gap of unknown length may explain has to stay for so long
DIP = 10
ALL_ONES = (1 << 50) - 1  # beyond what the display of any meter here can show

share = st.integers(0, 100)
wrong = st.one_of(st.sampled_from(["zero", "ones"]), st.integers(0, 10**9))
STEPS = st.one_of(
    st.tuples(st.just("run"), st.integers(1, 60), st.integers(1, 60), share),
    st.tuples(st.just("run"), st.integers(1, 60), st.integers(1, 60), share),
    st.tuples(st.just("stand"), st.integers(60, 5 * DAY_S)),
    st.tuples(st.just("gap"), st.integers(60, 5 * DAY_S), share),
    st.tuples(st.just("glitch"), wrong, st.integers(1, 6), share),
    st.tuples(st.just("long_glitch"), wrong, st.integers(8, 8000), share),
    st.tuples(st.just("dip"), st.integers(1, DIP), st.integers(1, 400), share),
    st.tuples(st.just("reset"), share),
    st.tuples(st.just("replace"), wrong, share),
    st.tuples(st.just("save")),
    st.tuples(st.just("reboot"), st.integers(10, 5 * DAY_S), share, st.booleans()),
    st.tuples(st.just("reset_while_down"), st.integers(10, 5 * DAY_S), share),
)


class World:
    """A meter, its true consumption, and a gateway that reads it and reboots now and then."""

    def __init__(self, rate, modulus, count):
        self.rate = rate
        self.modulus = modulus
        self.rule = [rate, modulus, DIP, ALL_ONES]
        self.count = count % modulus if modulus else count
        self.truth = self.count
        self.rest = 0  # consumption too small for a count yet
        self.now_s = 1000
        self.boot_s = 0
        self.before = None  # the last count of the line before this one
        self.events = []
        self.rollovers = 0
        self.ledger = Ledger(self.rule)
        self.run(8, POLL_S, 0)
        assert self.events == [FIRST]
        self.save()

    def consume(self, duration_s, percent):
        """Let time pass, at a share of the largest rate."""
        self.now_s += duration_s
        self.rest += self.rate * percent * duration_s
        counts, self.rest = divmod(self.rest, 360000)
        self.truth += counts
        self.count += counts
        if self.modulus and self.count >= self.modulus:
            self.before = None
            self.count -= self.modulus
            self.rollovers += 1

    def poll(self, shown=None):
        """Read as a driver does: what is surprising is read again at once."""
        shown = self.count if shown is None else shown
        total = self.ledger.total
        answer = self.ledger.feed(shown, self.now_s - self.boot_s)
        if answer == REREAD:
            answer = self.ledger.feed(shown, self.now_s - self.boot_s)
        if answer >= FIRST:
            self.events.append(answer)
            self.save()
        assert total <= self.ledger.total <= self.truth

    def save(self):
        self.saved = (self.ledger.state(), self.ledger.seen_s + self.boot_s)

    def run(self, polls, period_s, percent, shown=None):
        for _ in range(polls):
            self.consume(period_s, percent)
            self.poll(shown)

    def explained(self, value, since, duration_s):
        """Whether counting from `since` could come to this value in that time."""
        step = value - since
        if self.modulus:
            step %= self.modulus
        return 0 <= step <= self.rate * (duration_s + 2 * BURST_S) // 3600 + 10

    def is_strange(self, value, duration_s=60):
        """Whether nothing but a fault, a reset or another meter explains the value."""
        near = self.explained(value, self.count, duration_s)
        dip = abs(self.count - value) <= DIP + self.rate // 30
        old = self.before
        if near or dip or old is None:
            return not (near or dip)
        return not (self.explained(value, old, DAY_S) or self.explained(old, value, DAY_S))

    def named(self, value):
        return {"zero": 0, "ones": ALL_ONES}.get(value, value)

    def stand(self, duration_s):
        for _ in range(20):
            self.run(1, duration_s // 20, 0)

    def gap(self, duration_s, percent):
        self.consume(duration_s, percent)
        self.run(8, POLL_S, percent)

    def glitch(self, value, polls, percent):
        value = self.named(value)
        if self.is_strange(value):
            self.run(polls, POLL_S, percent, value)
            self.run(1, POLL_S, percent)
            return [GLITCH]

    def long_glitch(self, value, polls, percent):
        """Something else is shown for so long that it is believed, but not for a day; nor does the
        meter begin again meanwhile, as then its line is not known when it is back."""
        value = self.named(value)
        if self.modulus and self.count + self.rate * (polls + 1) // 360 + 2 > self.modulus:
            return None
        could_be_reset = 0 < value <= self.rate + 10
        returns = not self.explained(self.count, value, DAY_S)
        if self.is_strange(value, polls * POLL_S) and not could_be_reset and returns:
            self.run(polls, POLL_S, percent, value)
            self.run(1, POLL_S, percent)
            if value == ALL_ONES:
                return [GLITCH]
            self.before = None
            return [REPLACEMENT if value else RESET, GLITCH]

    def dip(self, size, polls, percent):
        if self.count > 3 * DIP:
            self.run(polls, POLL_S, percent, self.count - size)
            self.run(1, POLL_S, percent)
            return [GLITCH]

    def reset(self, percent, down_s=60):
        believable = self.count > 2 * self.rate * (down_s + 60) // 3600 + 10
        if believable and self.is_strange(0, down_s):
            self.before = self.count
            self.count = 0
            self.run(8, POLL_S, percent)
            return [RESET]

    def replace(self, value, percent):
        value = self.named(value)
        believable = self.rate + 10 < value != ALL_ONES
        fits = not self.modulus or value < self.modulus - self.rate
        if believable and fits and self.is_strange(value):
            self.before = self.count
            self.count = value
            self.poll()
            self.run(8, POLL_S, percent)
            return [REPLACEMENT]

    def restart(self, duration_s, percent, knows_gap):
        self.consume(duration_s, percent)
        state, seen_s = self.saved
        gap_s = self.now_s - seen_s if knows_gap else None
        self.boot_s = self.now_s - 3
        self.ledger = Ledger(self.rule, state, 3, gap_s)

    def reboot(self, duration_s, percent, knows_gap):
        if self.now_s + duration_s - self.saved[1] < 7 * DAY_S:
            self.restart(duration_s, percent, knows_gap)
            self.run(8 if knows_gap else 8 + UNKNOWN_S // POLL_S, POLL_S, percent)

    def reset_while_down(self, duration_s, percent):
        self.save()
        self.restart(duration_s, 0, True)
        events = self.reset(percent, duration_s)
        if events is None:
            self.run(8, POLL_S, 0)
        return events

    def step(self, name, *arguments):
        """Do a step; the events must be those that it causes, and the total must be the truth."""
        events, rollovers = len(self.events), self.rollovers
        expected = getattr(self, name)(*arguments) or []
        rolled = self.rollovers - rollovers
        if not (rolled and expected):  # of two events at once only one may be seen
            assert self.events[events:] == expected + [ROLLOVER] * rolled
        assert (self.ledger.total, self.ledger.quality()) == (self.truth, GOOD)


@settings(max_examples=400)
@given(
    st.sampled_from([100, 1000, 36000]),
    st.sampled_from([0, 10**8, 1 << 32, 1 << 48]),
    st.one_of(st.integers(0, 10**9), st.integers(-(10**6), -2)),
    st.lists(STEPS, max_size=25),
)
@example(100, 10**8, -2, [("long_glitch", 414, 18, 38)])
def test_the_total_is_the_truth(rate, modulus, count, steps):
    world = World(rate, modulus, count if modulus else abs(count))
    for step in steps:
        world.step(*step)


@settings(max_examples=300)
@given(
    st.sampled_from([[1000, 0, 10], [1000, 65536, 10, 65535], [0, 0, 0], [10**9, 1 << 64, 10**7]]),
    st.lists(
        st.one_of(
            st.tuples(st.integers(-(1 << 40), 1 << 40), st.integers(0, 10**6)),
            st.tuples(st.integers(0, 70000), st.integers(0, 100)),
            st.tuples(st.sampled_from([0, 1, 65535]), st.integers(0, 100)),
        ),
        max_size=60,
    ),
)
@example([1000, 65536, 10, 65535], [(0, 0), (1, 0), (0, 0), (-30151, 127382)])
def test_whatever_is_read_the_total_never_falls(rule, readings):
    ledger = Ledger(rule)
    s = 0
    for count, later_s in readings:
        s += later_s
        before = ledger.total if ledger.count is not None else None
        answer = ledger.feed(count, s)
        assert before is None or ledger.total >= before
        assert (ledger.count == count) == (answer == ACCEPT or answer >= FIRST)
        if ledger.count is not None:
            again = Ledger(rule, ledger.state(), s, s - ledger.seen_s)
            assert (again.total, again.state()) == (ledger.total, ledger.state())


def recorded_counters():
    """{column: [(hour, count of 0.01 kWh)]} of the recorded household counters."""
    if not COUNTERS.exists():
        return {}
    columns = {}
    with COUNTERS.open() as file:
        for hour, row in enumerate(csv.DictReader(file)):
            for name, text in row.items():
                if name.startswith("DE_") and text:
                    count = int((Decimal(text) * 100).to_integral_value())
                    columns.setdefault(name.rpartition("residential4_")[2], []).append(
                        (hour, count)
                    )
    return columns


@pytest.mark.parametrize("modulus", [1 << 32, 10**6, 1 << 16, 10**5])
def test_recorded_counters_add_up(modulus):
    columns = recorded_counters()
    if not columns:
        pytest.skip("the recording opsd_counters is not on this machine")
    assert len(columns) == 9
    for name, samples in columns.items():
        check_recorded(name, samples, modulus)


def check_recorded(name, samples, modulus):
    ledger = Ledger([3000, modulus, 10, (1 << 32) - 1])
    first = samples[0][1]
    offset = modulus - 50 - first  # each rolls over soon
    answers = []
    for hour, count in samples:
        shown = (count + offset) % modulus
        answer = ledger.feed(shown, hour * 3600)
        while answer == REREAD or ledger.count != shown:
            answer = ledger.feed(shown, hour * 3600 + 60)
        answers.append(answer)
    assert ledger.total - (first + offset) == samples[-1][1] - first, name
    turns = sum((a + offset) // modulus < (b + offset) // modulus
                for (_, a), (_, b) in pairwise(samples))  # fmt: skip
    assert answers.count(ROLLOVER) == turns
    assert set(answers) <= {ACCEPT, FIRST, ROLLOVER}
