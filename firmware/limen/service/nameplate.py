"""The nameplate of a Modbus device: texts that it is asked for once, not with every reading.

They are read behind the first reading that the device answers, and again when it was silent: it
may be another device then. What they are is kept in the store and told in the diagnostics; a text
that is new, or another one than before, is an event. So is seen when a meter was exchanged. From
then on the device is read as if there were no nameplate. A text that the device does not give
stays as it was known.
"""

import asyncio
import time

from limen.core import modbus
from limen.core.nameplate import decode
from limen.core.quality import GOOD
from limen.drivers import DONE
from limen.drivers.modbus_ask import ask_registers

_EVENT = '{"nameplate":"%s","text":"%s","was":%s}'


class Nameplate:
    """The texts of one device, which is the gateway's device `number`.

    `entries` are [name, function, address, registers, kind, order]; `gateway` has `clock` and
    `store`, and a `path` for events when it runs.
    """

    def __init__(self, gateway, number, device, pause_ms, entries):
        self._gateway = gateway
        self._number = number
        self._pause_ms = pause_ms
        self._entries = entries
        self._reader = device.reader
        self._key = "plate." + device.id
        self.id = device.id
        self._read = device.reader.read
        self._probe = device.reader.probe
        self._reader.read = self._read_all
        self._reader.probe = self._probe_anew

    def texts(self):
        """{name: text} of what is known."""
        return self._gateway.store.get(self._key, {})

    def _probe_anew(self):
        """In the place of the reader's own: the device was silent."""
        self._reader.read = self._read_all
        return self._probe()

    async def _read_all(self):
        """In the place of the reader's own: first the channels, then the texts."""
        reader = self._reader
        reader.age_ms = 0
        waiting = self._read()
        if waiting:
            await waiting
        else:
            ms = reader.step()
            while ms != DONE:
                await asyncio.sleep_ms(ms)
                ms = reader.step()
        origin = getattr(reader, "origin", 0)
        if reader.answered and origin is not None:
            began_ms = time.ticks_ms()
            reader.read = self._read_on
            await self._ask(origin)
            reader.age_ms = time.ticks_diff(time.ticks_ms(), began_ms)

    def _read_on(self):
        """The first reading behind the texts: the next ones do without us."""
        self._reader.age_ms = 0
        self._reader.read = self._read
        return self._read()

    async def _ask(self, origin):
        """Ask for each text; a device that does not answer one is not asked for the rest."""
        bus = self._reader.bus
        known = self.texts()
        texts = dict(known)
        for name, function, address, words, kind, order in self._entries:
            result = await ask_registers(
                bus, self._reader.address, function, origin + address, words, 2, self._pause_ms
            )
            if result == modbus.OK:
                text = decode(kind, order, bus.reply.buffer, bus.reply.data, words)
                if text:
                    texts[name] = text
            elif result != modbus.EXCEPTION:
                await asyncio.sleep_ms(bus.late_ms)  # its reply is nobody else's
                break
        self._gateway.store.set(self._key, texts)
        for name in texts:
            if texts[name] != known.get(name):
                self._tell(name, texts[name], known.get(name))

    def _tell(self, name, text, was):
        clock = self._gateway.clock
        clock.tick()
        body = _EVENT % (name, text, '"%s"' % was if was else "null")
        self._gateway.path.put_event(self._number, GOOD, clock.s, clock.ms, body)
