"""Makes a gateway a Sparkplug edge node, beside the plain dialect or in its place.

Beside it, records go to two outboxes, and what nudges one dialect wakes the other. In its place
the code of the plain dialect, which every gateway loads, is given up.
"""

import asyncio

from limen.core.compat import const
from limen.core.late import Borrowed
from limen.core.sparkplug import Payload
from limen.delivery.plain import Plain
from limen.delivery.sparkplug import Sparkplug
from limen.delivery.sparkplug_node import Node, NodeSession
from limen.delivery.uplink import Uplink
from limen.service.verbs import forget, load

_MOST_WRITES = const(3)  # at once


def add_node(gateway, head, login):
    """Give the gateway a node as the head of its configuration says; return the node's link."""
    options = head["mqtt"]
    settings = options["sparkplug"]
    outbox = gateway.outbox
    if gateway.uplink:
        from limen.delivery.fan import second_outbox

        outbox = second_outbox(gateway, head)
    session = gateway.make_session(head, login, NodeSession, "-sparkplug")
    payload = Payload()
    dialect = Sparkplug(
        payload, settings["group"], settings["node"], gateway.clock, gateway.devices
    )
    node = Node(session, outbox, dialect, payload, gateway.clock, gateway.store, options)
    node.facts = lambda: _facts(gateway, head)
    node.put_diagnostics = gateway.make_diagnostics(_identity(gateway, head), node).put
    node.diag_s = head["diag_s"]
    node.obey = Obedience(gateway, node).obey
    if gateway.uplink:
        node.wake = gateway.uplink.wake
    else:
        gateway.uplink = node
        _give_up(Plain)
        _give_up(Uplink)
    return gateway.make_link(head, session, node)


def _give_up(kind):
    """Let go of the code of a class that this gateway has no object of: some kilobytes."""
    for name in dir(kind):
        if name[:2] != "__" or name == "__init__":
            setattr(kind, name, None)


def _identity(gateway, head):
    """How a diagnostics message begins."""
    names = gateway.incarnation, gateway.boot, head["hash"]
    return '{"inc":"%s","boot":%d,"cfg":"%s"' % names


def _facts(gateway, head):
    """What the node's birth tells of the gateway, in the order of the host's file; there are no
    diagnostics yet."""
    facts = gateway.birth_facts()
    texts = facts["firmware"], facts["reset"], facts["chip"], head["hash"]
    return [text.encode() for text in texts] + [None]


class Obedience:
    """Does what hosts ask for; channels are written with the command of the plain dialect."""

    def __init__(self, gateway, node):
        self._gateway = gateway
        self._node = node
        self._writing = 0

    def obey(self, topic, payload):
        """Carry out a payload of commands. Raises ValueError where it is none."""
        with Borrowed():
            from limen.delivery.sparkplug_commands import obey

        obey(self._node, topic, payload, self._begin_write)

    def _begin_write(self, request):
        """What becomes of it is counted, and shown by the next data."""
        if self._writing == _MOST_WRITES:
            raise ValueError("too many at once")
        self._writing += 1
        asyncio.create_task(self._write(request))

    async def _write(self, request):
        loaded = []
        result = "commands refused"
        try:
            found = load("write", loaded).run(self._gateway, request)
            if not isinstance(found, dict):
                await found
            result = "commands"
        except (ValueError, MemoryError) as error:
            self._gateway.report(request["device"], str(error))
        finally:
            self._node.session.count(result)
            self._writing -= 1
            forget(loaded)
