"""A session as the uplink uses it; what is published is kept until the test looks at it."""

import asyncio


class Message:
    def __init__(self, topic, payload, qos, retain, pid, dup):
        self.topic = topic.decode()
        self.payload = payload
        self.qos = qos
        self.retain = retain
        self.pid = pid
        self.dup = dup


class Session:
    """`messages` have not been looked at yet; the socket `takes` so many more, each of which has
    `free` bytes."""

    def __init__(self):
        self.counters = {"connects": 0}
        self.on_puback = None
        self.messages = []
        self.subscribed = []
        self.takes = 1000
        self.free = 2000
        self.drained = 0
        self._pid = 0
        self._buffer = bytearray(2000)

    def room(self):
        return self.free if self.takes > 0 else 0

    async def drain(self):
        """The socket takes one message more."""
        self.drained += 1
        self.takes += 1
        await asyncio.sleep(0)

    def publish(self, topic, payload, qos=1, retain=False, pid=None, dup=False):
        assert self.takes > 0, "no room"
        if qos and pid is None:
            self._pid += 1
            pid = self._pid
        self.takes -= 1
        self.messages.append(Message(topic, bytes(payload), qos, retain, pid, dup))
        return pid

    def begin_publish(self, text, topic, size):
        text.open(self._buffer, len(topic), len(topic) + size)

    def end_publish(self, text, topic, qos=1, retain=False, pid=None, dup=False):
        return self.publish(topic, text.buffer[text.start : text.at], qos, retain, pid, dup)

    async def publish_pieces(self, topic, pieces, length, qos=1, retain=False):
        payload = b"".join(pieces)
        assert len(payload) == length
        self.publish(topic, payload, qos, retain)
        await asyncio.sleep(0)

    def subscribe(self, topic, qos):
        self.subscribed.append((topic.decode(), qos))

    def take(self):
        """The messages since the last call."""
        found = self.messages
        self.messages = []
        return found

    def records(self):
        """The messages of records since the last call."""
        return [one for one in self.take() if one.topic.endswith(("/data", "/event"))]
