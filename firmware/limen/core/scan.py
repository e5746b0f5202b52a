"""Finds who answers on a line: at which addresses, at which rates and parities.

The order is by likelihood: first the addresses that meters leave the works with, in all framings;
then the other addresses, in the framings where somebody has answered, then in the others. Any
answer finds a device, an exception too. A device that answers at a rate is not looked for at the
same rate with other parities: many do not mind a wrong one. Without parity two stop bits are asked
with: a device set to one takes the second for a pause, so one question finds both.

A scan is a row of exchanges: carry each one, then take the next. It can be left at any time; what
was found stands.
"""

from limen.core import modbus
from limen.core.compat import const
from limen.core.exchange import Exchange, read_request, silence_us, wire_us
from limen.core.finding import Finding

LIKELY = (1, 2, 3, 4, 5, 10, 33, 247)
FRAMINGS = (
    (9600, None, 2),
    (9600, 0, 1),
    (19200, 0, 1),
    (19200, None, 2),
    (2400, None, 2),
    (38400, None, 2),
    (115200, None, 2),
    (4800, None, 2),
    (57600, None, 2),
    (38400, 0, 1),
    (1200, None, 2),
    (115200, 0, 1),
    (9600, 1, 1),
    (19200, 1, 1),
    (2400, 0, 1),
    (4800, 0, 1),
)
ALL = range(1, 248)
READ_HOLDING, READ_INPUT = const(3), const(4)

_FIRST_REGISTER, _REGISTERS = const(0), const(2)
_LATE_MS = const(1000)
_ATTEMPTS = const(3)
# A gateway to another line says with these that nobody is there.
_NO_PATH, _NO_ANSWER = const(10), const(11)


class Scan:
    """`framings` are searched at all `addresses`, `rare` ones at the likely addresses, and at all
    once somebody has answered there. It ends when `expected` devices are found.

    `found` grows; `cost_ms` is the time that the rest takes if nobody answers, `spent_ms` that of
    what is behind; `disturbed` counts the addresses at which bytes came, but no device is.
    """

    def __init__(self, framings, addresses, patience_ms, rare=(), expected=None):
        self.found = []
        self.disturbed = 0
        self._everywhere = list(framings)
        self._rare = list(rare)
        self.framings = self._everywhere + self._rare
        self.addresses = addresses
        self._likely = [address for address in LIKELY if address in addresses]
        self._others = [address for address in addresses if address not in LIKELY]
        self._patience_ms = patience_ms
        self._expected = expected
        self.spent_ms = 0
        self.cost_ms = 2 * len(self._likely) * self._prices_ms(self.framings)
        self.cost_ms += len(self._others) * self._prices_ms(self._everywhere)

    def exchanges(self):
        """Yield what is to be carried next; it ends when nothing is left or enough is found."""
        for framing in self.framings:
            for address in self._likely:
                yield from self._call(framing, address, (READ_HOLDING, READ_INPUT))
        for framing in self._order():
            for address in self._others:
                yield from self._call(framing, address, (READ_HOLDING,))

    def _order(self):
        """The framings for the other addresses: where somebody answers first."""
        answered = [finding.framing for finding in self.found]
        late = [framing for framing in self._rare if framing in answered]
        self.cost_ms += len(self._others) * self._prices_ms(late)
        first = [framing for framing in self.framings if framing in answered]
        return first + [framing for framing in self._everywhere if framing not in answered]

    def _call(self, framing, address, functions):
        price_ms = len(functions) * self._price_ms(framing)
        self.cost_ms -= price_ms
        self.spent_ms += price_ms
        if self._is_enough() or self._knows(framing, address):
            return
        for function in functions:
            exchange = self._exchange(framing, address, function, self._patience_ms)
            yield exchange
            if exchange.received:
                yield from self._look_closer(exchange, framing, address, function)
                return

    def _look_closer(self, exchange, framing, address, function):
        """Bytes have come: is it the device, somebody late, two at once, or noise?"""
        late = exchange.other_address()
        if late is not None:
            self._disturb()
            if late in self._likely or late in self._others:
                yield from self._ask_again(framing, late, function, _LATE_MS)
        elif _is_whole(exchange):
            self._note(exchange, framing, address, function)
        else:
            yield from self._ask_again(framing, address, function, self._patience_ms)

    def _ask_again(self, framing, address, function, patience_ms):
        if self._knows(framing, address):
            return
        broken = 0
        for _ in range(_ATTEMPTS):
            exchange = self._exchange(framing, address, function, patience_ms)
            yield exchange
            if _is_whole(exchange):
                self._note(exchange, framing, address, function)
                return
            broken += exchange.received > 0
        listening = Exchange(framing, b"", patience_ms, pause_ms=_LATE_MS)
        yield listening
        if broken > _ATTEMPTS // 2 and not listening.received:
            self.found.append(Finding(framing, address, function, is_garbled=True))
        else:
            self._disturb()

    def _note(self, exchange, framing, address, function):
        if exchange.exception not in (_NO_PATH, _NO_ANSWER):
            turnaround_us = exchange.turnaround_us
            self.found.append(Finding(framing, address, function, turnaround_us))

    def _disturb(self):
        self.disturbed += 1

    def _is_enough(self):
        return self._expected is not None and len(self.found) >= self._expected

    def _knows(self, framing, address):
        baud = framing and framing[0]
        for finding in self.found:
            if finding.address == address and (finding.framing and finding.framing[0]) == baud:
                return True
        return False

    def _exchange(self, framing, address, function, patience_ms):
        request = read_request(address, function, _FIRST_REGISTER, _REGISTERS)
        return Exchange(framing, request, patience_ms)

    def _prices_ms(self, framings):
        return sum([self._price_ms(framing) for framing in framings])

    def _price_ms(self, framing):
        """What one call costs that nobody answers."""
        call_us = wire_us(framing, modbus.REQUEST_BYTES + 1) + silence_us(framing)
        return self._patience_ms + call_us // 1000 + 1


def _is_whole(exchange):
    return exchange.result in (modbus.OK, modbus.EXCEPTION)
