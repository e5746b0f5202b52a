"""Which alarms must stand, by a model of its own that looks back from the end of a quiet time.

It shares nothing with the firmware's alarms, which go forward from one value to the next: where
the end of the quiet time does not decide, because values lie within the hysteresis or have not
lain beyond the limit for the whole delay, it says nothing.
"""

from host_tools.truth import Reads

_PERIODS_US = 130_000_000
"""What a gateway needs to see what a meter serves: two of the soak's readings, and a moment."""

_UNDER_WAY_US = 2_000_000
"""From a reading to the arrival of its event."""


def raised_now(rule: dict, reads: Reads, since_us: int, until_us: int) -> bool | None:
    """Whether the limit must be exceeded at `until_us`, by the readings since `since_us`."""
    sign = 1 if rule["name"] == "high" else -1
    end_us = reads.times_us[-1] if reads.times_us else 0
    if end_us > until_us - _UNDER_WAY_US:
        return None
    enough_us = rule["delay_ms"] * 1000 + _PERIODS_US
    for time_us, count in zip(reversed(reads.times_us), reversed(reads.counts), strict=True):
        excess = sign * (count - rule["limit"])
        if time_us < since_us + _PERIODS_US:
            return None
        if excess <= 0:
            is_back = excess <= -rule["hysteresis"]
            return False if is_back and time_us == end_us else None
        if end_us - time_us >= enough_us:
            return True
    return None
