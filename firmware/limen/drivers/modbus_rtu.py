"""The master of a Modbus RTU line on a UART.

A transaction is a row of short steps: `start` prepares it, each `step` does what can be done at
once and says how many milliseconds to sleep before the next, and 0 when `result` stands. `read` is
the same as one coroutine. Nobody ever waits inside a read of the UART, so no byte is lost to a
timeout. One task at a time may use a bus.

Before a request the line is silent for 3.5 characters (1.75 ms above 19200 baud) or for the pause
that the device needs, if that is longer. A reply is taken when its last byte has come. Anything
else is listened to until it falls silent or the time is up, so that the rest of a broken reply
does not run into the next one.

The master sleeps until a reply can be complete, and learns the turnaround of each device to sleep
just that much longer: a transaction of any length costs the event loop one or two passes.
"""

import asyncio
import time

from limen.core import modbus
from limen.core.compat import const

_FAST_BAUD = const(19200)
_FAST_SILENCE_US = const(1750)
_LONG_AGO_US = const(0x1FFFFFFF)
_GROUPING_US = const(20000)  # UART drivers hand bytes over in groups: a pause this long is none
_LOOK_MS = const(2)
_TICK_MS = const(10)  # the chip wakes sleepers on this grid
_CHUNK_BYTES = const(64)
_REPLY_FRAME_BYTES = const(5)

_SILENCE, _SENDING, _RECEIVING = const(0), const(1), const(2)


class Bus:
    """`uart` is a `machine.UART` with timeout 0, `settings` are the bus's part of the
    configuration, `de` is the pin that switches the transceiver to sending, or None.

    `result` is that of the last transaction, its data are in `reply`; `counts` holds how often
    each result came, in the order of `modbus.RESULTS`.
    """

    def __init__(self, uart, settings, de=None):
        self.id = settings["id"]
        self.kind = settings["kind"]
        self.uart = uart
        self._de = de
        self._timeout_ms = settings["timeout_ms"]
        parity_bits = 0 if settings["parity"] is None else 1
        character_bits = 1 + settings["bits"] + parity_bits + settings["stop"]
        self._character_us = character_bits * 1000000 // settings["baud"] + 1
        fast = settings["baud"] > _FAST_BAUD
        self._silence_us = _FAST_SILENCE_US if fast else self._character_us * 7 // 2
        self._request = bytearray(modbus.REQUEST_BYTES)
        self._chunk = bytearray(_CHUNK_BYTES)
        self._turnaround_ms = {}
        self._last_byte_us = time.ticks_us()
        self.reply = modbus.Reply()
        self.result = modbus.OK
        self.counts = [0] * len(modbus.RESULTS)
        self.stale_bytes = 0

    def overhead_bytes(self):
        """What a request costs on the line beside the registers it reads, in characters."""
        silences = 2 * self._silence_us // self._character_us
        return modbus.REQUEST_BYTES + _REPLY_FRAME_BYTES + silences

    def counters(self):
        """The counts by name, and the bytes that came when nothing was asked."""
        counters = dict(zip(modbus.RESULTS, self.counts))
        counters["stale_bytes"] = self.stale_bytes
        return counters

    async def read(self, address, function, start, count, pause_ms=0):
        """Ask a device for registers; return the result, a code of `modbus`."""
        self.start(address, function, start, count, pause_ms)
        try:
            sleep_ms = self.step()
            while sleep_ms:
                await asyncio.sleep_ms(sleep_ms)
                sleep_ms = self.step()
        finally:
            self._drive(0)  # a cancelled task must not leave the line occupied
        return self.result

    def start(self, address, function, start, count, pause_ms=0):
        """Prepare a transaction: a request for `count` registers from `start` on."""
        modbus.encode_read(self._request, address, function, start, count)
        self._pause_us = max(self._silence_us, pause_ms * 1000)
        self._state = _SILENCE

    def step(self):
        """Go on with the transaction; return the milliseconds to sleep, or 0: it is complete."""
        if self._state == _SILENCE:
            return self._await_silence()
        if self._state == _SENDING:
            return self._end_sending()
        return self._receive()

    def _await_silence(self):
        self.stale_bytes += self._take_bytes()
        rest_us = self._pause_us - self._since_us(self._last_byte_us)
        if rest_us > 0:
            return rest_us // 1000 + 1
        return self._send()

    def _send(self):
        self.reply.expect(self._request)
        self.result = modbus.WAITING
        self._drive(1)
        self.uart.write(self._request)
        self._sent_us = time.ticks_us()
        self._state = _SENDING
        ahead_ms = self._wire_ms(modbus.REQUEST_BYTES) - _TICK_MS
        if self._de is None or ahead_ms <= 0:
            return self._end_sending()
        return ahead_ms

    def _end_sending(self):
        """Release the line as soon as the last bit is out, and estimate when the reply is in."""
        if self._de is not None:
            self.uart.flush()
            self._drive(0)
        self._state = _RECEIVING
        self._extra_ms = self._turnaround_ms.get(self._request[0], 0)
        elapsed_ms = self._since_us(self._sent_us) // 1000
        return max(1, self._exchange_ms() + self._extra_ms - elapsed_ms)

    def _receive(self):
        self._take_bytes()
        if self.result == modbus.WAITING:
            if not self._is_over():
                return self._look_again_ms()
            self.result = self.reply.finish()
        if self.result == modbus.OK:
            self._turnaround_ms[self._request[0]] = max(0, self._extra_ms - 1)
        self.counts[self.result] += 1
        return 0

    def _is_over(self):
        silent_us = self._since_us(self._last_byte_us)
        if self.reply.missing_bytes() <= 0 and silent_us > self._silence_us + _GROUPING_US:
            return True
        patience_ms = self._exchange_ms() + self._timeout_ms
        return self._since_us(self._sent_us) >= patience_ms * 1000

    def _look_again_ms(self):
        sleep_ms = _LOOK_MS
        if self.reply.length:
            sleep_ms = max(_LOOK_MS, self._wire_ms(self.reply.missing_bytes()))
        self._extra_ms += sleep_ms
        return sleep_ms

    def _take_bytes(self):
        """Give what the UART holds to the reply; return the number of bytes."""
        taken = 0
        while True:
            size = self.uart.readinto(self._chunk)
            if not size:
                return taken
            taken += size
            self._last_byte_us = time.ticks_us()
            if self._state == _RECEIVING and self.result == modbus.WAITING:
                self.result = self.reply.feed(self._chunk, size)

    def _drive(self, level):
        if self._de is not None:
            self._de.value(level)

    def _exchange_ms(self):
        return self._wire_ms(modbus.REQUEST_BYTES + self.reply.expected_bytes())

    def _wire_ms(self, size):
        return size * self._character_us // 1000 + 1

    def _since_us(self, ticks):
        # The difference is negative when the moment is more than nine minutes ago.
        passed = time.ticks_diff(time.ticks_us(), ticks)
        return passed if passed >= 0 else _LONG_AGO_US
