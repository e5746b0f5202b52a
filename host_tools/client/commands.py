"""Commands to a gateway: a request, what is told meanwhile, and the answer."""

import json
import queue
import threading
import time
import uuid
from collections.abc import Callable

from host_tools.client.connection import Address, Connection
from host_tools.contract import ROOT, Answer, ContractError, Progress, parse

_ID_DIGITS = 12


class NoAnswer(Exception):
    """Nobody has answered in time; the text says what is known."""


class Requests:
    """Requests of one verb to "site/gateway", one after another; a context.

    A gateway that is away until the time is up will not do it any more; nor will one whose clock is
    not set, unless `at_any_time`: then it may come late without harm.
    """

    def __init__(self, address: Address, gateway: str, verb: str, at_any_time: bool = False):
        self._gateway = gateway
        self._at_any_time = at_any_time
        self._topic = f"{ROOT}/{gateway}/cmd/{verb}"
        self._letters: queue.Queue = queue.Queue()
        self._ready = threading.Event()
        topics = [f"{self._topic}/result", f"{self._topic}/progress"]
        self._connection = Connection(address, None, topics, self._letters.put, self._on_change)

    def __enter__(self) -> "Requests":
        self._connection.open()
        return self

    def __exit__(self, *_) -> None:
        self._connection.close()

    def ask(
        self,
        facts: dict,
        wait_s: float = 30,
        on_progress: Callable[[dict], None] = lambda facts: None,
    ) -> Answer:
        """Wait for the answer, up to `wait_s`; raises NoAnswer. What the gateway tells in between
        extends the waiting."""
        name = uuid.uuid4().hex[:_ID_DIGITS]
        if not self._ready.wait(wait_s):
            raise NoAnswer(self._reason(wait_s))
        request = facts | {"id": name}
        if not self._at_any_time:
            request["until"] = int((time.time() + wait_s) * 1000)
        self._connection.publish(self._topic, json.dumps(request, separators=(",", ":")).encode())
        try:
            while True:
                letter = self._letters.get(timeout=wait_s)
                self._connection.ack(letter)
                message = _message(letter.topic, letter.payload)
                if message and message.id == name:
                    if isinstance(message, Answer):
                        return message
                    on_progress(message.facts)
        except queue.Empty:
            raise NoAnswer(self._reason(wait_s)) from None

    def _reason(self, wait_s: float) -> str:
        return self._connection.problem or f"{self._gateway} does not answer within {wait_s:g} s"

    def _on_change(self) -> None:
        if self._connection.is_subscribed:
            self._ready.set()


def send(
    address: Address,
    gateway: str,
    verb: str,
    facts: dict,
    wait_s: float = 30,
    on_progress: Callable[[dict], None] = lambda facts: None,
) -> Answer:
    """Let "site/gateway" do what the verb says, as `Requests.ask`."""
    with Requests(address, gateway, verb) as requests:
        return requests.ask(facts, wait_s, on_progress)


def _message(topic: str, payload: bytes) -> Answer | Progress | None:
    try:
        return parse(topic, payload)[1]
    except ContractError:
        return None
