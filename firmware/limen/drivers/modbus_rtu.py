"""The master of a Modbus RTU line on a UART.

Nobody ever waits inside a read of the UART, so no byte is lost to a timeout.

Before a request the line is silent for 3.5 characters (1.75 ms above 19200 baud) or for the pause
that the device needs, if that is longer. A reply is taken when its last byte has come. Anything
else is listened to until it falls silent or the time is up, so that the rest of a broken reply
does not run into the next one.

The line is kept busy although a sleeper on the chip wakes only on a grid of 10 ms: what is missing
of a reply tells when it can be whole at the earliest, the master sleeps until just so much before
that as sleeps are late, and then looks again with every pass of the event loop. The last
millisecond it waits itself.
"""

import time

from limen.core import modbus, modbus_line
from limen.core.compat import const
from limen.drivers import DONE
from limen.drivers.modbus_bus import ModbusBus

_LONG_AGO_US = const(0x1FFFFFFF)
_GROUPING_US = const(20000)  # UART drivers hand bytes over in groups: a pause this long is none
_TICK_US = const(10000)  # sleeps of the chip end on this grid
_SPIN_US = const(1000)
_TRUST = const(5)
_CHUNK_BYTES = const(64)
_LONGEST_FRAME = const(256)

_SILENCE = const(0)
_SENDING = const(1)
_RECEIVING = const(2)


