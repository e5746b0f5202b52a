"""Ethernet: an RMII PHY or a W5500 on SPI, as the board's file describes it.

The interface is started once and stays so; the cable decides whether it is up.
"""

import asyncio

import machine
import network

from limen.core.compat import const

_PATIENCE_MS = const(8000)
_LOOK_MS = const(100)


class Ethernet:
    """`wires` as the configuration has them; `address` a static one, as `ifconfig` takes it."""

    name = "ethernet"

    def __init__(self, wires, address):
        self._lan = network.LAN(**_arguments(wires))
        self._address = address

    def is_up(self):
        return self._lan.isconnected()

    async def join(self):
        """Wait some seconds for the cable and an address."""
        lan = self._lan
        if not lan.active():
            lan.active(True)
            if self._address:
                lan.ifconfig(self._address)
        for _ in range(_PATIENCE_MS // _LOOK_MS):
            if lan.isconnected():
                return True
            await asyncio.sleep_ms(_LOOK_MS)
        return False

    async def leave(self):
        """Nothing: what is plugged in again is used again."""


def _arguments(wires):
    """The arguments of `network.LAN`: pins become Pins, names of the module its values."""
    arguments = {}
    for name, value in wires.items():
        if name == "phy_type":
            value = getattr(network, "PHY_" + value)
        elif name == "spi":
            bus, sck, mosi, miso = value
            pins = {"sck": machine.Pin(sck), "mosi": machine.Pin(mosi), "miso": machine.Pin(miso)}
            value = machine.SPI(bus, **pins)
        elif name == "ref_clk_mode":
            value = machine.Pin.OUT if value == "out" else machine.Pin.IN
        elif name != "phy_addr":
            value = machine.Pin(value)
        arguments[name] = value
    return arguments
