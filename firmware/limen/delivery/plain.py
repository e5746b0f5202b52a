"""The plain dialect: topics and JSON of the MQTT contract (docs/mqtt.md).

Messages are written by `text`, which the caller opens on the memory they are sent from; a record
that does not fit is taken back, and goes into the next message. Births may be long, so they come
in pieces.
"""

import json

from limen.core.compat import const
from limen.delivery.outbox import DATA

_VALUELESS = const(2)
_TAIL = const(b"]}")
_PIECE = const(256)


class Plain:
    """`devices` as the records count them: number 0 is the gateway itself.

    `head` is the head of the configuration: site, gateway, hash. `frame` begins each message: who
    says it, and which birth tells how to read it.
    """

    def __init__(self, text, head, incarnation, boot, devices):
        self.text = text
        self.devices = devices
        self._status = '{"inc":"%s","boot":%d,"online":%%s}' % (incarnation, boot)
        self.frame = '{"inc":"%s","boot":%d,"cfg":"%s"' % (incarnation, boot, head["hash"])
        self.base = "limen/v1/%s/%s/" % (head["site"], head["gateway"])
        self.separator = b""
        # By device, then by kind of record: data, events, and last values.
        self.topics = [
            [self.topic_of("dev/%s/%s" % (device.id, name)) for name in ("data", "event", "last")]
            for device in devices
        ]

    def topic_of(self, name):
        return (self.base + name).encode()

    def begin(self, low):
        """Start a batch."""
        text = self.text
        text.put(self.frame)
        text.put(b',"low":')
        text.put_int(low)
        text.put(b',"r":[')
        self.separator = b"["

    def add(self, kind, record):
        """Write a record behind the others; False, with nothing written, when it does not fit."""
        text = self.text
        start = text.at
        text.put(self.separator)
        text.put_int(record.seq)
        text.put(b",")
        self._put_utc(not record.uptime, record.s, record.ms)
        text.put(b",")
        text.put_int(record.quality)
        text.put(b",")
        if kind == DATA:
            self._put_values(record)
        else:
            text.put(record.buffer[record.at : record.end])
        if record.uptime:
            text.put(b",")
            self._put_ms(record.s, record.ms)
        text.put(b"]")
        if text.overflow or text.room() < len(_TAIL):
            text.rewind(start)
            return False
        self.separator = b",["
        return True

    def end(self):
        """Close the batch."""
        self.text.put(_TAIL)

    def _put_utc(self, known, s, ms):
        if known:
            self.text.put_utc_ms(s, ms)
        else:
            self.text.put(b"null")

    def _put_ms(self, s, ms):
        """Write s * 1000 + ms, which may be beyond the small integers."""
        if s:
            self.text.put_int(s)
            self.text.put_padded(ms, 3)
        else:
            self.text.put_int(ms)

    def _put_values(self, record):
        channels = self.devices[record.device].channels
        has_values = record.quality < _VALUELESS
        opening = b'{"'
        while record.at < record.end:
            channel = channels[record.number()]
            value = record.number() if has_values else None
            self._put_value(opening, channel.name, value, channel.places)
            opening = b',"'
        self.text.put(b"}")

    def _put_value(self, opening, name, value, places):
        text = self.text
        text.put(opening)
        text.put(name)
        text.put(b'":')
        if value is None:
            text.put(b"null")
        else:
            text.put_decimal(value, places)

    def put_last(self, device, s, ms, known):
        """Write the newest values of a device, read at (s, ms) UTC."""
        text = self.text
        text.put(b'{"t":')
        self._put_utc(known, s, ms)
        text.put(b',"q":')
        text.put_int(max(channel.quality for channel in device.channels))
        text.put(b',"v":{')
        opening = b'"'
        for channel in device.channels:
            value = channel.value if channel.quality < _VALUELESS else None
            self._put_value(opening, channel.name, value, channel.places)
            opening = b',"'
        text.put(b"}}")

    def status(self, online):
        return (self._status % ("true" if online else "false")).encode()

    def birth(self, facts, tail):
        """Yield the birth certificate in pieces: who it is, then `tail`, an open file.

        The host wrote the tail when it compiled the configuration, so that a gateway need not
        keep what only a reader of its messages wants to know.
        """
        yield ("%s,%s," % (self.frame, json.dumps(facts)[1:-1])).encode()
        while True:
            piece = tail.read(_PIECE)
            if not piece:
                return
            yield piece
