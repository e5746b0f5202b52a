"""Keeps what the gateway said of its troubles last, for setup mode: one line each in a file.

Loaded for each line and forgotten again, as troubles are rare and memory is, too. The same
sentence is kept once a day, so that a broker that comes and goes does not wear the flash. Lines
have the time of the chip's clock, in UTC if it has been set. It lies beside `boot.py`, as setup
mode needs it without the package.
"""

import os
import sys

from machine import RTC
from micropython import const

SAID = "/said.txt"
_KEPT = const(16)
_DAY = const(10)  # characters of a line: 2026-11-28
_TIME = const(17)


def note(sentence):
    """Keep a sentence. A flash that is full or broken keeps nothing."""
    line = "%04d-%02d-%02d %02d:%02d %s" % (
        RTC().datetime()[:3] + RTC().datetime()[4:6] + (sentence,)
    )
    try:
        lines = read()
        if not any(old[:_DAY] == line[:_DAY] and old[_TIME:] == sentence for old in lines):
            with open(SAID + ".new", "w") as file:
                file.write("\n".join(lines[1 - _KEPT :] + [line]))
            os.rename(SAID + ".new", SAID)
    except OSError:
        pass
    finally:
        del sys.modules["last_words"]


def read():
    """The lines, the newest last."""
    try:
        with open(SAID) as file:
            return file.read().split("\n")
    except OSError:
        return []
