"""An emulated temperature controller: Delta DTB at address 3 of a Modbus RTU line."""

import struct

from host_tools.emulation.line import Framing
from host_tools.emulation.meter import with_crc


class Oven:
    """A temperature controller; `writes` is what it was told, `most` the highest it takes."""

    def __init__(self, line):
        self.registers = {0x1000: 215, 0x1001: 200}
        self.running = 0
        self.writes = []
        self.is_deaf = False
        self._frame = b""
        self._port = line.port(Framing(9600, parity="E"), self._receive)

    def _receive(self, data):
        self._frame = (self._frame + data)[-8:]
        if len(self._frame) == 8 and with_crc(self._frame[:6]) == self._frame:
            if self._frame[0] == 3 and not self.is_deaf:
                self._port.send(with_crc(self._frame[:1] + self._answer(self._frame[1:6])))
            self._frame = b""

    def _answer(self, pdu):
        function, start, word = struct.unpack(">BHH", pdu)
        if function == 2:
            return bytes((2, 1, self.running))
        if function == 3:
            data = [self.registers.get(start + index, 0) for index in range(word)]
            return bytes((3, 2 * word)) + b"".join(value.to_bytes(2, "big") for value in data)
        self.writes.append((function, start, word))
        if function == 5:
            self.running = word >> 8 & 1
        elif start == 0x1001 and word <= 5000:
            self.registers[start] = word
        elif word > 9000:
            return bytes((function | 0x80, 3))
        return pdu
