"""The life of an alarm after ISA-18.2.

- *normal*: the condition is not there.
- *unack*: it is, and nobody has acknowledged it; *ack*: somebody has.
- *rtn_unack*: it is gone, but the alarm is latched and stands until it is acknowledged.
- *shelved*: an operator does not want to hear of it until a time.
- *suppressed*: the design does not: the machine is off. What was, is forgotten; when the machine is
  on again the condition has to last for its whole delay anew.

The condition comes as `excess`: above 0 it is there, down at minus the deadband it is gone, None
where nothing is known of it. It counts when it has been there for the on-delay without a break, and
has gone when it has been gone for the off-delay.
"""

from limen.core.elapsed import elapsed_ms

NORMAL = "normal"
UNACK = "unack"
ACK = "ack"
RTN_UNACK = "rtn_unack"
SHELVED = "shelved"
SUPPRESSED = "suppressed"


class IsaAlarm:
    """`state` is one of the above. What changes it returns whether it has changed."""

    def __init__(self, deadband, on_ms, off_ms, latch):
        self._deadband = deadband
        self._on_ms = on_ms
        self._off_ms = off_ms
        self._latch = latch
        self.state = NORMAL
        self.is_active = self._is_acknowledged = self._is_latched = False
        self._is_timing = self._is_suppressed = self._is_shelved = False
        self._since_s = self._since_ms = self.until_s = 0

    def feed(self, excess, s, ms):
        """Take what a sample of uptime (s, ms) says of the condition."""
        if excess is None or self._is_suppressed:
            self._is_timing = False
            return False
        turns = excess <= -self._deadband if self.is_active else excess > 0
        if not turns:
            self._is_timing = False
            return False
        if not self._is_timing:
            self._is_timing = True
            self._since_s = s
            self._since_ms = ms
        delay_ms = self._off_ms if self.is_active else self._on_ms
        if elapsed_ms(self._since_s, self._since_ms, s, ms) < delay_ms:
            return False
        return self._turn()

    def _turn(self):
        """The condition has come, or gone, for good."""
        self._is_timing = False
        self.is_active = not self.is_active
        if self.is_active:
            self._is_acknowledged = False
            self._is_latched = self._latch
        return self._settle()

    def acknowledge(self):
        self._is_acknowledged = True
        self._is_latched = False
        return self._settle()

    def shelve(self, until_s):
        """Be silent until an uptime."""
        self.until_s = until_s
        self._is_shelved = True
        return self._settle()

    def unshelve(self):
        self._is_shelved = False
        return self._settle()

    def suppress(self, is_suppressed):
        """Say whether the design wants no alarm now."""
        if is_suppressed == self._is_suppressed:
            return False
        self._is_suppressed = is_suppressed
        self.is_active = self._is_latched = self._is_timing = False
        return self._settle()

    def _settle(self):
        state = self._now()
        changed = state != self.state
        self.state = state
        return changed

    def _now(self):
        if self._is_shelved:
            return SHELVED
        if self._is_suppressed:
            return SUPPRESSED
        if self.is_active:
            return ACK if self._is_acknowledged else UNACK
        return RTN_UNACK if self._is_latched else NORMAL
