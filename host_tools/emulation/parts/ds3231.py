"""A Maxim DS3231, as the data sheet (19-5170, revision 10) has it: registers 0x00 to 0x12.

With its battery it runs on whatever becomes of the board. It takes hours of 24 and of 12 and shows
those of 24; alarms do not ring.
"""

import datetime

from host_tools.emulation.parts import RegisterPart

_YEAR, _STATUS = 6, 0x0F
_AT_FIRST = bytes(14) + bytes([0x1C, 0x88, 0, 0x19, 0x40])  # the oscillator has been stopped
_OSCILLATOR_STOPPED, _TWELVE, _AFTERNOON = 0x80, 0x40, 0x20
_EPOCH = datetime.datetime(2000, 1, 1)


class Ds3231(RegisterPart):
    """New from the works it begins at 2000-01-01 and says that its oscillator was stopped."""

    def __init__(self, scheduler, ppm: int = 0):
        super().__init__(scheduler)
        self._registers = bytearray(_AT_FIRST)
        self._ppm = ppm
        self.set(_EPOCH)

    def set(self, moment: datetime.datetime) -> None:
        """A second begins here and now."""
        self._moment = moment
        self._since_us = self.now_us

    def stop_oscillator(self) -> None:
        """The battery was empty: the time is not to be believed."""
        self._registers[_STATUS] |= _OSCILLATOR_STOPPED
        self.set(_EPOCH)

    @property
    def is_trusted(self) -> bool:
        return not self._registers[_STATUS] & _OSCILLATOR_STOPPED

    @property
    def moment(self) -> datetime.datetime:
        """The second that it shows."""
        passed_us = self.now_us - self._since_us
        return self._moment + datetime.timedelta(
            seconds=passed_us * (1_000_000 + self._ppm) // 1_000_000_000_000
        )

    def on_write(self, register: int, data: bytes) -> None:
        shown = bytearray(self.on_read(0, len(self._registers)))
        shown[register : register + len(data)] = data
        if register <= _YEAR:
            begins = self._since_us if register else self.now_us
            self.set(_moment(shown))
            self._since_us = max(begins, self.now_us - 999_999)
        for at in range(max(register, _YEAR + 1), register + len(data)):
            before = self._registers[at]
            self._registers[at] = shown[at]
            if at == _STATUS:  # its flags can be cleared and not set
                self._registers[at] = shown[at] & 0x08 | shown[at] & before & 0x83

    def on_read(self, register: int, size: int) -> bytes:
        moment = self.moment
        fields = moment.second, moment.minute, moment.hour, moment.isoweekday(), moment.day
        shown = bytes(map(_bcd, (*fields, moment.month, moment.year - 2000)))
        return (shown + bytes(self._registers[_YEAR + 1 :]))[register:][:size].ljust(size, b"\0")


def _moment(registers: bytes) -> datetime.datetime:
    second, minute, hour, _, day, month, year = registers[: _YEAR + 1]
    hours = _number(hour & 0x3F)
    if hour & _TWELVE:
        hours = _number(hour & 0x1F) % 12 + (12 if hour & _AFTERNOON else 0)
    date = 2000 + _number(year), _number(month & 0x1F), _number(day)
    return datetime.datetime(*date, hours, _number(minute), _number(second))


def _bcd(number: int) -> int:
    return number // 10 * 16 + number % 10


def _number(byte: int) -> int:
    return byte // 16 * 10 + byte % 16
