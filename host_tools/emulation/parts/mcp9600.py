"""A Microchip MCP9600, as the data sheet (DS20005426, revision F) has it.

A thermocouple of another type than the one it is set to gives a wrong temperature, as it would.
"""

from fractions import Fraction

from host_tools.emulation.parts import Measured, RegisterPart, clamped, value_at

_TYPES = "KJTNSEBR"
# Microvolts per °C at room temperature, which is all that a wrong type needs.
_SENSITIVITIES = dict(zip(_TYPES, (41, 52, 41, 26, 6, 61, 1, 6), strict=True))
_STATUS, _SENSOR, _DEVICE, _ID = 0x04, 0x05, 0x06, 0x20
_UPDATED, _OUT_OF_RANGE = 0x40, 0x10
_HOTTEST = {"K": 1372, "J": 1200, "T": 400, "N": 1300, "S": 1664, "E": 1000, "B": 1800, "R": 1664}


class Mcp9600(RegisterPart):
    """`hot` and `cold` are the junctions in °C, `wired` the type of the thermocouple."""

    def __init__(self, scheduler, hot: Measured = 20, cold: Measured = 20, wired: str = "K"):
        super().__init__(scheduler)
        self.hot = hot
        self.cold = cold
        self.wired = wired
        self.is_open = False
        self.settings = {_SENSOR: 0, _DEVICE: 0}

    def lose_power(self) -> None:
        """Power comes back, and with it what the part starts with."""
        self.settings = {_SENSOR: 0, _DEVICE: 0}

    def on_write(self, register: int, data: bytes) -> None:
        if register in self.settings:
            self.settings[register] = data[0]

    def on_read(self, register: int, size: int) -> bytes:
        hot, cold = self._hot(), value_at(self.cold, self.now_us)
        words = {0: hot, 1: hot - cold, 2: cold}
        if register in words:
            raw = clamped(words[register] * 16, -32768, 32767)
            answer = raw.to_bytes(2, "big", signed=True)
        elif register == _ID:
            answer = b"\x40\x14"
        elif register == _STATUS:
            is_wrong = self.is_open or hot > _HOTTEST[self._set_type()]
            answer = bytes([_UPDATED | (_OUT_OF_RANGE if is_wrong else 0)])
        else:
            answer = bytes([self.settings.get(register, 0)])
        return answer[:size].ljust(size, b"\0")

    def _set_type(self) -> str:
        return _TYPES[self.settings[_SENSOR] >> 4 & 7]

    def _hot(self) -> Fraction:
        hot, cold = value_at(self.hot, self.now_us), value_at(self.cold, self.now_us)
        ratio = Fraction(_SENSITIVITIES[self.wired], _SENSITIVITIES[self._set_type()])
        return cold + (hot - cold) * ratio
