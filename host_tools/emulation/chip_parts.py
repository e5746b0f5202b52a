"""Parts of an emulated chip that outlive the program: its memory and its watchdog."""

import struct
from collections.abc import Callable

from host_tools.emulation.backplane import frame
from host_tools.emulation.device import frames
from host_tools.emulation.flash_file import FlashFile
from host_tools.emulation.scheduler import Handle, Scheduler


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

    def on_time(self, id: int, data: bytes) -> None:
        """The program sets the RTC."""
        seconds, us = struct.unpack("<II", data)
        self._offset_us = seconds * 1_000_000 + us - self._scheduler.now_us

    def on_rtc_memory(self, id: int, data: bytes) -> None:
        self.rtc = data

    def on_nvs(self, kind: int, data: bytes) -> None:
        """The program writes to the NVS, or erases."""
        namespace, key, value = data.split(b"\0", 2)
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
        self._timeout_us = 0
        self._scheduler = scheduler
        self._on_bite = on_bite
        self._bite: Handle | None = None

    @property
    def is_armed(self) -> bool:
        return self._bite is not None

    def on_frame(self, id: int, data: bytes) -> None:
        """The program feeds it, or arms it anew."""
        if data:
            self._timeout_us = struct.unpack("<I", data)[0] * 1000
        self.disarm()
        self._bite = self._scheduler.after(self._timeout_us, lambda: self._on_bite())

    def disarm(self) -> None:
        if self._bite:
            self._bite.cancel()
            self._bite = None
