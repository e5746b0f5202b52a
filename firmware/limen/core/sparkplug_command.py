"""Reads Sparkplug B payloads that hosts send: commands to the node and its devices.

A payload comes from anyone who may publish, so all of it is checked: a ValueError is all that bad
bytes can do. What a command does not need is skipped by its wire type.
Source: protobuf.dev, Encoding; Eclipse Sparkplug 3.0.0, 6.4.
"""

from limen.core.compat import const

INT = const(10)  # the number of the field that a value came in
LONG = const(11)
FLOAT = const(12)
DOUBLE = const(13)
BOOLEAN = const(14)
STRING = const(15)

_METRICS = const(2)
_NAME = const(1)
_ALIAS = const(2)
_VARINT = const(0)
_EIGHT_BYTES = const(1)
_PREFIXED = const(2)
_FOUR_BYTES = const(5)
_LONGEST_VARINT = const(63)  # the shift of its tenth byte
_WIRE_TYPES = {
    INT: _VARINT, LONG: _VARINT, FLOAT: _FOUR_BYTES, DOUBLE: _EIGHT_BYTES, BOOLEAN: _VARINT,
    STRING: _PREFIXED,
}  # fmt: skip


def metrics(data):
    """[(name or None, alias or None, field of the value or None, value)] of a payload in bytes.

    A value is an integer, text, or for FLOAT and DOUBLE the little-endian bytes of one.
    Raises ValueError.
    """
    found = []
    for field, kind, value in _fields(data, 0, len(data)):
        if field == _METRICS:
            _expect(kind, _PREFIXED)
            found.append(_metric(data, value))
    return found


def _metric(data, place):
    name = alias = field_of_value = value_of = None
    for field, kind, value in _fields(data, place[0], place[1]):
        if field == _NAME:
            _expect(kind, _PREFIXED)
            name = _text(data, value)
        elif field == _ALIAS:
            _expect(kind, _VARINT)
            alias = value
        elif field in _WIRE_TYPES:
            _expect(kind, _WIRE_TYPES[field])
            field_of_value = field
            value_of = _value(data, field, value)
    return name, alias, field_of_value, value_of


def _value(data, field, value):
    if field == STRING:
        return _text(data, value)
    if field in (FLOAT, DOUBLE):
        return bytes(data[value[0] : value[1]])
    bits = 32 if field == INT else 64
    value &= (1 << bits) - 1
    if field == BOOLEAN:
        return 1 if value else 0
    return value - (1 << bits) if value >> bits - 1 else value


def _text(data, place):
    return str(bytes(data[place[0] : place[1]]), "utf-8")


def _expect(kind, wanted):
    if kind != wanted:
        raise ValueError("wire type")


def _fields(data, at, end):
    """Yield (field number, wire type, value) of a message; a value of several bytes is the place
    where it lies, as (start, end)."""
    while at < end:
        tag, at = _varint(data, at, end)
        kind = tag & 7
        if not 8 <= tag < 1 << 32:
            raise ValueError("tag")
        if kind == _VARINT:
            value, at = _varint(data, at, end)
        else:
            size, at = _size(data, at, end, kind)
            if size > end - at:
                raise ValueError("cut short")
            value = (at, at + size)
            at += size
        yield tag >> 3, kind, value


def _size(data, at, end, kind):
    if kind == _PREFIXED:
        return _varint(data, at, end)
    if kind == _EIGHT_BYTES:
        return 8, at
    if kind == _FOUR_BYTES:
        return 4, at
    raise ValueError("wire type")


def _varint(data, at, end):
    value = shift = 0
    while at < end and shift <= _LONGEST_VARINT:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7
    raise ValueError("varint")
