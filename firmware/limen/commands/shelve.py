"""Shelves alarms: {"alarm": "press.temperature.high" or "*", "for": "8h"} → {"states"}.

The longest time is a day; "0s" takes them off the shelf.
"""

from limen.commands.acknowledge import alarms_of
from limen.core.compat import const
from limen.core.units import parse_ms

_LONGEST_MS = const(86400000)


def run(gateway, request):
    duration = request.get("for")
    if not isinstance(duration, str) or not 0 <= parse_ms(duration) <= _LONGEST_MS:
        raise ValueError('"for" must be a duration of up to 24h, such as "8h"')
    for_s = parse_ms(duration) // 1000
    return {"states": alarms_of(gateway).shelve(request.get("alarm"), for_s)}
