"""A SunSpec device: a Modbus device whose registers lie where its chain of models has them.

The configuration counts registers from the ID of a model. The model is searched when the device is
first asked, and again after it has been silent or has refused everything: it may be another one
then, or another version of itself.
"""

from limen.core import modbus
from limen.core.compat import const
from limen.core.quality import BAD
from limen.core.sunspec import Search
from limen.drivers.modbus_device import Device as ModbusDevice

_FUNCTION = const(3)


class Device(ModbusDevice):
    """As every Modbus device; `settings` has the ids of the models that will do in "sunspec"."""

    def __init__(self, bus, settings, channels):
        super().__init__(bus, settings, channels)
        self._models = settings["sunspec"]
        self._base = None

    async def read(self):
        """Give the channels that are marked `fresh` their value, a count or None, and quality."""
        if self._base is None:
            await self._find()
        if self._base is not None:
            await super().read()
            if not self._any_good():
                self._forget()
        else:
            self._give_up()

    async def _find(self):
        """Search the model; a search that gets no answer is begun anew with the next reading."""
        search = Search(self._models)
        while search.count:
            result = await self._ask(_FUNCTION, search.address, search.count)
            if result == modbus.OK:
                search.take(self.bus.reply.buffer, self.bus.reply.data)
            elif result == modbus.EXCEPTION:
                search.refuse()
            else:
                return
        if search.found is not None:
            self._base = search.found
            self.move(search.found)

    def _any_good(self):
        for channel in self._channels:
            if channel.fresh and channel.quality != BAD:
                return True
        return False

    def _forget(self):
        self.move(-self._base)
        self._base = None

    def _give_up(self):
        self.silent = True
        for channel in self._channels:
            if channel.fresh:
                channel.value = None
                channel.quality = BAD
