"""An emulated board: the chip around an interpreter that runs the firmware from a flash file.

Here is what outlives the program: power, reset and its cause, watchdog, RTC, NVS, Wi-Fi, pins; what
does not is in `run`. The same board runs in real time, as a process beside us, and in virtual time,
in turns with the scheduler. It restarts by itself after `machine.reset()` and when the watchdog
bites; it does not when `main.py` ends or fails: then, like the chip, it stays at the prompt, and
`on_exit` tells.
"""

import struct
from collections import Counter
from collections.abc import Callable

from host_tools.emulation.backplane import frame
from host_tools.emulation.chip_parts import Memory, Watchdog
from host_tools.emulation.chips import MAC
from host_tools.emulation.console import Typed
from host_tools.emulation.device import frames
from host_tools.emulation.flash_faults import FlashFaults
from host_tools.emulation.flash_file import FlashFile
from host_tools.emulation.lan import Lan
from host_tools.emulation.launching import launch
from host_tools.emulation.line import Line
from host_tools.emulation.peripherals import Peripherals
from host_tools.emulation.radio import Cable, Station
from host_tools.emulation.run import Run
from host_tools.emulation.scheduler import Handle, RealScheduler, Scheduler
from host_tools.emulation.serial_ports import SerialPorts
from host_tools.image import BLOCK_BYTES

POWER_ON, HARD, WATCHDOG, DEEP_SLEEP, SOFT = 1, 2, 3, 4, 5

HEAP_BYTES = 110 * 1024
"""What a plain ESP32 has for the firmware."""

PSRAM_HEAP_BYTES = 224 * 1024
"""And one with PSRAM. It has megabytes; here each collection would walk through them in vain."""

_BOOT_US = 300_000
_PATIENCE_S = 20


