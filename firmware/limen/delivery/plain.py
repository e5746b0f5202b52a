"""The plain dialect: topics and JSON of the MQTT contract (docs/mqtt.md).

Records are written into one buffer that is allocated once; a record that does not fit is taken
back, and goes into the next message. Births may be long, so they come in pieces.
"""

import json

from limen.core.compat import const
from limen.delivery.outbox import ALARM, DATA

_VALUELESS = const(2)
_TAIL = b"]}"
_LOW = ',"low":'
_PIECE = const(256)
_STATES = (b"cleared", b"raised")


class Plain:
    """`devices` as the records count them: number 0 is the gateway itself.

    `head` is the head of the configuration: site, gateway, hash.
    """

    def __init__(self, text, head, incarnation, boot, devices):
        self.text = text
        self._devices = devices
        self._identity = '{"inc":"%s","boot":%d' % (incarnation, boot)
        self._frame = ('%s,"cfg":"%s"' % (self._identity, head["hash"]) + _LOW).encode()
        self._base = "limen/v1/%s/%s/" % (head["site"], head["gateway"])
        # By device, then by kind of record: data, events, and last values.
        self.topics = [
            [self.topic_of("dev/%s/%s" % (device.id, name)) for name in ("data", "event", "last")]
            for device in devices
        ]

    def topic_of(self, name):
        return (self._base + name).encode()

    def begin(self, low):
        """Start a batch."""
        text = self.text
        text.clear()
        text.put(self._frame)
        text.put_int(low)
        text.put(b',"r":[')
        self._empty = True

    def add(self, kind, record):
        """Write a record behind the others; False, with nothing written, when it does not fit."""
        text = self.text
        start = text.at
        if not self._empty:
            text.put(b",")
        text.put(b"[")
        text.put_int(record.seq)
        text.put(b",")
        if record.uptime:
            text.put(b"null")
        else:
            text.put_utc_ms(record.s, record.ms)
        text.put(b",")
        text.put_int(record.quality)
        text.put(b",{")
        if kind == DATA:
            self._put_values(record)
        else:
            self._put_event(record)
        text.put(b"}")
        if record.uptime:
            text.put(b",")
            self._put_ms(record.s, record.ms)
        text.put(b"]")
        if text.overflow or text.room() < len(_TAIL):
            text.rewind(start)
            return False
        self._empty = False
        return True

    def end(self):
        """Close the batch; return its bytes, valid until the next `begin`."""
        self.text.put(_TAIL)
        return self.text.view()

    def _put_ms(self, s, ms):
        """Write s * 1000 + ms, which may be beyond the small integers."""
        if s:
            self.text.put_int(s)
            self.text.put_padded(ms, 3)
        else:
            self.text.put_int(ms)

    def _put_values(self, record):
        text = self.text
        reader = record.reader
        channels = self._devices[record.device].channels
        first = True
        while reader.at < record.end:
            channel = channels[reader.unsigned()]
            text.put(b'"' if first else b',"')
            first = False
            text.put(channel.name)
            text.put(b'":')
            has_value = record.quality < _VALUELESS
            self._put_value(channel, record.quality, reader.signed() if has_value else 0)

    def _put_value(self, channel, quality, value):
        if quality >= _VALUELESS:
            self.text.put(b"null")
        else:
            self.text.put_decimal(value, channel.places)

    def _put_event(self, record):
        reader = record.reader
        if reader.unsigned() == ALARM:
            self._put_alarm(record, reader)
        else:
            self._put_clock(record, reader)

    def _put_alarm(self, record, reader):
        text = self.text
        channel = self._devices[record.device].channels[reader.unsigned()]
        alarm = channel.alarms[reader.unsigned()]
        text.put(b'"alarm":"')
        text.put(channel.name)
        text.put(b".")
        text.put(alarm.name)
        text.put(b'","state":"')
        text.put(_STATES[reader.unsigned()])
        text.put(b'","value":')
        if reader.unsigned():
            text.put_decimal(reader.signed(), channel.places)
        else:
            text.put(b"null")
        text.put(b',"limit":')
        text.put_decimal(alarm.limit, channel.places)

    def _put_clock(self, record, reader):
        text = self.text
        text.put(b'"clock":"set","uptime_ms":')
        self._put_ms(reader.unsigned(), reader.unsigned())
        text.put(b',"utc_ms":')
        text.put_utc_ms(record.s, record.ms)

    def last(self, device, s, ms, known):
        """The newest values of a device at (s, ms) UTC, as bytes valid until the next message."""
        text = self.text
        text.clear()
        text.put(b'{"t":')
        if known:
            text.put_utc_ms(s, ms)
        else:
            text.put(b"null")
        text.put(b',"q":')
        text.put_int(max(channel.quality for channel in device.channels))
        text.put(b',"v":{')
        for channel in device.channels:
            text.put(b',"' if channel.index else b'"')
            text.put(channel.name)
            text.put(b'":')
            self._put_value(channel, channel.quality, channel.value)
        text.put(b"}}")
        return text.view()

    def status(self, online):
        return '%s,"online":%s}' % (self._identity, "true" if online else "false")

    def birth(self, facts, tail):
        """Yield the birth certificate in pieces: who it is, then `tail`, an open file.

        The host wrote the tail when it compiled the configuration, so that a gateway need not
        keep what only a reader of its messages wants to know.
        """
        yield (self._frame[: -len(_LOW)].decode() + "," + json.dumps(facts)[1:-1] + ",").encode()
        while True:
            piece = tail.read(_PIECE)
            if not piece:
                return
            yield piece
