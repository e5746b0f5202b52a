"""The sum of a work order when it ends, and the text of its events.

Amounts are exact until they are told here; then they are rounded once, to five decimals at most,
and what falls to a good part is rounded once, too. An event has to fit into a record: where the
numbers are too long, there are fewer decimals, and at last nothing per part.
"""

from limen.core.compat import const
from limen.core.text import decimal
from limen.core.week import BILL_PLACES

_DECIMALS = (5, 3, 1, 0)
_NAMES = ("kWh", "co2", "cost")
_LONGEST_EVENT = const(230)


def sum_of(order, places, bill, ideal_ms):
    """(facts, event) of an order that ends, the latter as JSON.

    The facts are {"parts", "rejects", "s", "oee", "kWh", "co2", "cost", "part"}; ratios and amounts
    are texts or None. `places` are those of the energy in kWh, None where there is none; `bill` may
    be None, and `ideal_ms`, too.
    """
    for decimals in _DECIMALS:
        facts = _facts(order, places, bill, decimals)
        facts["oee"] = [ratio and decimal(ratio, 1) for ratio in order.tally.ratios(ideal_ms)[:4]]
        event = event_of(order.name, "ended", facts)
        if len(event) <= _LONGEST_EVENT:
            return facts, event
    facts["part"] = None
    return facts, event_of(order.name, "ended", facts)


def _facts(order, places, bill, decimals):
    tally = order.tally
    energy, co2, cost = order.amounts()
    amounts = [None, None, None]
    if places is not None:
        amounts[0] = energy, places
        if bill and bill[1]:
            amounts[1] = co2, places + BILL_PLACES
        if bill and bill[0]:
            amounts[2] = cost, places + BILL_PLACES
    good = tally.parts - tally.rejects
    facts = {"parts": tally.parts, "rejects": tally.rejects, "s": tally.seconds()}
    facts.update(_use(amounts, 1, decimals))
    facts["part"] = _use(amounts, good, decimals) if good > 0 else None
    return facts


def _use(amounts, parts, decimals):
    return {_NAMES[i]: _share(amounts[i], parts, decimals) for i in range(len(_NAMES))}


def _share(amount, parts, decimals):
    """The text of count / parts, rounded; None where there is none."""
    if amount is None:
        return None
    count, places = amount
    finer = decimals - places
    if parts == 1 and finer >= 0:
        return decimal(count, places)
    parts *= 10 ** max(-finer, 0)
    return decimal((2 * count * 10 ** max(finer, 0) + parts) // (2 * parts), decimals)


def event_of(name, change, facts=None):
    """The event of an order, as JSON."""
    text = '{"order":{"id":"%s","state":"%s"' % (name, change)
    if facts:
        seconds = ",".join([str(one) for one in facts["s"]])
        text += ',"parts":%d,"rejects":%d,"s":[%s],' % (facts["parts"], facts["rejects"], seconds)
        text += '"oee":[%s],' % ",".join([ratio or "null" for ratio in facts["oee"]])
        part = facts["part"]
        text += _pairs(facts) + ',"part":' + ("{" + _pairs(part) + "}" if part else "null")
    return text + "}}"


def _pairs(use):
    return ",".join(['"%s":%s' % (name, use[name] or "null") for name in _NAMES])
