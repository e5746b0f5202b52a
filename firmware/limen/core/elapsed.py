"""Time between two moments of uptime.

A moment is two small integers, seconds and milliseconds, because one integer of milliseconds
leaves the small integers after 12 days.
"""


def elapsed_ms(s0, ms0, s1, ms1):
    """Milliseconds from (s0, ms0) to (s1, ms1); negative when the second moment is earlier."""
    return (s1 - s0) * 1000 + ms1 - ms0
