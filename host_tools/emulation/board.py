"""An emulated board: the chip around an interpreter that runs the firmware from a flash file.

Here is what outlives the program: power, reset and its cause, watchdog, RTC, NVS, Wi-Fi, pins. The
same board runs in real time, as a process beside us, and in virtual time, in turns with the
scheduler. It restarts by itself after `machine.reset()` and when the watchdog bites; it does not
when `main.py` ends or fails: then, like the chip, it stays at the prompt, and `on_exit` tells.
"""

import struct
from collections import Counter, deque
from collections.abc import Callable

from host_tools.emulation.backplane import (
    Process,
    RealLink,
    VirtualLink,
    frame,
    split_frames,
)
from host_tools.emulation.chip_parts import Memory, Uart, Watchdog
from host_tools.emulation.chips import MAC
from host_tools.emulation.device import frames
from host_tools.emulation.flash_faults import FlashFaults
from host_tools.emulation.flash_file import FlashFile
from host_tools.emulation.lan import Interface, Lan
from host_tools.emulation.launching import launch
from host_tools.emulation.line import Framing, Line
from host_tools.emulation.peripherals import Peripherals
from host_tools.emulation.radio import AccessPoint, Cable, Station
from host_tools.emulation.scheduler import Handle, RealScheduler, Scheduler
from host_tools.image import BLOCK_BYTES

POWER_ON, HARD, WATCHDOG, DEEP_SLEEP, SOFT = 1, 2, 3, 4, 5

HEAP_BYTES = 110 * 1024
"""What a plain ESP32 has for the firmware."""

PSRAM_HEAP_BYTES = 224 * 1024
"""And one with PSRAM. It has megabytes; here each collection would walk through them in vain."""

_BOOT_US = 300_000
_PATIENCE_S = 20
_KEPT_LINES = 60
_PARITIES = ("E", "O", None)
_INVERT_RX = 4
_LAST_WORDS_US = 200_000
_INTERRUPT = b"\x03"


