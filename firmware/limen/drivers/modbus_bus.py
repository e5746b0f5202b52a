"""What the masters of all kinds of Modbus buses have in common.

A transaction is a row of short steps: `start` prepares it, each `step` does what can be done at
once and says how many milliseconds to sleep before the next; DONE when `result` stands. A step
allocates nothing. One task at a time may use a bus.
"""

import time

from limen.core import modbus


class ModbusBus:
    """`result` is that of the last transaction, its data are in `reply`; `counts` holds how often
    each result came, in the order of `modbus.RESULTS`. A reply may still come `late_ms` after its
    time was up, and be taken for another's; 0: it cannot.
    """

    def __init__(self, settings, reply, late_ms):
        self.id = settings["id"]
        self.kind = settings["kind"]
        self.reply = reply
        self.late_ms = late_ms
        self.result = modbus.OK
        self.counts = [0] * len(modbus.RESULTS)
        self.late = self.stale_bytes = 0
        self._work = None
        self._busy_ms = self._busy_us = 0
        self._counted_ms = time.ticks_ms()

    def counters(self):
        """The counts by name; replies that came too late, other bytes that came when nothing was
        asked; and the milliseconds of each second for which the bus was in use since the last
        time."""
        counters = dict(zip(modbus.RESULTS, self.counts))
        counters["late"] = self.late
        counters["stale_bytes"] = self.stale_bytes
        now_ms = time.ticks_ms()
        passed_ms = max(1, time.ticks_diff(now_ms, self._counted_ms))
        counters["load_ms_per_s"] = self._busy_ms * 1000 // passed_ms
        self._busy_ms = 0
        self._counted_ms = now_ms
        return counters

    def meanwhile(self, work):
        """Call `work` once when the next request is out: the bus is busy then, we are not."""
        self._work = work

    def _do_work(self):
        if self._work:
            self._work()
            self._work = None

    def _count(self, result, used_us):
        """The transaction ends so, and the bus was in use for so long."""
        self.result = result
        self.counts[result] += 1
        self._busy_us += used_us
        self._busy_ms += self._busy_us // 1000
        self._busy_us %= 1000
