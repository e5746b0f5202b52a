"""Carries records to Sparkplug hosts, over a connection that a link keeps.

The specification asks for a clean session, data at QoS 0 and the node's death as the will. So a
message is confirmed by a PINGRESP: a broker handles what it gets in order, and the PINGREQ was
sent behind the message. What is not confirmed when a connection ends goes out again on the next
one, marked historical, as is all that was recorded before that connection's births. What an earlier
boot has recorded before its clock was set has no time in UTC, and is left out. Nothing is
sent while the primary host is away or the clock is not set; the outbox keeps it.
Source: Eclipse Sparkplug 3.0.0, chapter 5.
"""

import asyncio
from array import array

from limen.core.compat import const
from limen.core.sparkplug import host_state
from limen.delivery.session import Session

_BD_SEQ = "bdseq"
_UNCONFIRMED = const(0x3FFFFFFF)  # a ping that never is
_SMALLEST_BATCH = const(512)  # takes an event of the longest text
_TOPIC_ROOM = const(160)
_QOS_1 = const(1)


class NodeSession(Session):
    """A session of which the broker keeps nothing; its PINGREQs are counted, and PINGRESPs confirm.

    `on_connect()` is called before each CONNECT, and may set its will.
    """

    async def connect(self, clean_session):
        """Open a connection: see `Session`."""
        return await super().connect(True)

    def _connect_packet(self, clean_session):
        self.pings = self.answered = 0
        self.on_connect()
        return super()._connect_packet(clean_session)

    def ping(self):
        self.pings += 1
        super().ping()

    def on_pingresp(self):
        super().on_pingresp()
        self.answered += 1
        self.on_confirmed(self.answered)


