"""Makes a gateway a Sparkplug edge node, beside the plain dialect or in its place.

Beside it, records go to two outboxes, and what nudges one dialect wakes the other.
"""

from limen.core.compat import const
from limen.core.sparkplug import Payload
from limen.delivery.fan import Fan
from limen.delivery.link import Link
from limen.delivery.outbox import Outbox
from limen.delivery.sparkplug import Sparkplug
from limen.delivery.sparkplug_node import Node, NodeSession

_EVENT_BYTES = const(4096)


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
    if gateway.uplink:
        node.wake = gateway.uplink.wake
    else:
        gateway.uplink = node
    return Link(session, gateway.clock, node)


def _facts(gateway, head):
    """What the node's birth tells of the gateway, in the order of the host's file."""
    facts = gateway.birth_facts()
    texts = facts["firmware"], facts["reset"], facts["chip"], head["hash"]
    return [text.encode() for text in texts]
