"""A Sensirion SHT3x, as the data sheet (version 7) has it.

A measurement takes 15 ms at high repeatability; until it is done, reading is not acknowledged.
"""

from host_tools.emulation.parts import Measured, Nack, clamped, value_at

_SINGLE_SHOT = {0x2400: 15_000, 0x240B: 6_000, 0x2416: 4_000}
_RESET, _CLEAR_STATUS, _READ_STATUS, _BREAK = 0x30A2, 0x3041, 0xF32D, 0x3093
_POLYNOMIAL = 0x131


class Sht3x:
    """`garble` changes the six bytes of an answer, for whoever wants it wrong."""

    def __init__(self, scheduler, temperature: Measured = 20, humidity: Measured = 50):
        self.scheduler = scheduler
        self.is_present = True
        self.temperature = temperature
        self.humidity = humidity
        self.garble = lambda answer: answer
        self._answer = b""
        self._ready_us = 0

    def write(self, data: bytes) -> None:
        command = int.from_bytes(data[:2], "big")
        now_us = self.scheduler.now_us
        if command in _SINGLE_SHOT:
            self._ready_us = now_us + _SINGLE_SHOT[command]
            self._answer = self.garble(self._measure(now_us))
        elif command == _READ_STATUS:
            self._ready_us, self._answer = now_us, with_crc(0x8010)
        elif command in (_RESET, _CLEAR_STATUS, _BREAK):
            self._answer = b""
        else:
            raise Nack

    def read(self, size: int) -> bytes:
        if not self._answer or self.scheduler.now_us < self._ready_us:
            raise Nack
        answer, self._answer = self._answer, b""
        return answer[:size].ljust(size, b"\xff")

    def _measure(self, now_us: int) -> bytes:
        temperature = (value_at(self.temperature, now_us) + 45) / 175 * 65535
        humidity = value_at(self.humidity, now_us) / 100 * 65535
        return b"".join(with_crc(clamped(raw, 0, 65535)) for raw in (temperature, humidity))


def with_crc(word: int) -> bytes:
    """A word and its checksum: the rest of a division of polynomials, begun with 0xFF."""
    rest = (word ^ 0xFF00) << 8
    for bit in range(23, 7, -1):
        if rest >> bit & 1:
            rest ^= _POLYNOMIAL << bit - 8
    return word.to_bytes(2, "big") + bytes([rest])
