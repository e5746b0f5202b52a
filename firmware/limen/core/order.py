"""A work order on a machine: parts, time in state, energy, CO2 and cost, from its start to its end.

While it is paused nothing is booked to it. Energy, CO2 and cost are exact until they are told; then
they are rounded once, to five decimals at most, and what falls to a good part is rounded once, too.
An event has to fit into a record: where the numbers are too long, there are fewer decimals.
"""

from limen.core.bill import Account
from limen.core.compat import const
from limen.core.machine import Tally
from limen.core.numbers import rounded
from limen.core.text import decimal

_DECIMALS = (5, 3, 1, 0)
_LONGEST_EVENT = const(230)
_NAMES = ("kWh", "co2", "cost")


class Order:
    """`bill` has the prices; `kept` is what `state` gave before a reboot."""

    def __init__(self, name, bill, kept=None):
        self.name = name
        self.is_paused = False
        self.tally = Tally(kept and kept[2])
        self.account = Account(bill, kept[3] if kept else (0, 0, 0))
        if kept:
            self.is_paused = kept[1] == 1

    def state(self):
        return [self.name, 1 if self.is_paused else 0, self.tally.state(), self.account.state()]

    def book(self, state, ms, used, is_planned, utc_s):
        """What has been booked to the machine, unless the order is paused."""
        if not self.is_paused:
            self.tally.book(state, ms, used, is_planned)
            if used:
                self.account.add(used, utc_s)

    def end(self, places, bill):
        """(facts, event) of the order, the latter as JSON.

        The facts are {"parts", "rejects", "s", "kWh", "co2", "cost", "part"}; amounts are texts or
        None. `places` are those of the energy in kWh, None where there is none.
        """
        for decimals in _DECIMALS:
            facts = self._facts(places, bill, decimals)
            event = body(self.name, "ended", facts)
            if len(event) <= _LONGEST_EVENT:
                break
        return facts, event

    def _facts(self, places, bill, decimals):
        tally, account = self.tally, self.account
        amounts = [None, None, None]
        if places is not None:
            amounts[0] = account.energy(), places
            if bill.has_co2():
                amounts[1] = account.co2(), places + 3
            if bill.has_tariff():
                amounts[2] = account.cost(), places + 5
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
    return decimal(rounded(count * 10 ** max(finer, 0), parts * 10 ** max(-finer, 0)), decimals)


def body(name, change, facts=None):
    """The event of an order, as JSON."""
    text = '{"order":{"id":"%s","state":"%s"' % (name, change)
    if facts:
        text += ',"parts":%d,"rejects":%d,"s":[%s]' % (
            facts["parts"],
            facts["rejects"],
            ",".join([str(seconds) for seconds in facts["s"]]),
        )
        text += "," + _pairs(facts)
        part = facts["part"]
        text += ',"part":' + ("{" + _pairs(part) + "}" if part else "null")
    return text + "}}"


def _pairs(use):
    return ",".join(['"%s":%s' % (name, use[name] or "null") for name in _NAMES])
