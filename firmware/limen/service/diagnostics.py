"""How the gateway is, in one message: memory, outbox, link, buses, tasks.

Built once a minute from the parts' own counters; `heap_peak` is the most that was in use after a
collection, code included.
"""

import gc
import json


class Diagnostics:
    """`identity` begins the message; `parts` {name: function that returns a dict of counters}."""

    def __init__(self, identity, clock, parts):
        self._identity = identity
        self._clock = clock
        self._parts = parts
        self.heap_peak = 0

    def measure(self):
        """Collect garbage and note what is in use.

        From now on what is allocated lives for a moment only, so collections may be rare.
        """
        gc.collect()
        used = gc.mem_alloc()
        gc.threshold(used + gc.mem_free() >> 2)
        if used > self.heap_peak:
            self.heap_peak = used
        return used

    def put(self, text):
        """Write the message, as JSON, without those parts for which there is no room."""
        used = self.measure()
        heap = {"used": used, "free": gc.mem_free(), "peak": self.heap_peak}
        text.put('%s,"uptime_s":%d,"heap":' % (self._identity, self._clock.s))
        text.put(json.dumps(heap))
        for name, counters in self._parts.items():
            at = text.at
            text.put(',"%s":' % name)
            text.put(json.dumps(counters()))
            if text.overflow or not text.room():
                text.rewind(at)
        text.put(b"}")
