"""The doctor on a gateway: examines the line that it reads, and tells in sentences what it found.

The models that it knows are the devices of its own configuration: whether each of them answers,
with the addresses and the word order that the configuration says, and who else is on the line. In
a running gateway the bus is lent by its poll first. Loaded only when it is asked for.
"""

import asyncio
from time import sleep_us, ticks_diff, ticks_us

from limen.core.compat import const
from limen.core.doctor import Examination
from limen.core.doctor_words import headline, sentences
from limen.core.exchange import character_us, silence_us
from limen.core.scan import ALL, FRAMINGS, Scan, settled

_PATIENCE_MS = const(100)
_LOOK_MS = const(2)
_CHUNK_BYTES = const(64)
_USUAL = const(5)
_LONG_AGO_US = const(0x1FFFFFFF)


class UartCarrier:
    """Carries exchanges over a `machine.UART` with timeout 0 and the pin that switches the
    transceiver to sending, or None; `framing` is what the UART is set to, and is in the end."""

    def __init__(self, port, framing):
        self._uart, self._de = port
        self._framing = self._home = framing
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

    def close(self):
        """Leave the UART as it was found."""
        self._drive(0)
        self._tune(self._home)

    async def _send(self, exchange):
        if not exchange.request:
            return
        self._drive(1)
        self._uart.write(exchange.request)
        if self._de is not None:
            # Awaited for the most part: flushing blocks everybody else.
            wire_us = len(exchange.request) * character_us(exchange.framing)
            await asyncio.sleep_ms(max(0, wire_us // 1000 - 10))
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


async def examine(carrier, framing, devices, say, everywhere=False):
    """Search the line and examine what answers; `say` gets sentences.

    `devices` are those of the configuration on this line, in compact form. Searched is the line's
    own framing at all addresses, and the usual ones at the likely addresses, or at all of them.
    """
    candidates = {device["address"]: _candidate(device) for device in devices}
    own = [framing] + [tuple(d["framing"]) for d in devices if "framing" in d]
    usual = [one for one in FRAMINGS if one[:2] not in [framing[:2] for framing in own]]
    if everywhere:
        own, usual = own + usual, []
    scan = Scan(own, ALL, _PATIENCE_MS, usual[:_USUAL])
    say("Searching; at most %d s." % (scan.cost_ms // 1000 + 1))
    for exchange in scan.exchanges():
        await carrier.carry(exchange)
    for finding in scan.found:
        finding = settled(finding)
        known = candidates.pop(finding.address, None)
        examination = Examination(finding)
        for exchange in examination.exchanges([known] if known else []):
            await carrier.carry(exchange)
        say(headline(examination))
        for sentence in sentences(examination):
            say("  " + sentence)
    for address in sorted(candidates):
        say("Address %d: %s does not answer." % (address, candidates[address]["name"]))


def _candidate(device):
    return {
        "name": device["id"],
        "model": device["id"],
        "fc": device["fc"],
        "serial": None,
        "channel": device["channel"],
        "identify": None,
        "sunspec": device.get("sunspec"),
    }


def _since_us(ticks):
    # The difference is negative when the moment is more than nine minutes ago.
    passed = ticks_diff(ticks_us(), ticks)
    return passed if passed >= 0 else _LONG_AGO_US


def main(open_port, number=0, everywhere=False, configuration="/config.jsonl"):
    """At the prompt: examine a bus of the configuration, and print what is found.

    `open_port(bus)` gives its UART and DE pin: `limen.hal.board.rs485`.
    """
    from limen.service.stored_parts import parts

    parts = list(parts(configuration))
    bus = [part for part in parts if "kind" in part][number]
    devices = [part for part in parts if part.get("bus") == number]
    framing = bus["baud"], bus["parity"], bus["stop"]
    carrier = UartCarrier(open_port(bus), framing)
    try:
        asyncio.run(examine(carrier, framing, devices, print, everywhere))
    finally:
        carrier.close()
