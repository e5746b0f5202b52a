"""DS18B20 thermometers on a 1-Wire line, bit by bit, as the data sheet (revision 6) has them.

Parts on a line see the same bits; when several answer, a 0 wins. Without power since the last
conversion, the temperature is 85 °C.
"""

from collections.abc import Iterator

from host_tools.emulation.parts import Measured, value_at

_READ_ROM, _MATCH_ROM, _SKIP_ROM, _SEARCH_ROM = 0x33, 0x55, 0xCC, 0xF0
_CONVERT, _READ, _WRITE, _POWER = 0x44, 0xBE, 0x4E, 0xB4
_CONVERT_US = (93_750, 187_500, 375_000, 750_000)
_POWER_ON = 85 * 16


def crc(data: bytes) -> int:
    """The rest of a division of polynomials, least bit first."""
    rest = int.from_bytes(data, "little")
    for bit in range(8 * len(data)):
        if rest >> bit & 1:
            rest ^= 0x119 << bit
    return rest >> 8 * len(data)


class Ds18b20:
    """`serial` are the 48 bits that tell it from all others."""

    def __init__(self, scheduler, serial: int = 1, temperature: Measured = 20):
        self.scheduler = scheduler
        self.is_present = True
        self.temperature = temperature
        self.garble = lambda scratchpad: scratchpad
        code = b"\x28" + serial.to_bytes(6, "little")
        self.rom = code + bytes([crc(code)])
        self._saved = b"\x4b\x46\x7f"
        self.lose_power()

    def lose_power(self) -> None:
        """Power comes back, and with it what the part starts with."""
        self._settings = self._saved
        self._raw, self._next_raw = _POWER_ON, _POWER_ON
        self._ready_us = 0
        self._talk: Iterator | None = None
        self._wants: str | None = None

    # The line: each slot is either written by the master or read by it.

    def reset(self) -> None:
        self._talk = self._listen()
        self._wants = next(self._talk)

    def write_bit(self, bit: int) -> None:
        if self._wants == "bit":
            self._go_on(bit)

    def read_bit(self) -> int:
        """What the part makes of the line: 0 pulls it down."""
        if self._wants in (0, 1):
            bit = self._wants
            self._go_on(None)
            return bit
        return 0 if self.scheduler.now_us < self._ready_us else 1

    def _go_on(self, bit: int | None) -> None:
        try:
            self._wants = self._talk.send(bit)
        except StopIteration:
            self._wants = None

    # The conversation, as a generator: it yields "bit" for one to come, or the one that it sends.

    def _listen(self):
        command = yield from self._receive(8)
        is_chosen = yield from self._choose(command)
        if not is_chosen:
            return
        function = yield from self._receive(8)
        if function == _CONVERT:
            self._convert()
        elif function == _READ:
            yield from self._send(self.garble(self.scratchpad()))
        elif function == _WRITE:
            settings = yield from self._receive(24)
            self._settings = settings.to_bytes(3, "little")[:2] + bytes([settings >> 16 | 0x1F])
        elif function == _POWER:
            yield 1

    def _choose(self, command: int):
        if command == _MATCH_ROM:
            wanted = yield from self._receive(64)
            return wanted == int.from_bytes(self.rom, "little")
        if command == _SEARCH_ROM:
            for position in range(64):
                bit = int.from_bytes(self.rom, "little") >> position & 1
                yield bit
                yield 1 - bit
                if (yield "bit") != bit:
                    return False
            return True
        if command == _READ_ROM:
            yield from self._send(self.rom)
        return command in (_SKIP_ROM, _READ_ROM)

    def _receive(self, bits: int):
        number = 0
        for position in range(bits):
            number |= (yield "bit") << position
        return number

    def _send(self, data: bytes):
        for byte in data:
            for position in range(8):
                yield byte >> position & 1

    # What it measures.

    def _convert(self) -> None:
        bits = self._settings[2] >> 5 & 3
        now_us = self.scheduler.now_us
        raw = round(value_at(self.temperature, now_us) * 16)
        self._next_raw = min(max(raw, -55 * 16), 125 * 16) >> 3 - bits << 3 - bits
        self._ready_us = now_us + _CONVERT_US[bits]

    def scratchpad(self) -> bytes:
        if self.scheduler.now_us >= self._ready_us:
            self._raw = self._next_raw
        raw = self._raw.to_bytes(2, "little", signed=True)
        data = raw + self._settings + b"\xff\x0c\x10"
        return data + bytes([crc(data)])


class OneWireLine:
    """A line with its thermometers."""

    def __init__(self, *parts: Ds18b20):
        self.parts = list(parts)

    def _present(self) -> list[Ds18b20]:
        return [part for part in self.parts if part.is_present]

    def reset(self) -> bool:
        """Whether anybody is there."""
        for part in self._present():
            part.reset()
        return bool(self._present())

    def write_bit(self, bit: int) -> None:
        for part in self._present():
            part.write_bit(bit)

    def read_bit(self) -> int:
        return min((part.read_bit() for part in self._present()), default=1)

    def write(self, data: bytes) -> None:
        for byte in data:
            for position in range(8):
                self.write_bit(byte >> position & 1)

    def read(self, size: int) -> bytes:
        return bytes(sum(self.read_bit() << position for position in range(8)) for _ in range(size))
