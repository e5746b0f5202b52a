"""Searches the RS-485 line that a gateway reads. Nothing else may use it meanwhile."""

import asyncio
from time import sleep_us, ticks_diff, ticks_us

from limen.core.compat import const
from limen.core.exchange import silence_us, wire_us

_PATIENCE_MS = const(100)
_LOOK_MS = const(2)
_CHUNK_BYTES = const(64)
_USUAL = const(5)
_TELL_EACH_MS = const(10000)
_LONG_AGO_US = const(0x1FFFFFFF)


class UartCarrier:
    """Carries exchanges over a `machine.UART` with timeout 0 and the pin that switches the
    transceiver to sending, or None; `framing` is what the UART is set to."""

    def __init__(self, port, framing):
        self._uart, self._de = port
        self._framing = framing
        self._chunk = bytearray(_CHUNK_BYTES)
        self._last_byte_us = ticks_us()

    async def carry(self, exchange):
        """Send the request and feed what comes back until the exchange is over."""
        self._tune(exchange.framing)
        await self._await_silence(exchange)
        while self._uart.readinto(self._chunk):
            pass
        begin_us = ticks_us()
        await self._send(exchange)
        while exchange.rest_us(_since_us(begin_us)) > 0:
            size = self._uart.readinto(self._chunk)
            if size:
                self._last_byte_us = ticks_us()
                exchange.feed(memoryview(self._chunk)[:size], _since_us(begin_us))
            else:
                await asyncio.sleep_ms(_LOOK_MS)
        exchange.close()

    async def _send(self, exchange):
        if not exchange.request:
            return
        self._drive(1)
        self._uart.write(exchange.request)
        if self._de is not None:
            # Awaited for the most part: flushing blocks everybody else.
            request_us = wire_us(exchange.framing, len(exchange.request))
            await asyncio.sleep_ms(max(0, request_us // 1000 - 10))
            self._uart.flush()
            self._drive(0)

    async def _await_silence(self, exchange):
        pause_us = max(exchange.pause_ms * 1000, silence_us(exchange.framing))
        rest_us = pause_us - _since_us(self._last_byte_us)
        if rest_us > 1000:
            await asyncio.sleep_ms(rest_us // 1000)
        rest_us = pause_us - _since_us(self._last_byte_us)
        if rest_us > 0:
            sleep_us(rest_us)

    def _tune(self, framing):
        if framing != self._framing:
            baud, parity, stop = framing
            self._uart.init(baudrate=baud, parity=parity, stop=stop)
            self._framing = framing

    def _drive(self, level):
        if self._de is not None:
            self._de.value(level)


def expected(bus, devices):
    """(framings of a bus of the configuration and of its devices, {address: id of a device})."""
    own = [(bus["baud"], bus["parity"], bus["stop"])]
    names = {}
    for device in devices:
        names[device["address"]] = device["id"]
        if "framing" in device:
            own.append(tuple(device["framing"]))
    return own, names


async def search(carrier, own, say, everywhere):
    """Findings: in the framings `own` at all addresses, in the usual ones at the likely."""
    from limen.core.scan import ALL, FRAMINGS, Scan

    usual = [one for one in FRAMINGS if one[:2] not in [framing[:2] for framing in own]]
    if everywhere:
        own, usual = own + usual, []
    scan = Scan(own, ALL, _PATIENCE_MS, usual[:_USUAL])
    await say("Searching; at most %d s." % (scan.cost_ms // 1000 + 1))
    told_ms = 0
    for exchange in scan.exchanges():
        await carrier.carry(exchange)
        if scan.spent_ms - told_ms > _TELL_EACH_MS:
            told_ms = scan.spent_ms
            await say("Searched for %d s, %d to go." % (told_ms // 1000, scan.cost_ms // 1000))
    return scan.found


def _since_us(ticks):
    # The difference is negative when the moment is more than nine minutes ago.
    passed = ticks_diff(ticks_us(), ticks)
    return passed if passed >= 0 else _LONG_AGO_US
