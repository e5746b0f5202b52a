"""Makes an emulated board of the interpreter, then boots the firmware from the flash file.

Started as `micropython -m launch IN OUT MODE FLASH FROZEN SHARE` in the folder of these modules:
IN, OUT and FLASH are descriptors of the pipes to the world and of the flash file, FROZEN is that of
the packages that a stock image holds frozen. What stays in memory when the firmware starts is the
cost of the emulation. It is reported, and filled up to SHARE bytes, so that the firmware has the
rest of the heap, as much in virtual time as in real time; less what the tables of its names would
take on a chip, as they are among the emulation's here.
"""

import gc
import os
import random
import struct
import sys

import backplane
import frames
import vfs
from micropython import const
from outside import memory

_SOFT_RESET = const(5)
_TICK_US = const(10000)
_TABLE_BYTES = const(4000)  # less than the interpreter's sixth table of names takes
_CHIP_TABLES = const(2224)  # what the first four take together
_PIECE = const(112)
_HEAD = const(16)  # of a bytearray
_ENTRY = const(4)  # of a list
_UART_BUFFERS = const(2048)
_SOCKET_BUFFERS = const(22976)  # four windows of TCP


def _hide(name, module_name):
    """Put one of our modules in the place of a stock one, under its old name too."""
    module = __import__(module_name)
    del sys.modules[module_name]
    sys.modules[name] = sys.modules["u" + name] = module
    return module


def _read_boot(bus):
    """Take what the world says at the start; it fills the modules and returns BOOT's fields."""
    boot = []
    bus.handlers[frames.BOOT] = lambda id, data: boot.append(bytes(data))
    bus.handlers[frames.BANNER] = lambda id, data: banner.append(str(data, "utf-8"))
    if not is_real:
        bus.take_turns(0)
    while not boot:
        bus.pause(1000000)
    del bus.handlers[frames.BOOT], bus.handlers[frames.BANNER]
    return struct.unpack(frames.BOOT_FORMAT, boot[0])


def _terminal_opener(bus, files):
    """How a UART opens its terminal: raw, and a read never waits."""
    import termios

    paths = {}
    bus.handlers[frames.PTY] = lambda id, data: paths.update({id: str(bytes(data), "utf-8")})

    def open_terminal(id):
        if id not in paths:
            return None
        terminal = files.open(paths[id], "r+b")
        termios.setraw(terminal.fileno())
        settings = termios.tcgetattr(terminal.fileno())
        settings[6][5] = settings[6][6] = 0
        termios.tcsetattr(terminal.fileno(), termios.TCSANOW, settings)
        return terminal

    return open_terminal


def _make_virtual(files, bus):
    select = _hide("select", "virtual_select")
    select.always_ready = files.open("/dev/null", "rb").fileno()
    _hide("time", "virtual_time")
    _hide("os", "virtual_os")
    _hide("_asyncio", "virtual_asyncio")
    _hide("socket", "virtual_socket")
    return select


def _mount(partition, bus):
    """As the stock image does: a blank file system is made, a broken one is left as it is."""
    try:
        vfs.mount(_file_system(partition), "/")
        return
    except OSError:
        first = bytearray(32)
        partition.readblocks(0, first, 0)
    if first.strip(b"\xff"):
        while True:
            print("The filesystem appears to be corrupted.")
            bus.pause(3000000)
    print("Performing initial setup")
    vfs.VfsLfs2.mkfs(partition, readsize=32, progsize=32, lookahead=32)
    vfs.mount(_file_system(partition), "/")


def _file_system(partition):
    return vfs.VfsLfs2(partition, readsize=32, progsize=32, lookahead=32)


def _set_up(machine, network, boot, bus):
    machine.boot = boot
    machine.rtc_state.start(boot[2], boot[3])
    network.mac = boot[6]
    random.seed(boot[5])
    if not is_real:
        bus.begin_at(boot[4])


def _boot():
    """Turn the interpreter into the board, up to the moment when boot.py begins."""
    files = vfs.VfsPosix("/")
    pipes = open(int(sys.argv[1]), "rb"), open(int(sys.argv[2]), "wb")
    bus = backplane.start(not is_real, *pipes)
    memory.reserve(_UART_BUFFERS if is_real else _UART_BUFFERS + _SOCKET_BUFFERS)
    import esp32
    import machine
    import network

    if not is_real:
        select = _make_virtual(files, bus)
    else:
        global micropython
        micropython = _hide("micropython", "console")
        micropython.start()
        sys.modules["uart"].open_terminal = _terminal_opener(bus, files)
        _hide("socket", "real_socket")
    boot = _read_boot(bus)
    _set_up(machine, network, boot, bus)
    if boot[0] & frames.TICKS:
        select.tick_us = _TICK_US
    esp32.flash = open(int(sys.argv[4]), "r+b")
    esp32.read_table()
    esp32.reports_flash = bool(boot[0] & frames.REPORT_FLASH)
    sys.path[:] = [sys.argv[5]]
    try:
        __import__("umqtt.simple")
    except ImportError:
        pass  # without it the board is like a port that freezes nothing
    vfs.umount("/")
    _mount(esp32.Partition("vfs"), bus)
    late = _Late()
    machine.load_late = esp32.load_late = network.load_late = late.load
    return bus, late, bool(boot[0] & frames.RAW_PROMPT)


