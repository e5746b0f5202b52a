"""Rules of counters of 0.1 kWh, and ledgers that believe in a count."""

from limen.core.ledger import (
    FIRST,
    HOLD,
    REREAD,
    Ledger,
)

# Counts of 0.1 kWh: at most 100 kW; a dip of up to 1 kWh; a display of six digits.
RATE = 1000
DIP = 10
DISPLAY = 1000000
U32 = 1 << 32
RULE = [RATE, 0, DIP]
WRAPPING = [RATE, DISPLAY, DIP]


def begun(rule, count, s=0):
    """A ledger that believes in a count."""
    ledger = Ledger(rule)
    assert ledger.feed(count, s) == REREAD
    assert ledger.feed(count, s) == FIRST
    return ledger


def stay(ledger, count, s, until_s):
    """Poll every 10 s a count that stays; return the answers that are not HOLD."""
    answers = [ledger.feed(count, moment_s) for moment_s in range(s, until_s + 1, 10)]
    return [answer for answer in answers if answer != HOLD]
