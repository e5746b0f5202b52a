"""Commands: a request on `cmd/<verb>` runs the module of that verb; its answer goes to
`cmd/<verb>/result` with QoS 1. Loaded when a request comes, and let go when nothing is left to do.

A verb is a module below `limen.commands` with `run(gateway, request)`, which returns a dict or a
coroutine of one, or raises ValueError with a sentence for whoever asked. What was loaded for it is
dropped when it is done. Whatever a request holds, it ends in an answer. Delivery at least once
does not make it run twice: a request whose id was among the last ones is answered once more, and
one that is being served is not begun again.
"""

import asyncio
import json

from limen.core.compat import const
from limen.service.verbs import forget, load

_LONGEST_ID = const(64)
_MOST_AT_ONCE = const(3)
_MOST_ANSWERS = const(4)
_PATIENCE_MS = const(5000)
_REMEMBERED = const(4)
_LOOK_MS = const(50)
_OVERHEAD_BYTES = const(64)
_2000_S = const(946684800)


class Commands:
    """The commands of one `gateway`; `take` gets the messages of its session.

    `answers`, [topic, payload] each, wait to be acknowledged; the first is under way.
    """

    def __init__(self, gateway):
        self._gateway = gateway
        self._session = session = gateway.uplink.session
        self._next_on_puback = session.on_puback
        session.on_puback = self._on_puback
        self._running = []
        self._awaited = 0
        self._is_sending = False
        self.answers = []

    def take(self, topic, payload, is_retained):
        """A request has come on `cmd/<verb>`; its payload is None if it was too long."""
        self._session.count("commands")
        key = bytes(topic), None
        try:
            request = self._read(payload, is_retained)
            key = key[0], request.get("id")
            if not self._is_known(key):
                self._check_time(request.get("until"))
                if len(self._running) >= _MOST_AT_ONCE:
                    raise ValueError("%d commands are being served already" % _MOST_AT_ONCE)
                self._running.append(key)
                asyncio.create_task(self._run(key, request))
        except ValueError as error:
            self._refuse(key, error)

    async def tell(self, request, facts):
        """Publish on `cmd/<verb>/progress` what a request that runs for long has to say.

        What comes faster than it can be sent waits; but not for a link that is down.
        """
        waited_ms = 0
        while len(self.answers) >= _MOST_ANSWERS and waited_ms < _PATIENCE_MS:
            await asyncio.sleep_ms(_LOOK_MS)
            waited_ms += _LOOK_MS
        if len(self.answers) < _MOST_ANSWERS:
            facts["id"] = request.get("id")
            self._put(request["topic"] + b"/progress", json.dumps(facts).encode())

    def _read(self, payload, is_retained):
        if payload is None:
            raise ValueError("the request is too long")
        if is_retained:
            raise ValueError("a retained request would run at each connection, so none is run")
        request = _decoded(payload)
        name = request.get("id")
        if not (name is None or isinstance(name, (int, str)) and len(str(name)) <= _LONGEST_ID):
            raise ValueError("the id must be a text or an integer of up to 64 characters")
        return request

    def _check_time(self, until_ms):
        """What was wanted at another time may do harm now."""
        clock = self._gateway.clock
        if until_ms is None:
            return
        if not isinstance(until_ms, int):
            raise ValueError('"until" must be UTC in milliseconds')
        if not clock.is_set:
            raise ValueError('the clock is not set, so nobody knows if "until" has passed')
        if clock.utc_s(clock.s, clock.ms) > until_ms // 1000 - _2000_S:
            raise ValueError("the request came too late")

    def _is_known(self, key):
        """A request that has come before is being served, or is answered once more."""
        if key[1] is None:
            return False
        for answered, payload in self._gateway.answered:
            if answered == key:
                self._put(key[0] + b"/result", payload)
                return True
        return key in self._running

    async def _run(self, key, request):
        request["topic"] = key[0]
        loaded = []
        try:
            found = load(key[0].rpartition(b"/")[2].decode(), loaded).run(self._gateway, request)
            answer = {"ok": True}
            answer.update(found if isinstance(found, dict) else await found)
            self._answer(key, answer)
        except ValueError as error:
            self._refuse(key, error)
        except Exception as error:
            self._gateway.report("commands", error)
            self._refuse(key, repr(error))
        self._running.remove(key)
        forget(loaded)

    def _refuse(self, key, error):
        self._session.count("commands refused")
        self._answer(key, {"ok": False, "error": str(error)})

    def _answer(self, key, answer):
        topic = key[0] + b"/result"
        answer["id"] = key[1]
        payload = json.dumps(answer).encode()
        if len(payload) + len(topic) + _OVERHEAD_BYTES > len(self._session.sock.sending):
            answer = {"id": key[1], "ok": False, "error": "the answer is too long to be sent"}
            payload = json.dumps(answer).encode()
        if key[1] is not None:
            answered = self._gateway.answered
            self._gateway.answered = answered[1 - _REMEMBERED :] + [(key, payload)]
        self._put(topic, payload)

    def _put(self, topic, payload):
        self.answers.append((topic, payload))
        if not self._is_sending:
            self._is_sending = True
            asyncio.create_task(self._send())

    async def _send(self):
        """Publish the answers, one at a time; again, if the connection ends before the PUBACK."""
        session = self._session
        while self.answers:
            topic, payload = self.answers[0]
            if session.slots() > 0 and session.room() >= len(topic) + len(payload):
                connection = session.counters.get("connects")
                self._awaited = session.publish(topic, payload)
                while self._awaited and connection == session.counters.get("connects"):
                    await asyncio.sleep_ms(_LOOK_MS)
                if not self._awaited:
                    self.answers.pop(0)
            else:
                await asyncio.sleep_ms(_LOOK_MS)
        self._is_sending = False
        if not self._running:
            session.on_puback = self._next_on_puback
            self._gateway.commands = None

    def _on_puback(self, pid):
        """In the place of the uplink's own."""
        if pid == self._awaited:
            self._awaited = 0
        else:
            self._next_on_puback(pid)


def _decoded(payload):
    """The JSON object; MicroPython would also take the first half of one for an object."""
    try:
        request = payload.strip()[-1:] == b"}" and json.loads(payload)
    except ValueError:
        request = None
    if not isinstance(request, dict):
        raise ValueError("the request is no JSON object")
    return request
