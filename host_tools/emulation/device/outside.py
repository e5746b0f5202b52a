"""Memory that a chip has outside of MicroPython's heap: the buffers of UARTs and sockets lie there.

It is one piece of the emulation's share of the heap. What does not fit any more is taken out of the
firmware's.
"""


class _Memory:
    given = 0

    def __init__(self):
        self.reserve(0)
        self._returned = []

    def reserve(self, size):
        """Set so many bytes aside, before the firmware starts."""
        self._all = memoryview(bytearray(size))

    def take(self, size):
        """Return a buffer of `size` bytes; its owner may `give` it back."""
        for index in range(len(self._returned)):
            if len(self._returned[index]) == size:
                return self._returned.pop(index)
        begin = self.given
        if begin + size > len(self._all):
            return memoryview(bytearray(size))
        self.given = begin + size
        return self._all[begin : begin + size]

    def give(self, buffer):
        """Take a buffer back."""
        self._returned.append(buffer)


memory = _Memory()
