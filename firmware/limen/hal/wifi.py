"""The Wi-Fi station: joins one of the networks it knows, and leaves.

The driver rejoins by itself after a short loss. It can also get stuck: `connect` while it connects
raises "Wifi Internal Error", and some states only end with the radio switched off and on, so every
join that fails ends with that. A refused password ends the wait at once.
"""

import asyncio

import network

from limen.core.compat import const

_PATIENCE_MS = const(20000)
_LOOK_MS = const(100)
_PAUSE_MS = const(500)
_WRONG_PASSWORD = const(202)


class Wifi:
    """`networks` are {"ssid", "password"} by preference; `address` a static one, as `ifconfig`
    takes it, or None; `tell(network, trouble)` is told why one does not take us."""

    name = "wifi"

    def __init__(self, networks, address, tell):
        self._networks = networks
        self._address = address
        self._tell = tell
        self._wlan = network.WLAN(network.STA_IF)

    def is_up(self):
        """Whether the driver says so, which does not notice a lost address."""
        return self._wlan.isconnected()

    async def join(self):
        """Try each network once; True as soon as one has taken us."""
        wlan = self._wlan
        networks = self._networks
        wlan.active(True)
        if self._address:
            wlan.ifconfig(self._address)
        if len(networks) > 1:
            from limen.hal.wifi_scan import by_reach

            networks = by_reach(wlan, networks)
        for known in networks:
            if await self._try(known):
                return True
            await self.leave()
            wlan.active(True)
        return False

    async def _try(self, known):
        wlan = self._wlan
        try:
            wlan.connect(known["ssid"], known["password"])
        except OSError:
            return False
        for _ in range(_PATIENCE_MS // _LOOK_MS):
            if wlan.isconnected():
                return True
            if wlan.status() == _WRONG_PASSWORD:
                break
            await asyncio.sleep_ms(_LOOK_MS)
        self._tell(known["ssid"], "wifi: %d" % wlan.status())
        return False

    async def leave(self):
        """Disconnect and switch the radio off."""
        wlan = self._wlan
        try:
            wlan.disconnect()
        except OSError:
            pass  # it was not started
        await asyncio.sleep_ms(_PAUSE_MS)
        wlan.active(False)
        await asyncio.sleep_ms(_PAUSE_MS)
