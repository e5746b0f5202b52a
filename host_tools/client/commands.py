"""Commands to a gateway: a request, what is told meanwhile, and the answer."""

import json
import queue
import time
import uuid
from collections.abc import Callable

from host_tools.client.connection import Address, Connection
from host_tools.contract import ROOT, Answer, ContractError, Progress, parse


class NoAnswer(Exception):
    """Nobody has answered in time; the text says what is known."""


def send(
    address: Address,
    gateway: str,
    verb: str,
    facts: dict,
    wait_s: float = 30,
    on_progress: Callable[[dict], None] = lambda facts: None,
) -> Answer:
    """Let "site/gateway" do what the verb says, within `wait_s`; raises NoAnswer.

    A gateway that is away until then will not do it any more. What it tells in between extends the
    waiting.
    """
    topic = f"{ROOT}/{gateway}/cmd/{verb}"
    name = uuid.uuid4().hex
    until_ms = int((time.time() + wait_s) * 1000)
    request = facts | {"id": name, "until": until_ms}
    letters: queue.Queue = queue.Queue()
    sent = False

    def on_change() -> None:
        nonlocal sent
        if connection.is_subscribed and not sent:
            sent = True
            connection.publish(topic, json.dumps(request).encode())

    topics = [f"{topic}/result", f"{topic}/progress"]
    connection = Connection(address, None, topics, letters.put, on_change)
    connection.open()
    try:
        while True:
            letter = letters.get(timeout=wait_s)
            connection.ack(letter)
            message = _message(letter.topic, letter.payload)
            if message and message.id == name:
                if isinstance(message, Answer):
                    return message
                on_progress(message.facts)
    except queue.Empty:
        reason = connection.problem or f"{gateway} does not answer within {wait_s:g} s"
        raise NoAnswer(reason) from None
    finally:
        connection.close()


def _message(topic: str, payload: bytes) -> Answer | Progress | None:
    try:
        return parse(topic, payload)[1]
    except ContractError:
        return None
