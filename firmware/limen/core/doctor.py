"""Examines a device that answers: which model it is, how it answers, and what its user got wrong.

A *candidate* is a model as it could stand in a site: {"name", "model", "fc", "serial": framing or
None, "channel": channels in compact form, "identify": {"fc", "address", "words"} or None,
"sunspec": ids of models or None}. A candidate fits when what its registers hold is plausible
(`limen.core.plausible`); it is certain when the device says so itself.

Nothing here touches a line. An examination yields exchanges: carry each one, then take the next.
"""

from limen.core import modbus
from limen.core.compat import const
from limen.core.exchange import Exchange, read_request
from limen.core.modbus_identity import encode_identify, objects
from limen.core.numbers import number
from limen.core.plausible import AGAINST, REFUSED, potential, weigh
from limen.core.sunspec import Search

ORDERS = ("ABCD", "CDAB", "BADC", "DCBA")

_ENOUGH = const(6)  # what a plausible voltage and a plausible frequency weigh, and less
_CERTAIN = const(40)
_NAMED = const(10)
_EVIDENCE, _KEYS = const(10), const(4)
_STRONG = const(3)
_SHORTEST_PATIENCE_MS = const(300)
_REPEATS, _LINGER_MS = const(4), const(200)
_SECOND_REPLY_BYTES = const(4)
_PAUSES_MS = (0, 10, 20, 50, 100, 200)
_CAREFUL_MS = const(20)
_LAST_ADDRESS = const(0xFFFF)


class Match:
    """How well a candidate fits: `score`, `is_certain`, and in `values` what was read and speaks
    for it: (channel, count). `base` is where its addresses count from. `order` and `offset` are not
    None and 0 where the device is like the candidate, but for its word order or its addresses."""

    def __init__(self, candidate, order=None, offset=0):
        self.candidate = candidate
        self.score = 0
        self.is_certain = False
        self.values = []
        self.base = 0
        self.order = order
        self.offset = offset

    def take(self, channel, count, weight):
        self.score += weight
        if weight > 0:
            self.values.append((channel, count))

    def changes(self):
        return (self.order is not None) + (self.offset != 0)


class Replies:
    """How a device answered when it was asked again and again."""

    def __init__(self):
        self.whole = self.broken = self.silent = self.doubled = 0
        self.turnarounds_us = []

    def take(self, exchange):
        if exchange.result in (modbus.OK, modbus.EXCEPTION):
            self.whole += 1
            self.turnarounds_us.append(exchange.turnaround_us)
            self.doubled += exchange.stray >= _SECOND_REPLY_BYTES
        elif exchange.received:
            self.broken += 1
        else:
            self.silent += 1

    def are_of_two(self):
        """Two devices answer: a second reply came behind the first, or most collide."""
        asked = self.whole + self.broken + self.silent
        return self.doubled > 1 or asked > 0 and 2 * self.broken >= asked


