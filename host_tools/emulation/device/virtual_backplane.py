"""The board's end of the backplane in virtual time: the world and the board take turns.

Time is a count that only grows here: by small charges for what the board does, by pauses, and by
what the world says has passed. The world also says until when nothing can happen; up to there the
board goes on alone, and no pause needs a message. Frames are gathered, each with its time, and go
out with the next turn: that is the next pause, or comes a millisecond after the first of them,
before the world could have answered. What is only noted, as the world has no answer to it, waits
until there is a turn for another reason.
"""

from backplane import Backplane
from micropython import const

_MASK = const(0x3FFFFFFF)
_LONGEST_PAUSE_US = const(1000000000)
_ANSWER_US = const(1000)


class VirtualBackplane(Backplane):
    def __init__(self, file):
        super().__init__(file)
        self.ms = self.us = 0  # ticks_ms, and microseconds within it
        self.ms_began_us = 0  # ticks_us of that millisecond's begin
        self._up_s = self._up_ms = 0
        self._spent = self._quiet = 0  # since the last turn, and when the next one is due
        self._has_posted = False

    def ticks_ms(self):
        return self.ms

    def ticks_us(self):
        return self.ms_began_us + self.us & _MASK

    def uptime(self):
        return self._up_s, self._up_ms * 1000 + self.us

    def post(self, kind, id, data=b""):
        self._put(kind, id, data)
        self._has_posted = True
        self._quiet = min(self._quiet, self._spent + _ANSWER_US)

    def note(self, kind, id, data=b""):
        self._put(kind, id, data)

    def charge(self, us):
        """Let `us` pass that the board was busy."""
        self._spent += us
        self.us += us
        if self.us >= 1000:
            self._carry()
        if self._spent >= self._quiet:
            self.take_turns(0)

    def pause(self, us):
        if self._has_posted or self._spent + us >= self._quiet:
            return self.take_turns(min(us, _LONGEST_PAUSE_US))
        self._spent += us
        self.us += us
        if self.us >= 1000:
            self._carry()
        return us

    def catch_up(self):
        """Looking at something takes a little time, so that nothing can spin for ever."""
        self.charge(5)
        if self._has_posted:
            self.take_turns(0)

    def take_turns(self, wait_us):
        """Let the world act until something comes, at most `wait_us`; returns what passed."""
        self._has_posted = False
        self._send(self._spent, wait_us)
        self._spent = 0
        size, passed_us, self._quiet = self._read_header()
        self.us += passed_us
        self._carry()
        if size:
            self._deliver(size)
        else:
            self._header_bytes = 0
        return passed_us

    def _carry(self):
        """Bring the microseconds below a thousand."""
        ms = self.us // 1000
        self.us %= 1000
        self.ms = self.ms + ms & _MASK
        self.ms_began_us = self.ms_began_us + ms * 1000 & _MASK
        ms += self._up_ms
        self._up_ms = ms % 1000
        self._up_s += ms // 1000
