"""Numbers that other people's Modbus servers hold, read by the firmware's drivers, each exactly."""

import asyncio
import contextlib
import random
import socket

import pytest
from pymodbus import FramerType
from pymodbus.simulator import DataType, SimData, SimDevice

from host_tools import interpreter
from host_tools.emulation.line import Framing, Line, PtyPort
from host_tools.emulation.scheduler import RealScheduler
from modbus_peers import (
    Libmodbus,
    Numbers,
    find_libmodbus,
    read_by_board,
    serial_server,
    serving,
    tcp_server,
)

pytestmark = pytest.mark.skipif(not interpreter.find_or_none(), reason="needs MicroPython")

COUNT = 10_000
BAUD = 115200


@pytest.fixture
def unused_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def behind_a_connection(kind, port):
    return {"id": "peer", "kind": kind, "host": "127.0.0.1", "port": port, "timeout_ms": 2000}


@pytest.mark.parametrize(
    ("kind", "framer"), [("modbus-tcp", FramerType.SOCKET), ("modbus-rtu-tcp", FramerType.RTU)]
)
def test_pymodbus_behind_a_connection(tmp_path, kind, framer):
    numbers = Numbers(COUNT)

    async def run():
        async with serving(tcp_server(numbers.simulated(), framer)) as server:
            port = server.transport.sockets[0].getsockname()[1]
            order = {"bus": behind_a_connection(kind, port), "blocks": numbers.blocks}
            return await read_by_board(tmp_path, order)

    lines = asyncio.run(run())
    assert_read(numbers, lines)
    assert lines[-1]["connections"] == 1


def test_bits_of_pymodbus(tmp_path):
    dice = random.Random(5)
    counts = {1: 1600, 2: 800}
    kinds = {f: [dice.random() < 0.5 for _ in range(count)] for f, count in counts.items()}
    bits = [[SimData(0, values=values, datatype=DataType.BITS)] for values in kinds.values()]
    words = [SimData(0, values=[0], datatype=DataType.REGISTERS)]
    device = SimDevice(1, (*bits, words, words))
    blocks = [[function, 0, len(kinds[function]), "bit", "ABCD", 1, 1] for function in kinds]

    async def run():
        async with serving(tcp_server(device)) as server:
            port = server.transport.sockets[0].getsockname()[1]
            order = {"bus": behind_a_connection("modbus-tcp", port), "blocks": blocks}
            return await read_by_board(tmp_path, order)

    *read, _ = asyncio.run(run())
    assert read == [[int(bit) for bit in values] for values in kinds.values()]


RESULTS = ("ok", "timeout", "exception", "bad_crc", "short", "garbage", "overlong")


def assert_read(numbers, lines):
    """All numbers are right, and nothing was asked twice."""
    *counts, counters = lines
    assert counts == numbers.expected
    assert counters["ok"] == sum(counters[name] for name in counters if name in RESULTS)


async def read_on_a_line(folder, numbers, serve):
    """Read over an emulated line, at whose other end `serve(terminal)` runs."""
    line = Line(RealScheduler())
    port = PtyPort(line, Framing(BAUD))
    pins = {"uart": 1, "tx": 22, "rx": 21, "de": None, "high": []}
    framing = {"baud": BAUD, "bits": 8, "parity": None, "stop": 1, "timeout_ms": 1000}
    bus = {"id": "line", "kind": "modbus-rtu"} | pins | framing
    async with serve(port.path):
        order = {"bus": bus, "blocks": numbers.blocks}
        return await read_by_board(folder, order, lines={1: line})


def test_pymodbus_on_a_line(tmp_path):
    numbers = Numbers(COUNT)

    def serve(path):
        return serving(serial_server(numbers.simulated(), path, BAUD))

    assert_read(numbers, asyncio.run(read_on_a_line(tmp_path, numbers, serve)))


@pytest.fixture
def libmodbus():
    library = find_libmodbus()
    if not library:
        pytest.skip("libmodbus is not installed, and apt offers none")
    numbers = Numbers(COUNT, ("ABCD", "BADC", "CDAB", "DCBA"), ("f32",))
    return numbers, Libmodbus(library, numbers)


def test_libmodbus_behind_a_connection(tmp_path, libmodbus, unused_port):
    numbers, server = libmodbus
    order = {"bus": behind_a_connection("modbus-tcp", unused_port), "blocks": numbers.blocks}
    with server.over_tcp(unused_port):
        assert_read(numbers, asyncio.run(read_by_board(tmp_path, order)))


def test_libmodbus_on_a_line(tmp_path, libmodbus):
    numbers, server = libmodbus

    @contextlib.asynccontextmanager
    async def serve(path):
        with server.on_terminal(path, BAUD):
            yield

    assert_read(numbers, asyncio.run(read_on_a_line(tmp_path, numbers, serve)))
