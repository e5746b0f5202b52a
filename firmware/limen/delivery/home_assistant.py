"""Tells Home Assistant which devices there are, over the plain dialect's own connection.

The messages lie on flash as the host made them (see host_tools/home_assistant_file.py). They are
sent, retained, behind what is done at each new connection, and whenever Home Assistant says that it
has started.
"""

import asyncio
import random

from limen.core.compat import const

FILE = "/home_assistant.txt"

_PIECE = const(256)
_LONGEST_PAUSE_MS = const(5000)  # so that not all gateways of a site answer at once
_STATUS = const(b"homeassistant/status")


class HomeAssistant:
    """Steps between an uplink and what calls it, and before its session's `on_message`."""

    def __init__(self, uplink):
        self._session = uplink.session
        self._begin = uplink.begin
        self._on_message = uplink.session.on_message
        self._telling = None
        uplink.begin = self.begin
        uplink.session.on_message = self.on_message

    async def begin(self, present):
        """Open a new connection, and tell what there is."""
        await self._begin(present)
        self._session.subscribe(_STATUS, 0)
        await self._tell()

    def on_message(self, topic, payload, is_retained):
        """What Home Assistant said before this connection has been answered with its beginning."""
        if topic != _STATUS:
            self._on_message(topic, payload, is_retained)
        elif payload == b"online" and not is_retained and not self._telling:
            self._telling = asyncio.create_task(self._tell_later())

    async def _tell_later(self):
        try:
            await asyncio.sleep_ms(random.randint(0, _LONGEST_PAUSE_MS))
            await self._tell()
        except OSError:
            pass  # the next connection begins with it
        finally:
            self._telling = None

    async def _tell(self):
        with open(FILE, "rb") as file:
            while True:
                topic, _, length = file.readline().partition(b" ")
                if not topic:
                    return
                length = int(length)
                await self._session.publish_pieces(topic, _pieces(file, length), length, 0, True)


def _pieces(file, length):
    while length:
        piece = file.read(min(length, _PIECE))
        length -= len(piece)
        yield piece