class Board:
    """`lines` maps UART numbers to lines, `driver_enable` pins to the UART whose line they drive.

    `heap` is what the firmware has, in bytes. Before it lies a share for the emulation, equal in
    every run: to what `gc.mem_alloc()` says it adds `emulation_heap_bytes`, of which the emulated
    modules take `modules_heap_bytes`. `ticks_ms` is what the firmware's clock of that name shows at
    the first boot in virtual time. `on_console(line)` gets each line printed, `on_exit(text)` the
    last lines when the program has ended. With `counts_flash` the erases and programmed bytes per
    block are counted in `erases` and `programmed`. With `ticks` the event loop's waits end on the
    grid of the chip's tick, in virtual time. `station` and `cable` are what its network interfaces
    meet; without `access_points` there is one that takes everybody. A program that takes no turn
    for `patience_s` of real time is stuck. In real time it has a prompt: `on_output(bytes)` gets
    what the console says, `type` types there, and `banner` is how MicroPython presents itself.
    `access_point` is the name and the password of the one that it opens itself. `pins` has the
    levels that the chip gives, `inputs` those that it is given.
    `on_boot(cause)` is asked before each start whether there is something to run. `flash_faults`
    is what is wrong with its flash.
    """

    def __init__(
        self,
        scheduler: Scheduler,
        flash_path,
        lines: dict[int, Line] | None = None,
        lan: Lan | None = None,
        seed: int = 0,
        heap: int = HEAP_BYTES,
        on_console: Callable[[str], None] = lambda line: None,
        on_exit: Callable[[str], None] = lambda text: None,
        driver_enable: dict[int, int] | None = None,
        unique_id: bytes = MAC,
        ticks_ms: int = 0,
        counts_flash: bool = False,
        patience_s: float = _PATIENCE_S,
        ticks: bool = False,
        access_points: list[AccessPoint] | None = None,
        banner: str = "MicroPython on an emulated board",
    ):
        self.on_console = on_console
        self.on_exit = on_exit
        self.on_output: Callable[[bytes], None] = lambda data: None
        self.on_boot: Callable[[int], bool] = lambda cause: True
        self.banner = banner
        self.on_pin: Callable[[int, int], None] = lambda pin, level: None
        self.pins: dict[int, int] = {}
        self.peripherals = Peripherals(scheduler)
        self.inputs: dict[int, int] = {}
        self.access_point: tuple[str, str] | None = None
        self.boots = self.modules_heap_bytes = self.emulation_heap_bytes = 0
        self.erases: Counter[int] = Counter()
        self.programmed: Counter[int] = Counter()
        self._scheduler = scheduler
        self._is_real = isinstance(scheduler, RealScheduler)
        self._flash = FlashFile(flash_path)
        self.flash_faults = FlashFaults(self.post)
        self._lan = lan or Lan(scheduler)
        self._seed = seed
        self._heap = heap
        self._unique_id = unique_id
        self._first_ticks_ms = ticks_ms
        self._counts_flash = counts_flash
        self._ticks = ticks
        self._patience_s = patience_s
        self._driver_enable = driver_enable or {}
        self._uarts = {
            number: Uart(line, self._is_real, lambda data, n=number: self._on_line(n, data))
            for number, line in (lines or {}).items()
        }
        self._link: RealLink | VirtualLink | None = None
        self._interface: Interface | None = None
        self._takes_typing, self._typed_early, self._is_interrupted = False, b"", False
        self._pending: Handle | None = None
        self._watchdog = Watchdog(scheduler, lambda: self.restart(WATCHDOG))
        self.station = Station(self, access_points)
        self.cable = Cable(self)
        self._links: set[str] = set()
        self._memory = Memory(scheduler, self._flash)

    # Power.

    def start(self) -> None:
        """Switch the power on; nothing happens if it is on."""
        if not self._link and not self._pending:
            self._memory.power_on()
            self._boot_after(POWER_ON)

    def stop(self) -> None:
        """Switch the power off for good, and give back terminals."""
        self.power_cut()
        for uart in self._uarts.values():
            uart.close()

    def power_cut(self) -> None:
        """Take the power away this instant; `start` gives it back."""
        self._halt()
        self._watchdog.disarm()
        self.station.forget()
        self.cable.forget()
        self._links.clear()

    @property
    def now_us(self) -> int:
        return self._scheduler.now_us

    @property
    def is_running(self) -> bool:
        return self._link is not None

    def _halt(self) -> None:
        """Stop the program, wherever it is."""
        self._takes_typing, self._typed_early, self._is_interrupted = False, b"", False
        if self._pending:
            self._pending.cancel()
            self._pending = None
        if self._link:
            self._link.stop()
            self._link = None
            self._interface.close()

    def restart(self, cause: int, is_raw: bool = False) -> None:
        """Reset the chip: `cause` is what `machine.reset_cause()` will say.

        With `is_raw` the prompt was raw, and comes back so in place of `main.py`.
        """
        self._halt()
        self.station.forget()
        self.cable.forget()
        self._links.clear()
        if cause != SOFT:
            self._watchdog.disarm()
        self._boot_after(cause, is_raw)

    def _boot_after(self, cause: int, is_raw: bool = False) -> None:
        self._pending = self._scheduler.after(
            0 if self._is_real else _BOOT_US, lambda: self._boot(cause, is_raw)
        )

    def _boot(self, cause: int, is_raw: bool) -> None:
        self._pending = None
        if not self.on_boot(cause):
            return
        self.access_point = None
        self._text = b""
        self._is_at_prompt = False
        self._last_lines: deque[str] = deque(maxlen=_KEPT_LINES)
        self.pins.clear()
        self.peripherals.lights.clear()
        for number in self._driver_enable.values():
            self._uarts[number].drive(False)
        process = launch(self._flash.path, self._heap, self._is_real)
        self._link = self._new_link(process)
        self._interface = Interface(self._lan, self._link.post)
        self._link.post(self._boot_frames(cause, is_raw))
        self.boots += 1

    def _new_link(self, process: Process) -> RealLink | VirtualLink:
        if self._is_real:
            return RealLink(process, self)
        return VirtualLink(process, self, self._scheduler, self._patience_s)

    def _boot_frames(self, cause: int, is_raw: bool) -> bytes:
        """All that the chip knows when it starts; BOOT comes last."""
        seconds, us = self._memory.time()
        ptys = [frame(frames.PTY, n, u.path.encode()) for n, u in self._uarts.items() if u.path]
        ticks_ms = self._first_ticks_ms if self.boots == 0 else 0
        boot = struct.pack(
            frames.BOOT_FORMAT,
            self._flags(is_raw),
            cause, seconds, us, ticks_ms,
            (self._seed * 1_000_003 + self.boots) & 0x3FFFFFFF,
            self._unique_id,
        )  # fmt: skip
        names = self._lan.name_frames() if self._is_real else b""
        pins = [frame(frames.PIN, pin, bytes([level])) for pin, level in self.inputs.items()]
        memory = [*self._memory.boot_frames(), self.flash_faults.boot_frames()]
        banner = frame(frames.BANNER, 0, self.banner.encode())
        return b"".join([*memory, *ptys, *pins, names, banner, frame(frames.BOOT, 0, boot)])

    def _flags(self, is_raw: bool) -> int:
        ticks = self._ticks and not self._is_real
        return (
            frames.REPORT_FLASH * self._counts_flash
            | frames.TICKS * ticks
            | frames.RAW_PROMPT * is_raw
        )

    # What the world does to the board.

    def wifi(self, up: bool, ssid: str = "") -> None:
        """Switch an access point on or off; the board rejoins by itself, as the chip does."""
        self.station.set_access_point(up, ssid)

    def later(self, delay_us: int, callback: Callable[[], None]) -> None:
        self._scheduler.after(delay_us, callback)

    def set_pin(self, pin: int, level: int) -> None:
        """Put a level on an input, and hold it there."""
        if self.inputs.get(pin) != level:
            self.inputs[pin] = level
            self.peripherals.input_changed(pin, level)
        self.post(frame(frames.PIN, pin, bytes([level])))

    def type(self, data: bytes) -> None:
        """Type at the console, in real time; a board that is starting takes it when it has."""
        if self._takes_typing:
            self._is_interrupted = self._is_interrupted or _INTERRUPT in data
            self._link.type(data)
        elif self._link or self._pending:
            self._typed_early += data

    def post(self, data: bytes, wake: bool = True) -> None:
        """Send frames to the running program, if there is one."""
        if self._link:
            self._link.post(data, wake)

    # What the link calls.

    def on_text(self, text: bytes) -> None:
        self.on_output(text)
        *lines, self._text = (self._text + text).split(b"\n")
        for line in lines:
            self._on_line_of_text(line)

    def _on_line_of_text(self, text: bytes) -> None:
        """What a program prints is told; the prompt, which begins with the banner, is not."""
        line = text.decode(errors="replace").rstrip("\r")
        self._is_at_prompt = self._is_at_prompt or line == self.banner
        if not self._is_at_prompt:
            self._last_lines.append(line)
            self.on_console(line)

    def on_gone(self) -> None:
        """The interpreter itself has ended, which a chip cannot do.

        This port may do so where Ctrl-C comes in the midst of its own work: then it starts anew.
        """
        if self._is_interrupted:
            self.restart(HARD)
        else:
            self._end()
            self._halt()

    def on_stuck(self) -> None:
        """The program takes no turn any more: only the watchdog can help, when its time comes."""
        if self._watchdog.is_armed:
            self._halt()
        else:
            self.on_text(b"\nthe program no longer lets time pass, and no watchdog is armed\n")
            self.on_gone()

    def _end(self) -> None:
        """What was printed last is a line; not on the port, where the prompt speaks by now."""
        text, self._text = self._text, b""
        if text:
            self._on_line_of_text(text)
        self.on_exit(self.last_lines())

    def last_lines(self) -> str:
        """What the program has said last."""
        return "\n".join(self._last_lines)

    def on_frames(self, body: bytes) -> None:
        link = self._link
        for kind, id, data in split_frames(body):
            handler = self._HANDLERS.get(kind)
            if handler:
                handler(self, id, data)
            elif kind in frames.QUESTIONS:
                self._on_question(kind, id, data)
            else:
                self._interface.on_frame(kind, id, data)
            if self._link is not link:
                return

    def _on_boot(self, id: int, data: bytes) -> None:
        self.modules_heap_bytes, self.emulation_heap_bytes = struct.unpack(
            frames.BOOTED_FORMAT, data
        )
        self._takes_typing = self._is_real
        if self._typed_early:
            # An interrupt throws away what was typed before it.
            self.type(self._typed_early[max(0, self._typed_early.rfind(_INTERRUPT)) :])

    def _on_end(self, id: int, data: bytes) -> None:
        """A terminal, which there is in real time, hands over what was printed a moment later."""
        link = self._link
        if self._is_real:
            self._scheduler.after(_LAST_WORDS_US, lambda: self._link is link and self._end())
        else:
            self._end()

    def _on_reset(self, cause: int, data: bytes) -> None:
        self.restart(cause, bool(data))

    def _on_watchdog(self, id: int, data: bytes) -> None:
        if data:
            self._watchdog.timeout_us = struct.unpack("<I", data)[0] * 1000
        self._watchdog.feed()

    def _on_rtc_time(self, id: int, data: bytes) -> None:
        self._memory.set_time(*struct.unpack("<II", data))

    def _on_rtc_memory(self, id: int, data: bytes) -> None:
        self._memory.rtc = data

    def _on_nvs(self, kind: int, data: bytes) -> None:
        self._memory.keep(kind, *data.split(b"\0", 2))

    def _on_question(self, kind: int, number: int, data: bytes) -> None:
        """A peripheral asks what is wired to it; the answer takes the time of its wires."""
        link = self._link
        if kind == frames.WIFI_SCAN:
            answer, takes_us = self.station.scan()
        else:
            answer, takes_us = self.peripherals.ask(kind, number, data)
        self._scheduler.after(
            takes_us, lambda: self._link is link and link.post(frame(kind, number, answer))
        )

    def _on_pin(self, pin: int, data: bytes) -> None:
        self.pins[pin] = data[0]
        self.peripherals.output_changed(pin, data[0])
        if pin in self._driver_enable:
            self._uarts[self._driver_enable[pin]].drive(bool(data[0]))
        self.on_pin(pin, data[0])

    def _on_light(self, pin: int, data: bytes) -> None:
        self.peripherals.light_changed(pin, (data[1], data[0], data[2]))

    def _on_uart_setup(self, number: int, data: bytes) -> None:
        baud, bits, parity, stop, invert = struct.unpack("<IBBBB", data)
        if number in self._uarts:
            is_inverted = bool(invert & _INVERT_RX)
            framing = Framing(baud, bits, _PARITIES[parity], stop, is_inverted)
            self._uarts[number].set_up(framing)

    def _on_uart_data(self, number: int, data: bytes) -> None:
        if number in self._uarts:
            self._uarts[number].send(data)

    def _on_wifi(self, joins: int, data: bytes) -> None:
        self.station.request(bool(joins), data)

    def _on_lan(self, active: int, data: bytes) -> None:
        self.cable.request(bool(active))

    def _on_access_point(self, is_open: int, data: bytes) -> None:
        self.access_point = tuple(data.decode().split("\0")) if is_open else None

    def _on_flash(self, what: int, data: bytes) -> None:
        if what == frames.FLASH_REFUSED:
            self.flash_faults.refused += 1
        elif what == frames.FLASH_TORN:
            self.power_cut()
            self.flash_faults.mend_power()
            self.flash_faults.on_torn()
        else:
            address, size = struct.unpack("<IH", data)
            if what == frames.FLASH_PROGRAMMED:
                self.programmed[address // BLOCK_BYTES] += size
            else:
                self.erases[address // BLOCK_BYTES] += 1

    def _on_line(self, number: int, data: bytes) -> None:
        self.post(frame(frames.UART_DATA, number, data))

    def set_link(self, name: str, up: bool) -> None:
        """A network interface tells whether packets pass."""
        (self._links.add if up else self._links.discard)(name)
        if self._interface:
            self._interface.is_up = bool(self._links)
            self._interface.resume()

    _HANDLERS = {
        frames.BOOT: _on_boot,
        frames.END: _on_end,
        frames.RESET: _on_reset,
        frames.WATCHDOG: _on_watchdog,
        frames.RTC_TIME: _on_rtc_time,
        frames.RTC_MEMORY: _on_rtc_memory,
        frames.NVS: _on_nvs,
        frames.PIN: _on_pin,
        frames.LIGHT: _on_light,
        frames.UART_SETUP: _on_uart_setup,
        frames.UART_DATA: _on_uart_data,
        frames.WIFI: _on_wifi,
        frames.LAN: _on_lan,
        frames.ACCESS_POINT: _on_access_point,
        frames.FLASH: _on_flash,
    }
