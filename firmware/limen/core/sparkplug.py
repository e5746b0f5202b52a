"""Sparkplug B payloads as bytes, written metric by metric.

What of a metric never changes (name, alias, data type, properties) comes ready-made from the host;
here go in what does: time, value, whether it is historical, and a quality that is not good. Who
writes asks `room` for LARGEST_METRIC before each metric, and for the text of one beside.
Source: Eclipse Sparkplug 3.0.0, 6.4 and 6.4.1 (payload definition and data types).
"""

import json

from limen.core.compat import const
from limen.core.protobuf import Writer
from limen.core.quality import BAD, STALE

INT64 = const(4)
DOUBLE = const(10)
BOOLEAN = const(11)
STRING = const(12)

LARGEST_METRIC = const(56)  # without a text and what came ready-made
PAYLOAD_HEAD = const(10)

_METRICS = const(0x12)
_LONG = const(128)
_NULL = const(b"\x38\x01")
_HISTORICAL = const(b"\x28\x01")
_BAD = const(b"\x4a\x0f\x0a\x07Quality\x12\x04\x08\x03\x18\x00")
_STALE = const(b"\x4a\x10\x0a\x07Quality\x12\x05\x08\x03\x18\xf4\x03")


class Payload(Writer):
    """One payload, or a part of one."""

    def begin(self, s, ms):
        """Begin a payload sent at (s, ms) UTC."""
        self._put_tag(0x08)
        self.put_utc_ms(s, ms)

    def end(self, seq):
        """End a payload with its number."""
        self._put_tag(0x18)
        self.put_varint(seq)

    def begin_metric(self, fixed, s, ms):
        """Begin a metric with what came ready-made, as a value taken at (s, ms) UTC."""
        self._put_tag(_METRICS)
        self._metric = self.at
        self.at += 1
        self.put(fixed)
        self._put_tag(0x18)
        self.put_utc_ms(s, ms)

    def begin_alias(self, alias, s, ms, is_historical):
        """Begin a metric of data that has been born with this alias."""
        self._put_tag(_METRICS)
        self._metric = self.at
        self.at += 1
        self._put_tag(0x10)
        self.put_varint(alias)
        self._put_tag(0x18)
        self.put_utc_ms(s, ms)
        if is_historical:
            self.put(_HISTORICAL)

    def put_value(self, kind, count, places):
        """Give the metric a value of count * 10**-places."""
        if kind == DOUBLE:
            self._put_tag(0x69)
            self.put_double(count, places)
        elif kind == BOOLEAN:
            self._put_tag(0x70)
            self.put_varint(1 if count else 0)
        else:
            self._put_tag(0x58)
            self.put_varint(count * 10**-places if places < 0 else count)

    def put_text(self, text):
        """Give the metric a text, as bytes in UTF-8."""
        self._put_tag(0x7A)
        self.put_varint(len(text))
        self.put(text)

    def end_text(self, length):
        """Give the metric a text of 128 bytes and more, which lies three bytes further on."""
        self.buffer[self.at] = 0x7A
        self.buffer[self.at + 1] = length & 127 | _LONG
        self.buffer[self.at + 2] = length >> 7
        self.at += 3 + length

    def put_null(self, quality):
        """Say that the metric has no value, and why if the quality tells."""
        self.put(_NULL)
        if quality == BAD:
            self.put(_BAD)
        elif quality == STALE:
            self.put(_STALE)

    def end_metric(self):
        """End the metric: only now its length is known."""
        start = self._metric
        length = self.at - start - 1
        if length >= _LONG:
            for at in range(self.at, start, -1):
                self.buffer[at] = self.buffer[at - 1]
            self.buffer[start + 1] = length >> 7
            length = length & 127 | _LONG
            self.at += 1
        self.buffer[start] = length

    def _put_tag(self, tag):
        self.buffer[self.at] = tag
        self.at += 1


def host_state(payload):
    """(whether a primary host is online, since when in ms) of its STATE. Raises ValueError."""
    state = json.loads(payload)
    if isinstance(state, dict):
        online = state.get("online")
        ms = state.get("timestamp")
        if type(online) is bool and type(ms) is int:
            return online, ms
    raise ValueError("state")