class _Late:
    """Modules that are loaded when a program first uses them, as a chip has them in its flash.

    What they take comes out of the emulation's share of the heap. What is left of that is in pieces
    from then on, as they may lie in the midst of it.
    """

    def __init__(self):
        self._ours = {}
        self._loaded = {}

    def hide(self, name):
        """From now on the program does not see this module, but those loaded late do."""
        module = sys.modules.pop(name, None)
        if module:
            self._ours[name] = module

    def load(self, name):
        if name not in self._loaded:
            global filled, filler
            filler = None
            gc.collect()
            before = gc.mem_alloc()
            self._loaded[name] = self._import(name)
            gc.collect()
            filled -= gc.mem_alloc() - before
            filler = [None] * (filled // (_PIECE + _HEAD + _ENTRY))
            for at in range(len(filler)):
                filler[at] = bytearray(_PIECE)
        return self._loaded[name]

    def _import(self, name):
        path = sys.path[:]
        sys.modules.update(self._ours)
        vfs.mount(vfs.VfsPosix("."), "/late")
        sys.path[:] = ["/late"]
        try:
            return __import__(name)
        finally:
            sys.path[:] = path
            vfs.umount("/late")
            for ours in [name, "ask"] + list(self._ours):
                self.hide(ours)


class _OneWireModule:
    """Stands for the `onewire` module until somebody takes something out of it."""

    def __getattr__(self, name):
        return getattr(late.load("one_wire"), name)


def _forget_ourselves():
    late.hide("launch")
    for name in ("backplane", "frames", "outside", "dates", "uart", "virtual_backplane"):
        late.hide(name)
    sys.modules["onewire"] = _OneWireModule()
    sys.path[:] = ["", ".frozen", "/lib"]
    share = int(sys.argv[6])
    sys.argv[:] = []
    return share


def _fill_tables():
    """Name things until the interpreter has made the table that the firmware's names go into.

    Each table has twice the room of the one before: here the emulation's names fill the small ones.
    """
    number = grown = 0
    while grown < _TABLE_BYTES:
        number += 1
        name = "x%d" % number
        before = gc.mem_alloc()
        hasattr(gc, name)
        grown = gc.mem_alloc() - before


def _run(path):
    """Run a file of the firmware if it is there; False if it failed, and the error is shown."""
    try:
        os.stat(path)
    except OSError:
        return True
    try:
        with open(path) as file:
            code = compile(file.read(), path, "exec")
        exec(code, program)
    except SystemExit:
        _soft_reset(False)
        return False
    except BaseException as error:
        # This port is interrupted anywhere, in a collection too, which then leaves the heap locked.
        gc.collect()
        sys.print_exception(error)
        return False
    return True


def _run_files():
    """From now on Ctrl-C is an exception, up to the prompt."""
    try:
        bus.post(frames.BOOT, 0, struct.pack(frames.BOOTED_FORMAT, cost, gc.mem_alloc()))
        if _run("/boot.py") and not is_raw:
            _run("/main.py")
    except KeyboardInterrupt as error:
        sys.print_exception(error)


def _end_interrupts():
    """From now on Ctrl-C is a byte."""
    gc.collect()  # one that came in a collection has left the heap locked
    if is_real:
        micropython.kbd_intr(-1)


def _do(step):
    """Take a step that Ctrl-C may end, also one that comes while another is told."""
    try:
        step()
        return True
    except KeyboardInterrupt:
        return False


def _soft_reset(is_raw):
    if is_real:
        micropython.kbd_intr(-1)
        print("MPY: soft reboot", end="\r\n")
    bus.post(frames.RESET, _SOFT_RESET, b"\1" if is_raw else b"")


banner = []
is_real = sys.argv[3] == "real"
bus, late, is_raw = _boot()
program = {"__name__": "__main__"}
share = _forget_ourselves()
_fill_tables()
gc.collect()
cost = gc.mem_alloc()
filled = max(0, share - cost) + _CHIP_TABLES
filler = bytearray(filled)
_do(_run_files)
while not _do(_end_interrupts):
    pass
bus.post(frames.END, 0)
if is_real:
    _soft_reset(late.load("repl").serve(program, banner[0], is_raw))
while True:
    bus.pause(1000000)
