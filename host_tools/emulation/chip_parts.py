"""Parts of an emulated chip that outlive the program: memory, watchdog, serial ports."""

from collections.abc import Callable

from host_tools.emulation.backplane import frame
from host_tools.emulation.device import frames
from host_tools.emulation.flash_file import FlashFile
from host_tools.emulation.line import Framing, Line, PtyPort
from host_tools.emulation.scheduler import Handle, Scheduler

_FIRST_FRAMING = Framing(115200)


class Memory:
    """What is kept over resets: the RTC and its memory `rtc`; the NVS, over power cuts too."""

    def __init__(self, scheduler: Scheduler, flash: FlashFile):
        self._scheduler = scheduler
        self._flash = flash
        self.power_on()

    def power_on(self) -> None:
        """Without power the RTC and its memory are lost: the clock begins at 2000-01-01."""
        self._nvs = self._flash.load_nvs()
        self.rtc = b""
        self._offset_us = -self._scheduler.now_us

    def time(self) -> tuple[int, int]:
        """The RTC's seconds since 2000, and microseconds."""
        return divmod(self._scheduler.now_us + self._offset_us, 1_000_000)

    def set_time(self, seconds: int, us: int) -> None:
        self._offset_us = seconds * 1_000_000 + us - self._scheduler.now_us

    def keep(self, kind: int, namespace: bytes, key: bytes, value: bytes) -> None:
        """Write to the NVS, or erase."""
        name = namespace + b"\0" + key
        for other in (frames.NVS_I32, frames.NVS_BLOB):
            self._nvs.pop((other, name), None)
        if kind != frames.NVS_ERASE:
            self._nvs[kind, name] = value
        self._flash.save_nvs(self._nvs)

    def boot_frames(self) -> list[bytes]:
        """All of it, for a program that starts."""
        nvs = [frame(frames.NVS, kind, name + b"\0" + v) for (kind, name), v in self._nvs.items()]
        return [*nvs, frame(frames.RTC_MEMORY, 0, self.rtc)]


class Watchdog:
    """The chip's own: it survives a soft reset, and no program can stop it."""

    def __init__(self, scheduler: Scheduler, on_bite: Callable[[], None]):
        self.timeout_us = 0
        self._scheduler = scheduler
        self._on_bite = on_bite
        self._bite: Handle | None = None

    @property
    def is_armed(self) -> bool:
        return self._bite is not None

    def feed(self) -> None:
        self.disarm()
        self._bite = self._scheduler.after(self.timeout_us, lambda: self._on_bite())

    def disarm(self) -> None:
        if self._bite:
            self._bite.cancel()
            self._bite = None


class Uart:
    """One serial port: in virtual time a port on the line, in real time a terminal onto it."""

    def __init__(self, line: Line, is_real: bool, on_data: Callable[[bytes], None]):
        self._pty = PtyPort(line, _FIRST_FRAMING) if is_real else None
        self._port = None if self._pty else line.port(_FIRST_FRAMING, on_data)

    @property
    def path(self) -> str:
        return self._pty.path if self._pty else ""

    def set_up(self, framing: Framing) -> None:
        (self._pty or self._port).framing = framing

    def send(self, data: bytes) -> None:
        self._port.send(data)

    def drive(self, is_on: bool) -> None:
        if self._port:
            self._port.driving = is_on

    def close(self) -> None:
        (self._pty or self._port).close()
