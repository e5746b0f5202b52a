"""`machine.I2C` over the backplane."""

import struct
from errno import ENODEV

import frames
from ask import ask


class I2C:
    def __init__(self, id=0, scl=None, sda=None, freq=400000, timeout=50000):
        if id not in (0, 1):
            raise ValueError("I2C(%d) doesn't exist" % id)
        self._id = id
        self._khz = freq // 1000

    def _transfer(self, address, data, size):
        head = struct.pack("<BHH", address, size, self._khz)
        answer = ask(frames.I2C, self._id, head + bytes(data))
        if not answer:
            raise OSError(ENODEV)
        return answer[1:]

    def writeto(self, addr, buf, stop=True):
        self._transfer(addr, buf, 0)
        return len(buf)

    def readfrom(self, addr, nbytes, stop=True):
        return self._transfer(addr, b"", nbytes)

    def readfrom_into(self, addr, buf, stop=True):
        buf[:] = self._transfer(addr, b"", len(buf))

    def writeto_mem(self, addr, memaddr, buf, addrsize=8):
        self._transfer(addr, bytes((memaddr,)) + bytes(buf), 0)

    def readfrom_mem(self, addr, memaddr, nbytes, addrsize=8):
        return self._transfer(addr, bytes((memaddr,)), nbytes)

    def readfrom_mem_into(self, addr, memaddr, buf, addrsize=8):
        buf[:] = self._transfer(addr, bytes((memaddr,)), len(buf))

    def scan(self):
        return [address for address in range(8, 0x78) if self._is_there(address)]

    def _is_there(self, address):
        return bool(ask(frames.I2C, self._id, struct.pack("<BHH", address, 0, self._khz)))


SoftI2C = I2C
