"""Puts every record into several outboxes, one for each dialect that delivers records.

Each keeps a record until its own receiver has it, so none waits for another's broker or host.
"""

from limen.core.compat import const
from limen.delivery.outbox import Outbox

_EVENT_BYTES = const(4096)


def second_outbox(gateway, head):
    """Another outbox for a gateway, as large as its first; its path fills both from now on."""
    slots = head["mqtt"]["in_flight"]
    channels = gateway.outbox.most_channels
    outbox = Outbox(head["outbox_bytes"], _EVENT_BYTES, slots, channels)
    gateway.path.outbox = Fan((gateway.outbox, outbox))
    return outbox


class Fan:
    """What writes records sees one outbox in the place of all `outboxes`."""

    def __init__(self, outboxes):
        self._outboxes = outboxes
        self._record = ()

    def begin(self, *record):
        """Start a record: see `Outbox.begin`."""
        self._record = record
        for outbox in self._outboxes:
            outbox.begin(*record)

    def add(self, channel, value):
        """Add a channel's value; always True, as an outbox that finds a record full begins another
        for itself."""
        for outbox in self._outboxes:
            if not outbox.add(channel, value):
                outbox.put()
                outbox.begin(*self._record)
                outbox.add(channel, value)
        return True

    def add_text(self, text):
        """Fill the record of an event with its JSON."""
        for outbox in self._outboxes:
            outbox.add_text(text)

    def put(self):
        """Keep the record."""
        for outbox in self._outboxes:
            outbox.put()

    def commit(self):
        """What was put must outlive a power cut from now on."""
        for outbox in self._outboxes:
            outbox.commit()