class Board:
    """`lines` maps UART numbers to lines, `driver_enable` pins to the UART whose line they drive.

    `heap` is what the firmware has, in bytes. Before it lies a share for the emulation, equal in
    every run: to what `gc.mem_alloc()` says it adds `emulation_heap_bytes`, of which the emulated
    modules take `modules_heap_bytes`. `ticks_ms` is what the firmware's clock of that name shows at
    the first boot in virtual time. `on_console(line)` gets each line printed, `on_exit(text)` the
    last lines when the program has ended. With `counts_flash` the erases and programmed bytes per
    block are counted in `erases` and `programmed`. With `ticks` the event loop's waits end on the
    grid of the chip's tick, in virtual time. `station` and `cable` are what its network interfaces
    meet; unless the station is given others, there is one access point that takes everybody. A
    program that takes no turn for `patience_s` of real time is stuck. In real time it has a prompt:
    `on_output(bytes)` gets what the console says, `type` types there, and `banner` is how
    MicroPython presents itself. `access_point` is the name and the password of the one that it
    opens itself. `pins` has the levels that the chip gives, `inputs` those that it is given.
    `on_boot(cause)` is asked before each start whether there is something to run. `flash_faults`
    is what is wrong with its flash.
    """

    banner = "MicroPython on an emulated board"
    boots = modules_heap_bytes = emulation_heap_bytes = 0
    access_point: tuple[str, str] | None = None
    _run: Run | None = None
    _pending: Handle | None = None
    _said = ""

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
        ticks_ms: int = 0,
        counts_flash: bool = False,
        patience_s: float = _PATIENCE_S,
        ticks: bool = False,
    ):
        self.on_console = on_console
        self.on_exit = on_exit
        self.on_output: Callable[[bytes], None] = lambda data: None
        self.on_boot: Callable[[int], bool] = lambda cause: True
        self.on_pin: Callable[[int, int], None] = lambda pin, level: None
        self.pins: dict[int, int] = {}
        self.inputs: dict[int, int] = {}
        self.erases: Counter[int] = Counter()
        self.programmed: Counter[int] = Counter()
        self._scheduler = scheduler
        self._is_real = isinstance(scheduler, RealScheduler)
        self._lan = lan or Lan(scheduler)
        self._seed, self._first_ticks_ms = seed, ticks_ms
        self._flags = frames.REPORT_FLASH * counts_flash
        self._flags |= frames.TICKS * (ticks and not self._is_real)
        self._heap, self._patience_s = heap, patience_s
        self._flash = FlashFile(flash_path)
        self.flash_faults = FlashFaults(self.post)
        self._memory = Memory(scheduler, self._flash)
        self._watchdog = Watchdog(scheduler, lambda: self.restart(WATCHDOG))
        self._ports = SerialPorts(lines or {}, driver_enable or {}, self._is_real, self.post)
        self.peripherals = Peripherals(scheduler)
        self.station = Station(self)
        self.cable = Cable(self)
        self.handlers = self._find_handlers()
        self._typed = Typed()

    def _find_handlers(self) -> dict[int, Callable[[int, bytes], None]]:
        """Which part takes what a program says, by the kind of frame."""
        return {
            frames.WATCHDOG: self._watchdog.on_frame,
            frames.RTC_TIME: self._memory.on_time,
            frames.RTC_MEMORY: self._memory.on_rtc_memory,
            frames.NVS: self._memory.on_nvs,
            frames.PIN: self._on_pin,
            frames.SPI_OUT: self.peripherals.spi_out,
            frames.LIGHT: self._on_light,
            frames.UART_SETUP: self._ports.on_setup,
            frames.UART_DATA: self._ports.on_data,
            frames.WIFI: self.station.on_frame,
            frames.LAN: self.cable.on_frame,
            frames.ACCESS_POINT: self._on_access_point,
            frames.FLASH: self._on_flash,
        }

    # Power.

    def start(self) -> None:
        """Switch the power on; nothing happens if it is on."""
        if not self._is_on:
            self._memory.power_on()
            self._boot_after(POWER_ON)

    def stop(self) -> None:
        """Switch the power off for good, and give back terminals."""
        self.power_cut()
        self._ports.close()

    def power_cut(self) -> None:
        """Take the power away this instant; `start` gives it back."""
        self.halt()
        self._watchdog.disarm()
        self.station.forget()
        self.cable.forget()

    def restart(self, cause: int = HARD, is_raw: bool = False) -> None:
        """Reset the chip: `cause` is what `machine.reset_cause()` will say.

        With `is_raw` the prompt was raw, and comes back so in place of `main.py`.
        """
        self.halt()
        self.station.forget()
        self.cable.forget()
        if cause != SOFT:
            self._watchdog.disarm()
        self._boot_after(cause, is_raw)

    def halt(self) -> None:
        """Stop the program, wherever it is."""
        self._typed = Typed()
        if self._pending:
            self._pending.cancel()
            self._pending = None
        if self._run:
            self._run.stop()
            self._said = self._run.printed.last_lines()
            self._run = None

    @property
    def now_us(self) -> int:
        return self._scheduler.now_us

    @property
    def is_running(self) -> bool:
        return self._run is not None

    @property
    def is_watched(self) -> bool:
        """Whether the watchdog will bite if nobody feeds it."""
        return self._watchdog.is_armed

    @property
    def _is_on(self) -> bool:
        return self._run is not None or self._pending is not None

    def _boot_after(self, cause: int, is_raw: bool = False) -> None:
        self._pending = self._scheduler.after(
            0 if self._is_real else _BOOT_US, lambda: self._boot(cause, is_raw)
        )

    def _boot(self, cause: int, is_raw: bool) -> None:
        self._pending = None
        if not self.on_boot(cause):
            return
        self.access_point = None
        self.pins.clear()
        self.peripherals.lights.clear()
        self._ports.reset()
        process = launch(self._flash.path, self._heap, self._is_real)
        self._run = Run(self, process, self._scheduler, self._lan, self._typed, self._patience_s)
        self._run.post(self._boot_frames(cause, is_raw))
        self.boots += 1

    def _boot_frames(self, cause: int, is_raw: bool) -> bytes:
        """All that the chip knows when it starts; BOOT comes last."""
        seconds, us = self._memory.time()
        boot = struct.pack(
            frames.BOOT_FORMAT,
            self._flags | frames.RAW_PROMPT * is_raw,
            cause, seconds, us,
            self._first_ticks_ms if self.boots == 0 else 0,
            (self._seed * 1_000_003 + self.boots) & 0x3FFFFFFF,
            MAC,
        )  # fmt: skip
        memory = [*self._memory.boot_frames(), self.flash_faults.boot_frames()]
        ptys = self._ports.boot_frames()
        pins = [frame(frames.PIN, pin, bytes([level])) for pin, level in self.inputs.items()]
        names = self._lan.name_frames() if self._is_real else b""
        banner = frame(frames.BANNER, 0, self.banner.encode())
        return b"".join([*memory, *ptys, *pins, names, banner, frame(frames.BOOT, 0, boot)])

    # What the world does to the board.

    def wifi(self, up: bool, ssid: str = "") -> None:
        """Switch an access point on or off; the board rejoins by itself, as the chip does."""
        self.station.set_access_point(up, ssid)

    def set_pin(self, pin: int, level: int) -> None:
        """Put a level on an input, and hold it there."""
        if self.inputs.get(pin) != level:
            self.inputs[pin] = level
            self.peripherals.input_changed(pin, level)
        self.post(frame(frames.PIN, pin, bytes([level])))

    def type(self, data: bytes) -> None:
        """Type at the console, in real time; a board that is starting takes it when it has."""
        if self._is_on:
            self._typed.type(data)

    def hang(self) -> None:
        """The program is caught in a loop that never yields."""
        if self._run:
            self._run.on_stuck()

    def last_lines(self) -> str:
        """What the program has said last."""
        return self._run.printed.last_lines() if self._run else self._said

    # What its parts do.

    def post(self, data: bytes, wake: bool = True) -> None:
        """Send frames to the running program, if there is one."""
        if self._run:
            self._run.post(data, wake)

    def later(self, delay_us: int, callback: Callable[[], None]) -> None:
        self._scheduler.after(delay_us, callback)

    def set_link(self, name: str, up: bool) -> None:
        """A network interface tells whether packets pass."""
        if self._run:
            self._run.set_link(name, up)

    # What the running program does.

    def on_booted(self, modules_heap_bytes: int, emulation_heap_bytes: int) -> None:
        self.modules_heap_bytes = modules_heap_bytes
        self.emulation_heap_bytes = emulation_heap_bytes

    def ask(self, kind: int, number: int, question: bytes) -> tuple[bytes, int]:
        """What is wired to the chip answers, and the µs until the answer is there."""
        if kind == frames.WIFI_SCAN:
            return self.station.scan()
        return self.peripherals.ask(kind, number, question)

    def _on_pin(self, pin: int, data: bytes) -> None:
        level = data[0]
        self.pins[pin] = level
        self.peripherals.output_changed(pin, level)
        self._ports.output_changed(pin, level)
        self.on_pin(pin, level)

    def _on_light(self, pin: int, data: bytes) -> None:
        self.peripherals.light_changed(pin, (data[1], data[0], data[2]))

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
