"""The pins of the chip as a bus: pulses, analog and digital signals, each a device of its own.

The task that reads the pins sleeps in `rest`, from which an edge of a digital input wakes it.
"""

import asyncio
import time


class Bus:
    """`port` makes what a pin can be: see `hal.pins`; `store` keeps totals over power cuts.

    The `outputs` of the settings, [pin, safe level] each, are kept outside of the configuration.
    """

    def __init__(self, port, settings, store):
        port.keep_safe(settings["outputs"])
        self.port = port
        self.store = store
        self.id = settings["id"]
        self.kind = settings["kind"]
        self.readings = 0
        self._inputs = []
        self._changed = asyncio.ThreadSafeFlag()

    def counters(self):
        return {"readings": self.readings}

    def watch(self, device):
        """End every `rest` when this device has news: see `drivers.digital_in`."""
        self._inputs.append(device)

    def wake(self):
        """Called by the interrupt of a pin."""
        self._changed.set()

    async def rest(self, ms):
        """Sleep so many milliseconds, or less if an input has news, which is then due."""
        now_ms = time.ticks_ms()
        for device in self._inputs:
            ms = min(ms, device.news_in_ms(now_ms, ms))
        try:
            await asyncio.wait_for_ms(self._changed.wait(), ms)
        except asyncio.TimeoutError:
            pass
        for device in self._inputs:
            device.make_due()