class Bus(ModbusBus):
    """`port`: a `machine.UART` with timeout 0; the pin that switches the transceiver to sending, or
    None; the milliseconds for which to listen before the first request, as replies to what was
    asked before a reset look like others. `settings` are the bus's part of the configuration.
    """

    def __init__(self, port, settings, store=None):
        super().__init__(settings, modbus.Reply(), 2 * settings["timeout_ms"])
        self.uart, self._de, listen_ms = port
        self._listen_us = 1000 * listen_ms
        self._timeout_us = 1000 * settings["timeout_ms"]
        self._framing = None
        self._set_times(settings["baud"], settings["parity"], settings["stop"])
        self._chunk = bytearray(_CHUNK_BYTES)
        self._last_byte_us = self._sent_us = self._wake_us = time.ticks_us()
        self._late_us = _TICK_US
        self._sleeps = False
        self._request = None
        self._state = self._pause_us = 0

    def tune(self, framing):
        """Set the line to [baud, parity, stop bits] of the device that is asked next."""
        if framing != self._framing:
            self._framing = framing
            baud, parity, stop = framing
            self.uart.init(baudrate=baud, parity=parity, stop=stop)
            self._set_times(baud, parity, stop)

    def _set_times(self, baud, parity, stop):
        self._character = modbus_line.character(baud, parity, stop)
        self._silence_us = modbus_line.silence_us(baud, self._character)

    def overhead_bytes(self, pause_ms):
        """What a request costs on the line beside the registers it reads, in characters."""
        return modbus_line.overhead_bytes(self._character, self._silence_us, pause_ms)

    def start(self, request, pause_ms=0):
        """Prepare a transaction: `request` is a whole frame, before it the device needs a pause."""
        self._drive(0)  # the task before may have ended in the middle of a transaction
        self._request = request
        self._pause_us = max(self._silence_us, pause_ms * 1000)
        self._state = _SILENCE

    def step(self):
        """Go on with the transaction; return the milliseconds to sleep, 0 for one pass of the
        event loop, or DONE."""
        if self._sleeps:
            self._learn_lateness()
        if self._state == _SILENCE:
            return self._await_silence()
        if self._state == _SENDING:
            return self._end_sending()
        return self._receive()

    def _learn_lateness(self):
        """Take how late a sleep ended for how late the next may end; no later than a tick."""
        self._sleeps = False
        late_us = -self._left_us(self._wake_us)
        late_us = min(max(0, late_us), _TICK_US)
        if late_us < self._late_us:
            late_us = self._late_us - (self._late_us - late_us >> 5)
        self._late_us = late_us

    def _sleep_ms(self, rest_us):
        """The milliseconds to sleep of the time that is left, 0 if a sleep might end too late."""
        ms = (rest_us - self._late_us) // 1000
        if ms <= 0:
            return 0
        self._sleeps = True
        self._wake_us = time.ticks_add(time.ticks_us(), ms * 1000)
        return ms

    def _await_silence(self):
        self._drop_bytes()
        rest_us = self._pause_us - self._since_us(self._last_byte_us)
        if self._listen_us:
            rest_us = max(rest_us, self._listen_us - self._since_us(self._sent_us))
        if rest_us > _SPIN_US:
            return self._sleep_ms(rest_us)
        if rest_us > 0:
            time.sleep_us(rest_us)
        return 0 if self.uart.any() else self._send()

    def _drop_bytes(self):
        """What comes now answers no request, or one whose time was up."""
        dropped = self._take_bytes()
        if dropped and self.result == modbus.TIMEOUT:
            self.late += 1
            self.result = modbus.WAITING
        elif dropped and self.result != modbus.WAITING:
            self.stale_bytes += dropped

    def _send(self):
        self.reply.expect(self._request)
        self.result = modbus.WAITING
        self._drive(1)
        self.uart.write(self._request)
        self._sent_us = self._last_byte_us = time.ticks_us()
        self._listen_us = 0
        self._state = _SENDING
        return self._end_sending()

    def _end_sending(self):
        """Release the line as soon as the last bit is out."""
        sending_us = self._wire_us(len(self._request))
        rest_us = sending_us - self._since_us(self._sent_us)
        if self._de is not None:
            if rest_us > _SPIN_US:
                return self._sleep_ms(rest_us)
            if rest_us > 0:
                time.sleep_us(rest_us)
            while not self.uart.txdone() and self._since_us(self._sent_us) < 2 * sending_us:
                pass
            self._drive(0)
        self._state = _RECEIVING
        self._do_work()
        return self._sleep_ms(self._exchange_us() - self._since_us(self._sent_us))

    def _receive(self):
        self._take_bytes()
        rest_us = self._rest_us()
        if 0 < rest_us <= _SPIN_US and self.reply.length:
            time.sleep_us(rest_us)
            self._take_bytes()
            rest_us = self._rest_us()
        return self._sleep_ms(rest_us) if rest_us > 0 else self._end()

    def _rest_us(self):
        """Microseconds until there may be more to know; 0: the reply is here, or the time is up."""
        if self.result != modbus.WAITING:
            return 0
        missing = self.reply.missing_bytes()
        now_us = time.ticks_us()
        silent_us = time.ticks_diff(now_us, self._last_byte_us)
        if missing <= 0:
            return self._silence_us + _GROUPING_US - silent_us
        left_us = self._exchange_us() + self._timeout_us
        left_us -= time.ticks_diff(now_us, self._sent_us)
        if -self._wire_us(_LONGEST_FRAME) < left_us <= 0 and self.reply.length:
            left_us = self._silence_us - silent_us  # what has begun may end
        # The longer nothing has come, the less a look a little later costs.
        return min(left_us, max(self._wire_us(missing), silent_us >> 3))

    def _end(self):
        self._late_us -= self._late_us >> _TRUST  # sleeps are tried again, be all waits short
        result = self.reply.finish() if self.result == modbus.WAITING else self.result
        self._count(result, self._since_us(self._sent_us) + self._silence_us)
        return DONE

    def _take_bytes(self):
        """Give what the UART holds to the reply, if one is awaited; return the number of bytes."""
        taken = 0
        size = 1
        while size:
            if self.result != modbus.WAITING or self._state != _RECEIVING:
                size = self.uart.readinto(self._chunk) or 0
            elif self.reply.length:
                size = self.uart.readinto(self._chunk) or 0
                self.result = self.reply.feed(self._chunk, size)
            else:
                size = self.uart.readinto(self.reply.buffer) or 0
                self.result = self.reply.feed_in_place(size)
            taken += size
        if taken:
            self._last_byte_us = time.ticks_us()
        return taken

    def _drive(self, level):
        if self._de is not None:
            self._de.value(level)

    def _exchange_us(self):
        return self._wire_us(len(self._request) + self.reply.expected_bytes())

    def _wire_us(self, size):
        return size * self._character >> 6

    def _since_us(self, ticks):
        # The difference is negative when the moment is more than nine minutes ago.
        passed = time.ticks_diff(time.ticks_us(), ticks)
        return passed if passed >= 0 else _LONG_AGO_US

    def _left_us(self, ticks):
        return time.ticks_diff(ticks, time.ticks_us())
