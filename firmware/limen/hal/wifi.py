"""Keeps the board on its Wi-Fi network.

`isconnected` does not notice a lost address, so the link is judged by MQTT traffic and this task
only joins and rejoins. A driver that refuses to connect is switched off and on: the way out of
"Wifi Internal Error" that the field has found.
"""

import asyncio

import network

from limen.core.compat import const

_PATIENCE_S = const(20)
_CHECK_MS = const(4000)


class Wifi:
    """`ssid` and `password` as in the secrets; `joins` counts connections made."""

    def __init__(self, ssid, password):
        self._ssid = ssid
        self._password = password
        self._wlan = network.WLAN(network.STA_IF)
        self.joins = 0

    def is_up(self):
        return self._wlan.isconnected()

    async def run(self, pulse):
        """Join whenever the link is down."""
        while True:
            pulse.beat(_PATIENCE_S * 4)
            if not self._wlan.isconnected():
                await self._join()
            await asyncio.sleep_ms(_CHECK_MS)

    async def _join(self):
        wlan = self._wlan
        wlan.active(True)
        try:
            wlan.connect(self._ssid, self._password)
        except OSError:
            await self._restart()
            return
        for _ in range(_PATIENCE_S * 10):
            if wlan.isconnected():
                self.joins += 1
                return
            await asyncio.sleep_ms(100)
        await self._restart()

    async def _restart(self):
        wlan = self._wlan
        wlan.disconnect()
        await asyncio.sleep_ms(500)
        wlan.active(False)
        await asyncio.sleep_ms(500)
