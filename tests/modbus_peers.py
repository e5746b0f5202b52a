"""Modbus servers by other people, with numbers that they have put into their registers."""

import asyncio
import contextlib
import ctypes
import ctypes.util
import json
import random
import struct
import subprocess
import threading
from fractions import Fraction
from pathlib import Path

from pymodbus import FramerType
from pymodbus.client.mixin import ModbusClientMixin
from pymodbus.server import ModbusSerialServer, ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from host_tools.bench.board import program_files
from host_tools.emulation.board import Board
from host_tools.emulation.flash_file import FlashFile
from host_tools.emulation.scheduler import RealScheduler
from host_tools.image import build_image
from host_tools.paths import BUILD

PROGRAM = Path(__file__).parent / "system/device/modbus_values"
READ_HOLDING = 3

_HEAP_BYTES = 400 * 1024
_PATIENCE_S = 120

_SCALES = {"f32": (1000, 1), "f64": (1000, 1), "u16": (1, 3), "s32": (10, 1)}
_STRUCT = {"u16": "H", "s16": "h", "u32": "I", "s32": "i", "u64": "Q", "s64": "q"}
_STRUCT |= {"f32": "f", "f64": "d"}
_DATA_TYPES = {
    "u16": DataType.UINT16,
    "s16": DataType.INT16,
    "u32": DataType.UINT32,
    "s32": DataType.INT32,
    "u64": DataType.UINT64,
    "s64": DataType.INT64,
    "f32": DataType.FLOAT32,
    "f64": DataType.FLOAT64,
}


def random_value(kind: str, dice: random.Random):
    """A number that the type can hold exactly, edges among them."""
    form = ">" + _STRUCT[kind]
    size = struct.calcsize(form)
    if kind[0] == "f":
        value = dice.uniform(-1, 1) * 10 ** dice.randint(-6, 20)
        return struct.unpack(form, struct.pack(form, value))[0]
    edges = [bytes(size), b"\xff" * size, b"\x80" + bytes(size - 1), b"\x7f" + b"\xff" * (size - 1)]
    data = dice.choice(edges) if dice.random() < 0.02 else dice.randbytes(size)
    return struct.unpack(form, data)[0]


def count_of(value, numerator: int, denominator: int) -> int:
    """The exact number of steps, to the nearest one, ties away from zero."""
    exact = Fraction(value) * numerator / denominator
    count = (2 * abs(exact.numerator) + exact.denominator) // (2 * exact.denominator)
    return -count if exact < 0 else count


class Numbers:
    """Random numbers of every kind, where they lie in the registers, and what is to be read."""

    def __init__(self, count: int, orders: tuple[str, ...] = ("ABCD", "CDAB"), kinds=_STRUCT):
        dice = random.Random(count)
        self.values: list[tuple[str, str, int, list]] = []
        self.blocks: list[list] = []
        self.expected: list[list[int]] = []
        at = 0
        each = count // (len(orders) * len(kinds))
        for kind in kinds:
            for order in orders:
                values = [random_value(kind, dice) for _ in range(each)]
                scale = _SCALES.get(kind, (1, 1))
                self.values.append((kind, order, at, values))
                self.blocks.append([READ_HOLDING, at, each, kind, order, *scale])
                self.expected.append([count_of(value, *scale) for value in values])
                at += each * struct.calcsize(_STRUCT[kind]) // 2

    def simulated(self) -> SimDevice:
        """A device of pymodbus with these numbers: put there by its own conversions."""
        registers = [SimData(*self._sim_data(*entry)) for entry in self.values]
        bits = [SimData(0, values=[False] * 16, datatype=DataType.BITS)]
        inputs = [SimData(0, values=[0], datatype=DataType.REGISTERS)]
        return SimDevice(1, (bits, bits, registers, inputs))

    def _sim_data(self, kind, order, at, values):
        data_type = _DATA_TYPES[kind]
        if order == "ABCD":
            return at, 1, values, data_type
        kind_of_client = ModbusClientMixin.DATATYPE[data_type.name]
        convert = ModbusClientMixin.convert_to_registers
        words = [word for v in values for word in convert(v, kind_of_client, "little")]
        return at, 1, words, DataType.REGISTERS


async def read_by_board(folder: Path, order: dict, **options) -> list:
    """What the program on an emulated board, in real time, reads from the peer; its lines."""
    files = program_files(str(PROGRAM)) | {"/order.json": json.dumps(order).encode()}
    flash = folder / "flash.bin"
    FlashFile.create(flash, build_image(files))
    lines: list[str] = []
    ended = asyncio.Event()

    def on_console(line: str) -> None:
        lines.append(line)
        if line == "done":
            ended.set()

    board = Board(
        RealScheduler(), flash, heap=_HEAP_BYTES, on_console=on_console,
        on_exit=lambda text: ended.set(), **options,
    )  # fmt: skip
    board.start()
    try:
        await asyncio.wait_for(ended.wait(), _PATIENCE_S)
    finally:
        board.stop()
    assert lines[-1] == "done", "\n".join(line[:200] for line in lines[-20:])
    return [json.loads(line) for line in lines[:-1]]


