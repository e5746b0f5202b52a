"""Carries records from the outbox to the broker, over the session that a link keeps.

While connected: every free slot takes a message, events first; an acknowledgement frees its slot
and its records. After a reconnect the messages that were under way go out again, with the same
records under the same packet ids, before anything new.
"""

import asyncio

from limen.core.compat import const

_LAST_EVERY_S = const(5)
_TOPIC_ROOM = const(160)
_UNSENT = const(-1)


class Uplink:
    """`session` to one broker; `options` are the configuration's part for MQTT; the file at
    `birth_path` is the tail of the birth.

    `birth_facts()` gives a dict, `put_diagnostics(text)` writes JSON; both when they are needed.
    `restate()` is called after a reconnect, to tell again what stands.
    """

    def __init__(self, session, outbox, dialect, clock, options, diag_s, birth_path):
        slots = options["in_flight"]
        self.session = session
        self._batch_bytes = options["batch_bytes"]
        self._outbox = outbox
        self._dialect = dialect
        self._birth_path = birth_path
        self._clock = clock
        self._pid = [0] * (slots + 1)  # of the message in each slot; 0: it is free; or _UNSENT
        self._order = [0] * (slots + 1)
        self._sent = 0
        self._last_s = options.get("last_s", _LAST_EVERY_S)
        self._diag_s = diag_s
        self._diag_due_s = 0
        self.wake = asyncio.Event()
        self.birth_facts = self.put_diagnostics = self.restate = None
        self.devices = ()
        self.messages = 0
        session.on_puback = self._on_puback

    def nudge(self):
        """Something may wait to be sent."""
        self.wake.set()

    async def begin(self, present):
        """Open a new connection; `present` where the broker kept the session."""
        await self._announce()
        await self._repeat(present)
        if self.restate and self.session.counters["connects"] > 1:
            self.restate()

    def carry(self):
        """Send what there is room for; False when the socket takes no more."""
        self._send_last()
        self._send_diagnostics()
        return self._send_waiting()

    async def _announce(self):
        """Say who is here: status, then the birth that tells how to read the data."""
        session = self.session
        dialect = self._dialect
        session.publish(dialect.topic_of("status"), dialect.status(True), 1, True)
        session.subscribe(dialect.topic_of("cmd/+"), 1)
        facts = self.birth_facts()
        if self._outbox.journal:
            await self._outbox.journal.announce(session, facts)
        with open(self._birth_path, "rb") as tail:
            length = sum(len(piece) for piece in dialect.birth(facts, tail))
            tail.seek(0)
            pieces = dialect.birth(facts, tail)
            await session.publish_pieces(dialect.topic_of("birth"), pieces, length, 0, True)

    async def _repeat(self, present):
        """Send again, in their old order, the messages whose acknowledgement never came."""
        waiting = [slot for slot in range(1, len(self._pid)) if self._pid[slot]]
        waiting.sort(key=lambda slot: self._order[slot])
        for slot in waiting:
            while not self._has_room():
                await self.session.drain()
            records = self._outbox.repeat(slot)
            pid = self._pid[slot]
            if records is None:
                self._pid[slot] = 0
            elif pid == _UNSENT:
                self._send(slot, records, None, False)
            else:
                self._send(slot, records, pid, present)

    def _send_waiting(self):
        """Fill every free slot while records wait; False when the socket takes no more."""
        for slot in range(1, len(self._pid)):
            if not self._pid[slot]:
                if not self._has_room():
                    return False
                records = self._outbox.peek(slot)
                if records is None:
                    return True
                self._send(slot, records, None, False)
        return True

    def _has_room(self):
        return self.session.room() >= self._batch_bytes + _TOPIC_ROOM

    def _send(self, slot, records, pid, dup):
        """Make the message of a slot from `records`, as many as fit, and send it.

        Where memory is too short for it, what it has taken stays its own until the next connection.
        """
        outbox = self._outbox
        dialect = outbox.past(slot) or self._dialect
        kind = outbox.kind(slot)
        self._pid[slot] = pid or _UNSENT
        records.next()
        topic = dialect.topics[records.topic_device][kind]
        self._begin(topic)
        dialect.begin(outbox.low_of(slot))
        while dialect.add(kind, records):
            records.take()
            if not records.next():
                break
        dialect.end()
        self._sent += 1
        self._order[slot] = self._sent
        self._pid[slot] = self.session.end_publish(dialect.text, topic, 1, False, pid, dup)
        self.messages += 1

    def _begin(self, topic):
        self.session.begin_publish(self._dialect.text, topic, self._batch_bytes)

    def _end(self, topic):
        """Publish what is not a record, unless it is too long."""
        if not self._dialect.text.overflow:
            self.session.end_publish(self._dialect.text, topic, 0, True)

    def _on_puback(self, pid):
        for slot in range(1, len(self._pid)):
            if self._pid[slot] == pid:
                self._pid[slot] = 0
                self._outbox.ack(slot)
                self.wake.set()
                return

    def _send_last(self):
        """Publish the newest values of a device that has new ones, each few seconds."""
        clock = self._clock
        for number, device in enumerate(self.devices):
            if device.fresh and clock.s >= device.last_due_s and self._has_room():
                device.fresh = False
                device.last_due_s = clock.s + self._last_s
                topic = self._dialect.topics[number][2]
                self._begin(topic)
                s = clock.utc_s(device.s, device.ms)
                self._dialect.put_last(device, s, clock.utc_ms(device.ms), clock.is_set)
                self._end(topic)

    def _send_diagnostics(self):
        if self._clock.s >= self._diag_due_s and self._has_room():
            self._diag_due_s = self._clock.s + self._diag_s
            topic = self._dialect.topic_of("diag")
            self._begin(topic)
            self.put_diagnostics(self._dialect.text)
            self._end(topic)
