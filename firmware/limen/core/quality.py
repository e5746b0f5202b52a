"""How far a sample can be trusted: a closed list, the same from the driver to the subscriber.

The order matters: from BAD on there is no value.
"""

from limen.core.compat import const

GOOD = const(0)
UNCERTAIN = const(1)  # the clock is not set, or a counter is under question
BAD = const(2)  # no answer, out of range, or a value that stands for "none"
STALE = const(3)  # not heard for too long
