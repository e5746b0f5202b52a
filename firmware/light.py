"""Shows on the light of a board how far its gateway has come; with none, that it is in setup mode.

A pattern is an integer: eight bits for the eight quarters of two seconds, lit or dark, the lowest
first; above them a bit each for green, red and blue, which a light of one colour does not heed. The
light only looks at what others know, and nothing waits for it; it allocates nothing once it shines.
It lies beside `boot.py`, as setup mode needs it without the package.
"""

import asyncio

from machine import Pin, bitstream
from micropython import const

_NETWORK = const(0b011_00000001)
_BROKER = const(0b011_00000101)
_SAFE = const(0b010_00010101)
_FAULT = const(0b010_01010101)
_ONLINE = const(0b001_11111111)
_SETUP = const(0b100_00001111)

_ADDRESSABLE = const(2)  # a WS2812; else the level at which the light is dark: 0 or, inverted, 1
_TIMING = const((400, 850, 800, 450))  # ns of a 0 and of a 1, as of module neopixel
_BRIGHTNESS = const(24)  # of 255: these lights dazzle
_HEARD_S = const(11)  # a link that is well says so every eight seconds


def shine(light, gateway):
    """Show the gateway's pattern for ever; a generator, as each await of a sleep allocates."""
    number, kind = light
    pin = Pin(number, Pin.OUT)
    colour = bytearray(3)
    quarter = 0
    while True:
        pattern = _pattern(gateway)
        lit = pattern >> quarter & 1
        if kind == _ADDRESSABLE:
            for part in range(3):
                colour[part] = (pattern >> 8 + part & lit) * _BRIGHTNESS
            bitstream(pin, 0, _TIMING, colour)
        else:
            pin(lit ^ kind)
        quarter = quarter + 1 & 7
        next(asyncio.sleep_ms(8000 if pattern == _ONLINE else 250))
        yield


def _pattern(gateway):
    """What fits: the first of these that is missing."""
    if not gateway:
        return _SETUP
    if gateway.network and not gateway.network.current:
        return _NETWORK
    link = gateway.link or gateway.node_link
    if not link.heard_s or gateway.clock.s - link.heard_s > _HEARD_S:
        return _FAULT if link.trouble else _BROKER
    for device in gateway.devices:
        if device.breaker.is_open:
            return _FAULT
    return _SAFE if gateway.alone is True else _ONLINE
