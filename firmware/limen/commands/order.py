"""Work orders: {"machine", "do": "start" | "pause" | "end", "order"} → {"state", "sum"}.

A paused order goes on with another start. The sum, when it ends, is that of its event.
"""

from limen.core.compat import const

_LONGEST_NAME = const(20)  # the event has to fit into a record
_DEEDS = ("start", "pause", "end")


def run(gateway, request):
    deed, name = request.get("do"), request.get("order")
    if deed not in _DEEDS:
        raise ValueError('"do" must be one of %s' % ", ".join(_DEEDS))
    if not isinstance(name, str) or not 0 < len(name) <= _LONGEST_NAME:
        raise ValueError('"order" must be a text of 1 to %d characters' % _LONGEST_NAME)
    if [True for letter in name if not " " <= letter <= "~" or letter in '"\\']:
        raise ValueError('"order" must be plain letters, digits and signs, without quotes')
    for device in gateway.devices:
        if device.id == request.get("machine"):
            change = getattr(device.reader, "order", None)
            if change:
                return change(deed, name)
    raise ValueError('there is no machine "%s"' % request.get("machine"))
