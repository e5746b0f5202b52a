"""A SunSpec device: a Modbus device whose registers lie where its chain of models has them.

The configuration counts registers from the ID of a model. The model is searched when the device is
first asked, and again after it has been silent or has refused everything: it may be another one
then, or another version of itself.
"""

import asyncio

from limen.core import modbus
from limen.core.compat import const
from limen.core.quality import BAD
from limen.core.sunspec import Search
from limen.drivers import DONE
from limen.drivers.modbus_ask import ask_registers
from limen.drivers.modbus_device import Device as ModbusDevice

_FUNCTION = const(3)


class Device(ModbusDevice):
    """As every Modbus device; `settings` has the ids of the models that will do in "sunspec".

    What a nameplate says lies in the model that begins the chain, at `origin`.
    """

    def __init__(self, bus, settings, channels):
        super().__init__(bus, settings, channels)
        self._models = settings["sunspec"]
        self._base = self.origin = None

    def read(self):
        """Begin to give the channels that are marked `fresh` their value and quality."""
        if self._base is None:
            return self._find_and_read()
        super().read()

    def probe(self):
        """Begin to see if the device is there."""
        if self._base is None:
            return self._find_and_read()
        super().probe()

    def step(self):
        ms = super().step()
        if ms == DONE and self._is_refused():
            self._forget()
        return ms

    async def _find_and_read(self):
        await self._find()
        if self._base is None:
            self._give_up()
            return
        super().read()
        ms = self.step()
        while ms != DONE:
            await asyncio.sleep_ms(ms)
            ms = self.step()

    async def _find(self):
        """Search the model; a search that gets no answer is begun anew with the next reading."""
        self._tune()
        search = Search(self._models)
        self.answered = False
        while search.count:
            result = await ask_registers(
                self.bus, self.address, _FUNCTION, search.address, search.count
            )
            if result == modbus.OK:
                search.take(self.bus.reply.buffer, self.bus.reply.data)
            elif result == modbus.EXCEPTION:
                search.refuse()
            else:
                return
            self.answered = True
        if search.found is not None:
            self._base = search.found
            self.origin = search.first
            self.move(search.found)

    def _is_refused(self):
        """Whether something was asked and nothing has a value."""
        asked = [channel for channel in self._channels if channel.fresh]
        return asked and not [channel for channel in asked if channel.quality != BAD]

    def _forget(self):
        if self._base is not None:
            self.move(-self._base)
            self._base = None

    def _give_up(self):
        for channel in self._channels:
            if channel.fresh:
                channel.value = None
                channel.quality = BAD
