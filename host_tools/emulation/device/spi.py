"""`machine.SPI` over the backplane; which part is selected is the business of pins."""

import frames
from ask import ask
from backplane import bus
from micropython import const

_BYTE_US = const(2)


class SPI:
    MSB = 0
    LSB = 1

    def __init__(self, id, baudrate=1000000, polarity=0, phase=0, bits=8, firstbit=0, **pins):
        if id not in (1, 2):
            raise ValueError("SPI(%d) doesn't exist" % id)
        self._id = id

    def write(self, buf):
        bus.note(frames.SPI_OUT, self._id, buf)
        bus.charge(_BYTE_US * len(buf))

    def read(self, nbytes, write=0):
        return ask(frames.SPI, self._id, bytes((write,)) * nbytes)

    def readinto(self, buf, write=0):
        buf[:] = self.read(len(buf), write)

    def write_readinto(self, write_buf, read_buf):
        read_buf[:] = ask(frames.SPI, self._id, write_buf)