class Node:
    """Delivers what is in `outbox` in messages that `dialect` writes into `payload`; `options` are
    the configuration's part for MQTT.

    `facts()` gives the texts of the node's birth as bytes; `put_diagnostics(text)` writes JSON each
    `diag_s`; `obey(topic, payload)` carries commands out, ValueError if they are none; `wake` is
    set when there may be something to do.
    """

    def __init__(self, session, outbox, dialect, payload, clock, store, options):
        self.session = session
        self.dialect = dialect
        self.devices = dialect.devices
        self._outbox = outbox
        self._payload = payload
        self._clock = clock
        self._store = store
        host = options["sparkplug"]["host"]
        self._state_topic = host and ("spBv1.0/STATE/" + host).encode()
        self._batch_bytes = max(options["batch_bytes"], _SMALLEST_BATCH)
        # Per slot the number of the ping that confirms it; 0 where it is free.
        self._due = array("l", [0] * (options["in_flight"] + 1))
        self._again = []  # slots that are to be sent again
        self.wake = asyncio.Event()
        self.facts = self.obey = self.put_diagnostics = None
        self.diag_s = self._diag_due_s = 0
        self.messages = self._seq = self._first_live = 0
        self._host_ms = self._birth = None
        self.is_birth_due = False
        self._is_born = bytearray(len(self.devices))
        session.pings = 0
        session.on_connect = self._prepare
        session.on_confirmed = self._release
        session.on_message = self._on_message

    def nudge(self):
        """Something may wait to be sent."""
        self.wake.set()

    def _prepare(self):
        """A connection begins. Its number, on flash before it is used, tells the broker's will for
        it from the wills for others."""
        store = self._store
        self._number = (store.get(_BD_SEQ, -1) + 1) & 255
        store.set(_BD_SEQ, self._number)
        store.save()
        dialect = self.dialect
        self.session.set_last_will(
            dialect.topic("NDEATH"), dialect.death(self._number), retain=False, qos=1
        )
        if self._birth:
            self._birth.cancel()
        self._is_born = bytearray(len(self.devices))
        self._is_online = self.is_birth_due = self._state_topic is None
        waiting = [slot for slot in range(1, len(self._due)) if self._due[slot]]
        waiting.sort(key=lambda slot: self._due[slot])
        for slot in waiting:
            self._due[slot] = _UNCONFIRMED
        self._again = waiting

    async def begin(self, present):
        """Listen; births come when the clock and the primary host allow."""
        subscribe = self.session.subscribe
        subscribe(self.dialect.topic("NCMD"), 1)
        subscribe(self.dialect.topic("DCMD") + b"/+", 1)
        if self._state_topic:
            subscribe(self._state_topic, 1)

    def carry(self):
        """Send what there is room for; False when the socket takes no more."""
        if self._birth:
            return True
        if self.is_birth_due and self._clock.is_set:
            self._begin_births(range(len(self.devices)))
            return True
        if not self._is_born[0]:
            return True
        sent = self.messages
        has_room = self._send_records()
        if self.messages != sent:
            self.session.ping()
        if has_room and self._clock.s >= self._diag_due_s:
            self._tell_diagnostics()
        return has_room

    def _begin_births(self, numbers):
        self._birth = asyncio.create_task(self._give_births(numbers))

    async def _give_births(self, numbers):
        """Tell the births of devices; the node's begins anew, and what is put then is live."""
        try:
            for number in numbers:
                if not number:
                    self.is_birth_due = False
                    self._seq = -1
                    self._is_born = bytearray(len(self.devices))
                    self._first_live = self._outbox.next_seq
                await self._give_birth(number)
        except Exception as error:
            self.session.close()  # the link begins anew, after a pause
            if not isinstance(error, OSError):
                raise
        finally:
            self._birth = None
            self.wake.set()

    async def _give_birth(self, number):
        clock = self._clock
        clock.tick()
        values = self.dialect.values(number)
        if not number:
            values = [self._number, False] + self.facts() + values
        when = clock.utc_s(clock.s, clock.ms), clock.utc_ms(clock.ms)
        seq = self._next_seq()
        length = 0
        for piece in self.dialect.birth(number, values, when[0], when[1], seq):
            length += len(piece)
        pieces = self.dialect.birth(number, values, when[0], when[1], seq)
        topic = self.dialect.topic("DBIRTH" if number else "NBIRTH", number)
        await self.session.publish_pieces(topic, pieces, length, 0)
        self._is_born[number] = 1

    def _next_seq(self):
        self._seq = self._seq + 1 & 255
        return self._seq

    def _send_records(self):
        """Fill the slots, those of the last connection first; where nothing is left tell which
        devices are dead. False when the socket takes no more."""
        while not self._birth:
            slot = self._again[0] if self._again else self._free_slot()
            if not slot:
                break
            if self.session.room() < self._batch_bytes + _TOPIC_ROOM:
                return False
            records = self._outbox.repeat(slot) if self._again else self._outbox.peek(slot)
            if records is None and not self._again:
                self._tell_deaths()
                break
            self._carry(slot, records)
        return True

    def _free_slot(self):
        for slot in range(1, len(self._due)):
            if not self._due[slot]:
                return slot
        return 0

    def _carry(self, slot, records):
        """Send the records of a slot, or first the birth of the device that they are of."""
        if records is None:
            self._due[slot] = 0
        else:
            records.next()
            if records.topic_device >= len(self.devices):
                records.topic_device = 0  # of a device that an earlier configuration had
            if not self._is_born[records.topic_device]:
                self._begin_births((records.topic_device,))
                return
            self._due[slot] = self.session.pings + 1
            self._send(slot, records)
        if self._again:
            self._again.pop(0)

    def _send(self, slot, records):
        """Make a message of `records`, as many as fit, and send it.

        Where memory is too short for it, what it has taken stays its own until the next connection.
        """
        outbox = self._outbox
        dialect = self.dialect
        kind = outbox.kind(slot)
        topic = dialect.data_topics[records.topic_device]
        self.session.begin_publish(self._payload, topic, self._batch_bytes)
        dialect.begin()
        past = outbox.past(slot)
        while (past and records.uptime) or dialect.add(
            kind, records, past or records.seq < self._first_live
        ):
            records.take()
            if not records.next():
                break
        dialect.end(self._next_seq())
        self.session.end_publish(self._payload, topic, 0)
        self.messages += 1

    def _tell_deaths(self):
        """Tell which devices do not answer; what they said before has been sent."""
        for number in range(1, len(self.devices)):
            if self._is_born[number] and self.devices[number].breaker.is_open:
                topic = self.dialect.topic("DDEATH", number)
                self.session.begin_publish(self._payload, topic, _SMALLEST_BATCH)
                self.dialect.begin()
                self.dialect.end(self._next_seq())
                self.session.end_publish(self._payload, topic, 0)
                self._is_born[number] = 0

    def _tell_diagnostics(self):
        """Tell how the gateway is, unless that is too long, or memory too short for it."""
        self._diag_due_s = self._clock.s + self.diag_s
        dialect = self.dialect
        topic = dialect.data_topics[0]
        if self.session.room() < self._batch_bytes + _TOPIC_ROOM:
            return
        self.session.begin_publish(self._payload, topic, self._batch_bytes)
        dialect.begin()
        try:
            is_told = dialect.add_diagnostics(self.put_diagnostics)
        except MemoryError:
            return
        if is_told:
            dialect.end(self._next_seq())
            self.session.end_publish(self._payload, topic, 0)

    def _release(self, answered):
        """The broker has had all that was sent before this ping."""
        for slot in range(1, len(self._due)):
            if 0 < self._due[slot] <= answered:
                self._due[slot] = 0
                self._outbox.ack(slot)
        self.wake.set()

    def _on_message(self, topic, payload, retain):
        """Take a command or the primary host's state; what is none is counted."""
        try:
            if topic == self._state_topic:
                self._take_state(*host_state(payload))
            elif not retain:
                self.obey(topic, payload)
        except ValueError:
            self.session.count("bad commands")

    def _take_state(self, online, ms):
        """The primary host says whether it is there; an old word may come late."""
        if self._host_ms is not None and ms < self._host_ms:
            return
        self._host_ms = ms
        was_online = self._is_online
        self._is_online = online
        if online and not was_online:
            self.is_birth_due = True
            self.wake.set()
        elif was_online and not online:
            self._leave()

    def _leave(self):
        """The host is gone: die as the specification asks, and begin again to wait for it.

        Where a birth is under way no other message can be sent: then the will says it.
        """
        dialect = self.dialect
        session = self.session
        if session.room() < _SMALLEST_BATCH:
            session.close()
            return
        session.publish(dialect.topic("NDEATH"), dialect.death(self._number), _QOS_1)
        session.disconnect()
