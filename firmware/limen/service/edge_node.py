"""Makes a gateway a Sparkplug edge node, beside the plain dialect or in its place.

Beside it, records go to two outboxes, and what nudges one dialect wakes the other.
"""

import asyncio

from limen.core.compat import const
from limen.core.sparkplug import Payload
from limen.delivery.fan import Fan
from limen.delivery.outbox import Outbox
from limen.delivery.sparkplug import Sparkplug
from limen.delivery.sparkplug_node import Node, NodeSession

_EVENT_BYTES = const(4096)
_MOST_WRITES = const(3)  # at once


def add_node(gateway, head, login):
    """Give the gateway a node as the head of its configuration says; return the node's link."""
    options = head["mqtt"]
    settings = options["sparkplug"]
    outbox = gateway.outbox
    if gateway.uplink:
        outbox = Outbox(
            head["outbox_bytes"], _EVENT_BYTES, options["in_flight"], outbox.most_channels
        )
        gateway.path.outbox = Fan((gateway.outbox, outbox))
    session = gateway.make_session(head, login, NodeSession, "-sparkplug")
    payload = Payload()
    dialect = Sparkplug(
        payload, settings["group"], settings["node"], gateway.clock, gateway.devices
    )
    node = Node(session, outbox, dialect, payload, gateway.clock, gateway.store, options)
    node.facts = lambda: _facts(gateway, head)
    node.write = Writes(gateway, node).begin
    if gateway.uplink:
        node.wake = gateway.uplink.wake
    else:
        gateway.uplink = node
    return gateway.make_link(head, session, node)


def _facts(gateway, head):
    """What the node's birth tells of the gateway, in the order of the host's file."""
    facts = gateway.birth_facts()
    texts = facts["firmware"], facts["reset"], facts["chip"], head["hash"]
    return [text.encode() for text in texts]


class Writes:
    """Writes channels as hosts ask for it, with the command that does so in the plain dialect."""

    def __init__(self, gateway, node):
        self._gateway = gateway
        self._node = node
        self._running = 0

    def begin(self, request):
        """Begin to write a channel; what becomes of it is counted, and shown by the next data."""
        if self._running == _MOST_WRITES:
            raise ValueError("too many at once")
        self._running += 1
        asyncio.create_task(self._run(request))

    async def _run(self, request):
        from limen.service.commands import forget, load

        loaded = []
        result = "commands refused"
        try:
            found = load("write", loaded).run(self._gateway, request)
            if not isinstance(found, dict):
                await found
            result = "commands"
        except ValueError as error:
            self._gateway.report(request["device"], str(error))
        finally:
            self._node.session.count(result)
            self._running -= 1
            forget(loaded)
