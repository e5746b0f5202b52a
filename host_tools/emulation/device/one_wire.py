"""The `onewire` module that a stock image holds frozen, over the backplane."""

import frames
from ask import ask

_SEARCH_ROM = 0xF0


class OneWireError(Exception):
    pass


class OneWire:
    SEARCH_ROM = 0xF0
    MATCH_ROM = 0x55
    SKIP_ROM = 0xCC

    def __init__(self, pin):
        self._id = pin.number

    def _ask(self, operation, data=b""):
        return ask(frames.ONE_WIRE, self._id, bytes((operation,)) + bytes(data))

    def reset(self, required=False):
        is_present = bool(self._ask(frames.ONE_WIRE_RESET)[0])
        if required and not is_present:
            raise OneWireError
        return is_present

    def readbit(self):
        return self._ask(frames.ONE_WIRE_READ_BIT)[0]

    def readbyte(self):
        return self._ask(frames.ONE_WIRE_READ, (1,))[0]

    def readinto(self, buf):
        buf[:] = self._ask(frames.ONE_WIRE_READ, (len(buf),))

    def writebit(self, value):
        self._ask(frames.ONE_WIRE_WRITE_BIT, (value,))

    def writebyte(self, value):
        self._ask(frames.ONE_WIRE_WRITE, (value,))

    def write(self, buf):
        self._ask(frames.ONE_WIRE_WRITE, buf)

    def select_rom(self, rom):
        self.reset()
        self.writebyte(self.MATCH_ROM)
        self.write(rom)

    def scan(self):
        """The ROM codes of all parts: at each search the last undecided bit is taken as 1."""
        found = []
        last = 64
        while last >= 0 and self.reset():
            rom, last = self._search(found[-1] if found else bytes(8), last)
            found.append(rom)
        return found

    def _search(self, before, last):
        self.writebyte(_SEARCH_ROM)
        rom = bytearray(8)
        undecided = -1
        for position in range(64):
            bit = self.readbit()
            if bit == self.readbit():
                was = before[position >> 3] >> (position & 7) & 1
                bit = 1 if position == last else was if position < last < 64 else 0
                if not bit:
                    undecided = position
            self.writebit(bit)
            rom[position >> 3] |= bit << (position & 7)
        return bytes(rom), undecided
