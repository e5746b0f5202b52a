"""Work orders: {"machine", "do": "start" | "pause" | "end", "order"} → {"state", "sum"}.

A paused order goes on with another start. The sum, when it ends, is that of its event. The event
goes to flash before the order is forgotten: a power cut in between leaves an order that has to be
ended once more, never one without an end.
"""

from limen.core.compat import const
from limen.core.order_sum import event_of, sum_of
from limen.core.quality import GOOD

_LONGEST_NAME = const(20)  # the event has to fit into a record
_DEEDS = ("start", "pause", "end")


def run(gateway, request):
    deed, name = request.get("do"), request.get("order")
    if deed not in _DEEDS:
        raise ValueError('"do" must be one of %s' % ", ".join(_DEEDS))
    _check_name(name)
    machine = _machine(gateway, request.get("machine"))
    machine.advance()
    told = _change(machine.order, deed, name)
    facts, event = None, event_of(name, told)
    if told == "started":
        from limen.core.order import Order

        machine.order = Order(name, machine.bill)
    machine.order.is_paused = told == "paused"
    if told == "ended":
        places = machine.energy_places()
        facts, event = sum_of(machine.order, places, machine.bill, machine.ideal_ms)
        machine.order = None
    gateway.path.put_event(machine.number, GOOD, gateway.clock.s, gateway.clock.ms, event)
    machine.keep()
    gateway.store.save()
    return {"state": told, "sum": facts} if facts else {"state": told}


def _check_name(name):
    if not isinstance(name, str) or not 0 < len(name) <= _LONGEST_NAME:
        raise ValueError('"order" must be a text of 1 to %d characters' % _LONGEST_NAME)
    if [True for letter in name if not " " <= letter <= "~" or letter in '"\\']:
        raise ValueError('"order" must be plain letters, digits and signs, without quotes')


def _machine(gateway, name):
    for device in gateway.devices:
        if device.id == name and hasattr(device.reader, "advance"):
            return device.reader
    raise ValueError('there is no machine "%s"' % name)


def _change(order, deed, name):
    """What becomes of the order on a machine; ValueError if that cannot be done now."""
    if deed == "start":
        if order is None:
            return "started"
        if order.name != name:
            raise ValueError('order "%s" is on this machine; end it first' % order.name)
        if not order.is_paused:
            raise ValueError('order "%s" runs already' % name)
        return "resumed"
    if order is None or order.name != name:
        raise ValueError('order "%s" is not on this machine' % name)
    if deed == "pause" and order.is_paused:
        raise ValueError('order "%s" is paused already' % name)
    return "paused" if deed == "pause" else "ended"
