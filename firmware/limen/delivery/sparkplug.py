"""The Sparkplug B dialect: topics, births and data of an edge node and its devices.

Births say what the host wrote to flash (see host_tools/sparkplug_file.py) and the newest values.
They may be long, so they are made metric by metric, and twice: to count and to send. Data refer to
them by alias: a metric's number, counting those of the node and of all devices from 1.
Source: Eclipse Sparkplug 3.0.0, chapters 4 and 6.
"""

import json
from array import array

from limen.core.compat import const
from limen.core.quality import BAD
from limen.core.sparkplug import BOOLEAN, LARGEST_METRIC, Payload
from limen.core.text import Text
from limen.delivery.outbox import DATA

FILE = "/sparkplug.bin"

_RAISED = const(2)  # the state of an alarm
_LONGEST_FIXED = const(255)
_LONGEST_TEXT = const(64)  # in a birth
_MARK_BYTES = const(2)
_SEQ_BYTES = const(3)
_TEXT_HEAD = const(3)  # of a text of 128 bytes and more
_SPARE = const(8)
_DEATH = const(b"\x0a\x05bdSeq\x20\x04\x58")  # name, data type, and the tag of the value


class Sparkplug:
    """`devices` as the records count them: number 0 is the edge node itself, called `name` in its
    `group`."""

    def __init__(self, payload, group, name, clock, devices):
        self._payload = payload
        self._clock = clock
        self.devices = devices
        self._base = "spBv1.0/%s/%%s/%s" % (group, name)
        count = len(devices)
        self.data_topics = [self.topic("DDATA" if n else "NDATA", n) for n in range(count)]
        self._offset = array("l", [0] * count)
        self._alias = array("l", [1] * (count + 1))  # of the first metric of each
        self._types = []
        with open(FILE, "rb") as file:
            for number in range(count):
                self._learn(file, number)

    def _learn(self, file, number):
        """Note what the file says of a device: where, its aliases, its channels' data types."""
        self._offset[number] = file.tell()
        metrics = _count(file)
        self._alias[number + 1] = self._alias[number] + metrics
        types = bytearray()
        for _ in range(metrics):
            kind, length = file.read(2)
            types.append(kind)
            file.seek(length, 1)
        self._types.append(bytes(types[: len(self.devices[number].channels)]))

    def topic(self, kind, number=0):
        """The topic of a kind of message, of a device where it is not the node's."""
        topic = self._base % kind
        return (topic + "/" + self.devices[number].id if number else topic).encode()

    def channel_of(self, number, name, alias):
        """The channel of a device that has this name or alias, or None."""
        for index, channel in enumerate(self.devices[number].channels):
            if channel.name == name or alias == self._alias[number] + index:
                return channel
        return None

    def death(self, session_number):
        """The node's death certificate, which has to be there before the connection is."""
        payload = Payload(bytearray(LARGEST_METRIC))
        payload.put(b"\x12\0" + _DEATH)
        payload.put_varint(session_number)
        payload.buffer[1] = payload.at - 2
        return bytes(payload.buffer[: payload.at])

    def values(self, number):
        """The newest values of a device's metrics: its channels, their alarms, its event."""
        channels = self.devices[number].channels
        values = [None if c.quality >= BAD else c.value for c in channels]
        for channel in channels:
            for alarm in channel.alarms:
                values.append(alarm.state == _RAISED)
        values.append(None)
        return values

    def birth(self, number, values, s, ms, seq):
        """Yield a birth at (s, ms) UTC, with these values of the metrics, in pieces."""
        payload = Payload(bytearray(LARGEST_METRIC + _LONGEST_FIXED + _LONGEST_TEXT))
        channels = self.devices[number].channels
        payload.begin(s, ms)
        with open(FILE, "rb") as file:
            file.seek(self._offset[number])
            for index in range(_count(file)):
                kind, length = file.read(2)
                payload.begin_metric(file.read(length), s, ms)
                channel = channels[index] if index < len(channels) else None
                _put(payload, kind, values[index], channel)
                payload.end_metric()
                yield memoryview(payload.buffer)[: payload.at]
                payload.at = 0
        payload.end(seq)
        yield memoryview(payload.buffer)[: payload.at]

    def begin(self):
        """Start a message, where the payload has been opened."""
        clock = self._clock
        clock.tick()
        self._payload.begin(clock.utc_s(clock.s, clock.ms), clock.utc_ms(clock.ms))

    def add(self, kind, record, is_historical):
        """Write a record behind the others; False, with nothing written, when it does not fit."""
        s = record.s
        ms = record.ms
        if record.uptime:
            s = self._clock.utc_s(s, ms)
            ms = self._clock.utc_ms(ms)
        start = self._payload.at
        add = self._add_values if kind == DATA else self._add_event
        if add(record, s, ms, is_historical):
            return True
        self._payload.at = start
        return False

    def add_diagnostics(self, put):
        """Let `put(text)` write the diagnostics of the node, its last metric but one; False when
        they are too long."""
        clock = self._clock
        payload = self._payload
        s = clock.utc_s(clock.s, clock.ms)
        payload.begin_alias(self._alias[1] - 2, s, clock.utc_ms(clock.ms), False)
        text = Text()
        text.open(payload.buffer, payload.at + _TEXT_HEAD, payload.at + payload.room() - _SPARE)
        put(text)
        payload.end_text(text.at - text.start)
        payload.end_metric()
        return not text.overflow

    def end(self, seq):
        """End the message."""
        self._payload.end(seq)

    def _add_values(self, record, s, ms, is_historical):
        number = record.device
        payload = self._payload
        while record.at < record.end:
            index = record.number()
            if not self._begin(self._alias[number] + index, s, ms, is_historical, 0):
                return False
            if record.quality >= BAD:
                payload.put_null(record.quality)
            else:
                channel = self.devices[number].channels[index]
                payload.put_value(self._types[number][index], record.number(), channel.places)
            payload.end_metric()
        return True

    def _add_event(self, record, s, ms, is_historical):
        """An event is the text of the last metric of its device; that of an alarm is a bit, too."""
        text = bytes(record.buffer[record.at : record.end])
        if not self._begin(self._alias[record.device + 1] - 1, s, ms, is_historical, len(text)):
            return False
        self._payload.put_text(text)
        self._payload.end_metric()
        event = json.loads(text)
        alias = self._alarm_alias(record.device, event.get("alarm"))
        if alias:
            if not self._begin(alias, s, ms, is_historical, 0):
                return False
            self._payload.put_value(BOOLEAN, event["state"] == "raised", 0)
            self._payload.end_metric()
        return True

    def _alarm_alias(self, number, name):
        channels = self.devices[number].channels
        alias = self._alias[number] + len(channels)
        for channel in channels:
            for alarm in channel.alarms:
                if name == channel.name + "." + alarm.name:
                    return alias
                alias += 1
        return 0

    def _begin(self, alias, s, ms, is_historical, text_bytes):
        """Begin a metric; False when there is no room for it.

        What is sent again has to fit again, so a live metric leaves room for the historical mark.
        """
        payload = self._payload
        if payload.room() < LARGEST_METRIC + text_bytes + _SEQ_BYTES:
            return False
        if not is_historical:
            payload.keep_free(_MARK_BYTES)
        payload.begin_alias(alias, s, ms, is_historical)
        return True


def _count(file):
    return int.from_bytes(file.read(2), "little")


def _put(payload, kind, value, channel):
    """Write a value of a birth; `channel` is None where it is not a channel's."""
    if value is None:
        payload.put_null(channel.quality if channel else 0)
    elif isinstance(value, bytes):
        payload.put_text(value[:_LONGEST_TEXT])
    else:
        payload.put_value(kind, value, channel.places if channel else 0)
