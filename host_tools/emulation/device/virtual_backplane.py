"""The board's end of the backplane in virtual time: the world and the board take turns.

Time is a count that only grows here: by small charges for what the board does, by pauses, and by
what the world says has passed. The world also says until when nothing can happen; up to there the
board goes on alone, and no pause needs a message. Frames are gathered, each with its time, and go
out with the next turn: that is the next pause, or comes a millisecond after the first of them,
before the world could have answered. What is only noted, as the world has no answer to it, waits
until there is a turn for another reason.

A charge is made hundreds of times a second, so it costs one subtraction: `left` is how many µs may
still pass until `settle` is due, as a millisecond or the world's turn begins. All other times are
µs since the current millisecond began.
"""

from backplane import Backplane
from micropython import const

_MASK = const(0x3FFFFFFF)
_LONGEST_PAUSE_US = const(1000000000)
_ANSWER_US = const(1000)
_LOOK_US = const(5)
_HEADER = const(12)


class VirtualBackplane(Backplane):
    def __init__(self, file, to_world):
        super().__init__(file, to_world)
        self.ms = 0  # ticks_ms
        self._zero_ms = 0  # what that was when uptime was zero, less what it wrapped since
        self.left = self._limit = 0  # µs until `settle` is due, and when that is
        self._limit_us = 0  # ticks_us at `_limit`
        self._turn = self._turned = 0  # when the next turn is due, and when the last one was
        self._has_posted = False

    def ticks_ms(self):
        return self.ms

    def ticks_us(self):
        return self._limit_us - self.left & _MASK

    def read_ms(self):
        """`ticks_ms`, as a program reads it: that takes time, so that nothing spins for ever."""
        left = self.left - _LOOK_US
        self.left = left
        if left <= 0:
            self.settle()
        return self.ms

    def read_us(self):
        left = self.left - _LOOK_US
        self.left = left
        if left <= 0:
            self.settle()
        return self._limit_us - self.left & _MASK

    def uptime(self):
        ms = self.ms - self._zero_ms
        return ms // 1000, ms % 1000 * 1000 + self._limit - self.left

    def begin_at(self, ms):
        """`ticks_ms` begins with this number, whatever has passed already."""
        self._zero_ms += ms - self.ms
        self.ms = ms

    def post(self, kind, id, data=b""):
        now = self._limit - self.left
        self._has_posted = True
        if self._turn > now + _ANSWER_US:
            self._turn = now + _ANSWER_US
        now -= self._turned
        self._put(kind, id, data, now)

    def note(self, kind, id, data=b""):
        self._put(kind, id, data, self._limit - self.left - self._turned)

    def charge(self, us):
        """Let `us` pass that the board was busy."""
        self.left -= us
        if self.left <= 0:
            self.settle()

    def settle(self):
        """Begin the next millisecond, or let the world have its turn."""
        now = self._limit - self.left
        if now >= 1000:
            self._move(now, self._turn - now)
        if self.left <= 0:
            self.take_turns(0)

    def pause(self, us):
        now = self._limit - self.left + us
        if self._has_posted or now >= self._turn:
            return self.take_turns(min(us, _LONGEST_PAUSE_US))
        if now < 1000:
            self.left -= us
        else:
            self._move(now, self._turn - now)
        return us

    def skip(self, us):
        """Let more than a millisecond pass, if the world has no turn before; whether it did."""
        now = self._limit - self.left + us
        if self._has_posted or now >= self._turn:
            return False
        self._move(now, self._turn - now)
        return True

    def catch_up(self):
        """Take what has come from the world; looking takes a little time."""
        left = self.left - _LOOK_US
        self.left = left
        if left <= 0:
            self.settle()
        if self._has_posted:
            self.take_turns(0)

    def take_turns(self, wait_us):
        """Let the world act until something comes, at most `wait_us`; returns what passed."""
        self._has_posted = False
        now = self._limit - self.left
        end = self._end
        self._end = _HEADER
        self._set_head(end - _HEADER, now - self._turned, wait_us)
        self._to_world.write(self._out, end)
        head = self._in
        if self.file.readinto(head) != _HEADER:
            raise SystemExit  # the world has ended
        passed_us = head[1]
        self._move(now + passed_us, head[2])
        self._turned = self._limit - self.left
        if head[0]:
            self._deliver(head[0])
        return passed_us

    def _move(self, now, quiet_us):
        """It is `now`, a millisecond or more on; the world's turn comes `quiet_us` later.

        Few names, as a frame of more than eleven words would lie on the heap.
        """
        ms = now // 1000
        self.ms += ms
        if self.ms > _MASK:
            self.ms -= _MASK + 1
            self._zero_ms -= _MASK + 1
        ms *= 1000
        now -= ms
        self._turned -= ms
        ms -= self._limit
        quiet_us += now
        self._turn = quiet_us
        if quiet_us > 1000:
            quiet_us = 1000
        self._limit = quiet_us
        self._limit_us = self._limit_us + ms + quiet_us & _MASK
        self.left = quiet_us - now
