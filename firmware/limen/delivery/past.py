"""Speaks for an earlier boot, in the words of the configuration that it had; loaded when needed."""

import json

from limen.core.frame import DATA, EVENT
from limen.delivery.plain import Plain
from limen.delivery.walk import Walk, frame_buffer


class _Channel:
    def __init__(self, facts):
        self.name = facts["name"]
        self.places = facts["places"]


class _Device:
    def __init__(self, name):
        self.id = name
        self.channels = []


class Past(Plain):
    """The plain dialect under the names of a boot that the journal holds records of."""

    def __init__(self, journal, names):
        plain = journal.plain
        inc, boot, cfg = names
        self.text = plain.text
        self.base = plain.base
        self.frame = '{"inc":"%08x","boot":%d,"cfg":"%08x"' % (inc, boot, cfg)
        self.devices = plain.devices
        self.topics = plain.topics
        if cfg != journal.identity[2]:
            self.devices = _Devices(journal, cfg)
            self.topics = _Topics(self)


class _Topics:
    """The topics by device number, made when asked for."""

    def __init__(self, dialect):
        self._dialect = dialect

    def __getitem__(self, number):
        name = self._dialect.devices[number].id
        topic_of = self._dialect.topic_of
        return [topic_of("dev/%s/%s" % (name, kind)) for kind in ("data", "event", "last")]


class _Devices:
    """The devices of a table by number; one is kept, as a message is of one."""

    def __init__(self, journal, cfg):
        self.journal = journal
        self.cfg = cfg
        self._number = 0
        self._device = _Device("gateway")

    def __getitem__(self, number):
        if number != self._number:
            self._number = number
            self._device = self._read(number) if number else _Device("gateway")
        return self._device

    def _read(self, number):
        device = _Device("")
        for line in _lines(self.journal, self.cfg):
            if line.startswith(b'{"id"'):
                number -= 1
                if number == 0:
                    device.id = json.loads(line + b"]}")["id"]
                elif number < 0:
                    break
            elif number == 0 and line.startswith(b"{"):
                device.channels.append(_Channel(json.loads(line)))
        return device


def _pieces(journal, cfg):
    from limen.delivery.tables import pieces

    return pieces(journal.segments, frame_buffer(), cfg)


def _lines(journal, cfg):
    """The lines of a table: a device and each of its channels have one; without what closes."""
    rest = b""
    for piece in _pieces(journal, cfg):
        *lines, rest = (rest + bytes(piece)).split(b"\n")
        for line in lines:
            yield _stripped(line)
    yield _stripped(rest)


def _stripped(line):
    if line.endswith(b","):
        line = line[:-1]
    while line.endswith(b"]}"):
        line = line[:-2]
    return line


class _Tail:
    """A table as an open file."""

    def __init__(self, journal, cfg):
        self._pieces = _pieces(journal, cfg)

    def read(self, size):
        for piece in self._pieces:
            return bytes(piece)
        return b""


async def announce(journal, session, facts):
    """Publish the births of earlier configurations; the current one follows, and stays."""
    for cfg in journal.tables:
        if cfg != journal.identity[2]:
            await _announce(journal, session, facts, cfg)


async def _announce(journal, session, facts, cfg):
    buffer = frame_buffer()
    for kind in (DATA, EVENT):
        walk = Walk(journal.segments, kind, buffer)
        while walk.enter():
            if walk.names[2] == cfg:
                past = Past(journal, walk.names)
                await _publish(past, session, dict(facts, low=walk.first_seq))
                return


async def _publish(past, session, facts):
    journal = past.devices.journal
    cfg = past.devices.cfg
    length = sum(len(piece) for piece in past.birth(facts, _Tail(journal, cfg)))
    told = past.birth(facts, _Tail(journal, cfg))
    await session.publish_pieces(past.topic_of("birth"), told, length, 0, False)