class Examination:
    """`identity` is what the device says of itself, {object id: bytes}; `matches` are the
    candidates that may fit, best first; `variants` are matches with another word order or
    other addresses, equally good ones, if no candidate fits as it stands; `pause_ms` is the pause
    that the device needs, None if no pause was long enough or none was tried."""

    def __init__(self, finding):
        self.finding = finding
        self.replies = Replies()
        self.identity = {}
        self.matches = []
        self.variants = []
        self.pause_ms = None
        self._patience_ms = max(_SHORTEST_PATIENCE_MS, 3 * finding.turnaround_us // 1000)
        self._known = {}

    def exchanges(self, candidates):
        """Yield what is to be carried next; at the end all is known."""
        yield from self._repeat([(self.finding.function, 0, 2)] * _REPEATS)
        if not self.replies.whole or self.finding.is_garbled or self.replies.are_of_two():
            return
        yield from self._ask_identity()
        yield from self._compare(candidates)
        if not self.is_identified():
            yield from self._vary(candidates)
        questions = self._questions()
        yield from self._repeat(questions)
        if not self.replies.broken:
            yield from self._find_pause(questions[0])

    def is_identified(self):
        return bool(self.matches) and self.matches[0].score >= _ENOUGH

    def rivals(self):
        """The other candidates that fit about as well as the best one."""
        least = self.matches[0].score + AGAINST
        return [match for match in self.matches[1:] if match.score > least]

    # How it answers.

    def _repeat(self, questions):
        for function, start, words in questions:
            exchange = self._exchange(function, start, words, linger_ms=_LINGER_MS)
            yield exchange
            self.replies.take(exchange)

    def _questions(self):
        """Registers that two devices of one model would not hold alike, if any are known: those
        of the weakest evidence, currents and counters."""
        best = self.matches if self.is_identified() else self.variants
        values = best[0].values[-_REPEATS:] if best else []
        known = [_span(best[0], channel)[:3] for channel, _ in values]
        return known or [(self.finding.function, 0, 2)] * _REPEATS

    def _find_pause(self, question):
        for pause_ms in _PAUSES_MS:
            whole = 0
            for _ in range(_REPEATS):
                exchange = self._exchange(*question, pause_ms=pause_ms)
                yield exchange
                whole += exchange.result in (modbus.OK, modbus.EXCEPTION)
            if whole == _REPEATS:
                self.pause_ms = pause_ms
                return

    # What it is.

    def _ask_identity(self):
        request = encode_identify(self.finding.address)
        exchange = Exchange(self.finding.framing, request, self._patience_ms, _CAREFUL_MS)
        yield exchange
        if exchange.result == modbus.OK:
            self.identity = objects(exchange.frame, 0)[0]

    def _compare(self, candidates):
        for candidate in candidates:
            match = Match(candidate)
            fits = yield from self._prove(match)
            if fits:
                self._take_name(match)
                yield from self._weigh(match, evidence(candidate)[:_EVIDENCE])
            if match.score > 0:
                self.matches.append(match)
        self._sort()
        if self.matches:
            least = self.matches[0].score - _ENOUGH
            for match in self.matches:
                if match.score >= least and len(self.matches) > 1:
                    yield from self._weigh(match, evidence(match.candidate)[_EVIDENCE:])
            self._sort()

    def _sort(self):
        """Best first; of equals the one that leaves the works so, then the one with fewer
        channels, which promises less."""
        own = self.finding.framing
        ranked = []
        for place, match in enumerate(self.matches):
            serial = match.candidate["serial"]
            fits = bool(own and serial) and own[:2] == serial[:2]
            ranked.append((-match.score, not fits, len(match.candidate["channel"]), place))
        matches = self.matches
        self.matches = [matches[rank[3]] for rank in sorted(ranked) if matches[rank[3]].score > 0]

    def _prove(self, match):
        """False if the device is not of this model for certain."""
        candidate = match.candidate
        if candidate["sunspec"]:
            match.base = yield from self._find_model(candidate["sunspec"])
            match.is_certain = match.base is not None
            match.score = _CERTAIN if match.is_certain else 0
            return match.is_certain
        probe = candidate["identify"]
        if not probe:
            return True
        data = yield from self._read(probe["fc"], probe["address"], len(probe["words"][0]))
        if data is None:
            match.score = REFUSED
            return True
        match.is_certain = _words(data) in probe["words"]
        match.score = _CERTAIN if match.is_certain else 0
        return match.is_certain

    def _find_model(self, models):
        search = Search(models)
        while search.count:
            data = yield from self._read(3, search.address, search.count)
            if data is None:
                search.refuse()
            else:
                search.take(data, 0)
        return search.found

    def _take_name(self, match):
        """The name that a device gives itself speaks for the models that bear it."""
        told = " ".join([printable(part) for part in self.identity.values()]).lower()
        for word in match.candidate["model"].lower().replace("-", " ").split():
            if len(word) > 2 and word in told:
                match.score += _NAMED

    def _weigh(self, match, channels):
        for channel in channels:
            function, start, words, decoder = _span(match, channel)
            data = yield from self._read(function, start, words)
            if data is None:
                match.score += REFUSED
            else:
                count = decoder.decode(data, 0)
                match.take(channel, count, weigh(channel["name"], count, channel["places"]))
            if match.score <= AGAINST:
                return

    # What its user got wrong.

    def _vary(self, candidates):
        """The candidate that fits best with another word order or neighbouring addresses."""
        best = []
        for candidate in candidates:
            keys = [c for c in evidence(candidate) if potential(c["name"]) >= _STRONG][:_KEYS]
            if candidate["sunspec"] or not keys:
                continue
            for order in (None,) + _other_orders(candidate, keys):
                for offset in (0, -1, 1):
                    match = Match(candidate, order, offset)
                    yield from self._weigh(match, keys)
                    best = _better(best, match)
        if best and best[0].score >= _ENOUGH and best[0].changes():
            self.variants = best

    # What its registers hold.

    def _read(self, function, start, words):
        """The bytes of some registers, None if the device does not have them; asked only once."""
        question = function, start, words
        if start < 0 or start + words > _LAST_ADDRESS + 1:
            return None
        if question not in self._known:
            exchange = self._exchange(*question)
            yield exchange
            if exchange.result not in (modbus.OK, modbus.EXCEPTION, modbus.TIMEOUT):
                exchange = self._exchange(*question)
                yield exchange
            is_read = exchange.result == modbus.OK
            self._known[question] = exchange.frame[3:-2] if is_read else None
        return self._known[question]

    def _exchange(self, function, start, words, pause_ms=_CAREFUL_MS, linger_ms=0):
        request = read_request(self.finding.address, function, start, words)
        return Exchange(self.finding.framing, request, self._patience_ms, pause_ms, linger_ms)


def evidence(candidate):
    """The channels whose values can be judged, those that tell most first."""
    channels = candidate["channel"]
    told = [(-potential(channel["name"]), place) for place, channel in enumerate(channels)]
    return [channels[place] for weight, place in sorted(told) if weight]


def _span(match, channel):
    """(function, first register, number of registers, decoder) of a channel."""
    start, kind, order, numerator, denominator = channel["register"][:5]
    decoder = number(kind, match.order or order, numerator, denominator, channel["register"][5:])
    function = channel.get("fc", match.candidate["fc"])
    return function, match.base + start + match.offset, decoder.words, decoder


def _other_orders(candidate, channels):
    """The word orders that the candidate does not have, if they make a difference."""
    orders = [channel["register"][2] for channel in channels]
    if [c for c in channels if number(*c["register"][1:5], c["register"][5:]).words > 1]:
        return tuple([order for order in ORDERS if order not in orders])
    return ("BADC",)


def _better(best, match):
    """The best matches so far, and this one if it is as good as they; fewer changes are better."""
    if not best:
        return [match]
    rank, reached = (match.score, -match.changes()), (best[0].score, -best[0].changes())
    if rank > reached:
        return [match]
    if rank == reached and match.candidate is best[0].candidate:
        return best + [match]
    return best


def printable(data):
    """Bytes from a device as a text; what is no ASCII becomes a question mark."""
    return "".join([chr(byte) if 32 <= byte < 127 else "?" for byte in data]).strip()


def _words(data):
    return [data[at] << 8 | data[at + 1] for at in range(0, len(data), 2)]