@contextlib.asynccontextmanager
async def serving(server):
    """A pymodbus server while it runs."""
    await server.serve_forever(background=True)
    try:
        yield server
    finally:
        await server.shutdown()


def tcp_server(device: SimDevice, framer: FramerType = FramerType.SOCKET) -> ModbusTcpServer:
    return ModbusTcpServer(device, framer=framer, address=("127.0.0.1", 0))


def serial_server(device: SimDevice, port: str, baud: int) -> ModbusSerialServer:
    return ModbusSerialServer(device, port=port, baudrate=baud, framer=FramerType.RTU)


def find_libmodbus() -> ctypes.CDLL | None:
    """The machine's own libmodbus, else Debian's, downloaded by apt; None where there is none."""
    installed = ctypes.util.find_library("modbus")
    if installed:
        return ctypes.CDLL(installed)
    folder = BUILD / "peers"
    found = sorted(folder.rglob("libmodbus.so.5")) or _download_libmodbus(folder)
    return ctypes.CDLL(str(found[0])) if found else None


def _download_libmodbus(folder: Path) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    try:
        subprocess.run(
            ["apt-get", "download", "libmodbus5"],
            cwd=folder, check=True, capture_output=True, timeout=60,
        )  # fmt: skip
        for package in folder.glob("libmodbus5_*.deb"):
            subprocess.run(["dpkg", "-x", package, folder], check=True, capture_output=True)
    except (OSError, subprocess.SubprocessError):
        return []
    return sorted(folder.rglob("libmodbus.so.5"))


class _Mapping(ctypes.Structure):
    """modbus_mapping_t of modbus.h: how many and from where, then the tables."""

    _fields_ = [
        (f"{what}_{kind}", ctypes.c_int)
        for kind in ("bits", "input_bits", "input_registers", "registers")
        for what in ("nb", "start")
    ] + [
        ("tab_bits", ctypes.POINTER(ctypes.c_uint8)),
        ("tab_input_bits", ctypes.POINTER(ctypes.c_uint8)),
        ("tab_input_registers", ctypes.POINTER(ctypes.c_uint16)),
        ("tab_registers", ctypes.POINTER(ctypes.c_uint16)),
    ]


_SET_FLOATS = [f"modbus_set_float_{order}" for order in ("abcd", "badc", "cdab", "dcba")]


class Libmodbus:
    """A server of libmodbus with floats that its own functions have put into its registers."""

    def __init__(self, library: ctypes.CDLL, numbers: Numbers):
        self._library = library
        for name in ("modbus_new_tcp", "modbus_new_rtu"):
            getattr(library, name).restype = ctypes.c_void_p
        library.modbus_mapping_new.restype = ctypes.POINTER(_Mapping)
        self._mapping = library.modbus_mapping_new(0, 0, 65536, 0)
        self._registers = self._mapping.contents.tab_registers
        writers = {self._order_on_the_wire(name): name for name in _SET_FLOATS}
        for kind, order, at, values in numbers.values:
            assert kind == "f32"
            for index, value in enumerate(values):
                self._put(writers[order], at + 2 * index, value)
        self._is_wanted = True

    def _put(self, name: str, at: int, value: float) -> None:
        put = getattr(self._library, name)
        put.argtypes = [ctypes.c_float, ctypes.c_void_p]
        put(value, ctypes.addressof(self._registers.contents) + 2 * at)

    def _order_on_the_wire(self, name: str) -> str:
        """Its versions differ in what their names mean; the high byte of a register goes first."""
        self._put(name, 0, 123456.0)
        wire = b"".join(self._registers[index].to_bytes(2, "big") for index in range(2))
        return "".join("ABCD"[b"\x47\xf1\x20\x00".index(byte)] for byte in wire)

    @contextlib.contextmanager
    def over_tcp(self, port: int):
        """Serve one connection."""
        context = ctypes.c_void_p(self._library.modbus_new_tcp(b"127.0.0.1", port))
        listener = self._library.modbus_tcp_listen(context, 1)
        accept = ctypes.byref(ctypes.c_int(listener))
        with self._serving(context, lambda: self._library.modbus_tcp_accept(context, accept)):
            yield

    @contextlib.contextmanager
    def on_terminal(self, path: str, baud: int):
        serial = (path.encode(), baud, ctypes.c_char(b"N"), 8, 1)
        context = ctypes.c_void_p(self._library.modbus_new_rtu(*serial))
        self._library.modbus_set_slave(context, 1)
        with self._serving(context, lambda: self._library.modbus_connect(context)):
            yield

    @contextlib.contextmanager
    def _serving(self, context, connect):
        self._library.modbus_set_indication_timeout(context, 0, 100_000)
        thread = threading.Thread(target=self._serve, args=(context, connect))
        thread.start()
        try:
            yield
        finally:
            self._is_wanted = False
            thread.join()

    def _serve(self, context, connect) -> None:
        query = (ctypes.c_uint8 * 260)()
        connect()
        while self._is_wanted:
            size = self._library.modbus_receive(context, query)
            if size > 0:
                self._library.modbus_reply(context, query, size, self._mapping)
