"""The emulated board in real time: the same programs over a terminal and real sockets."""

import asyncio
import os
import subprocess
import sys
import time

from host_tools.emulation.lan import Lan
from host_tools.emulation.line import Framing, Line
from host_tools.paths import PROJECT
from small_board import JOIN, flash_with, run_real


def line_that_answers(scheduler):
    """What is heard up to a full stop comes back in capitals."""
    line = Line(scheduler)
    heard = bytearray()

    def receive(data):
        heard.extend(data)
        if data.endswith(b"."):
            port.send(heard.upper())
            heard.clear()

    port = line.port(Framing(19200, parity="E"), receive)
    return {"lines": {1: line}}


def test_a_uart_over_a_terminal(tmp_path):
    program = """
import asyncio, machine, time
uart = machine.UART(1, baudrate=19200, parity=0, txbuf=512, rxbuf=32)

async def main():
    reader = asyncio.StreamReader(uart)
    uart.write(b"a.")
    print(await reader.readexactly(2))
    uart.write(b"12345678" * 6 + b".")
    print(uart.txdone())
    uart.flush()
    print(uart.txdone())
    await asyncio.sleep(1)
    print(uart.any(), uart.read(), uart.read(1))

asyncio.run(main())
"""
    lines = run_real(tmp_path, program, "32 b'12345678123456781234567812345678' None",
                     prepare=line_that_answers)  # fmt: skip
    assert lines[:3] == ["b'A.'", "False", "True"]


def test_tcp_to_a_name_of_the_lan(tmp_path):
    program = (
        JOIN
        + """
import asyncio, socket

async def main():
    reader, writer = await asyncio.open_connection("echo.local", 1883)
    writer.write(b"hello")
    await writer.drain()
    print(await reader.readexactly(5))
    try:
        socket.getaddrinfo("nobody.local", 1883)
    except OSError as error:
        print(error.errno)
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.settimeout(5)
    s.sendto(b"abc", socket.getaddrinfo("time.local", 123, 0, socket.SOCK_DGRAM)[0][-1])
    print(s.recvfrom(10)[0])
    wlan.disconnect()
    print(wlan.isconnected())
    try:
        socket.getaddrinfo("echo.local", 1883)
    except OSError as error:
        print("no network", error.errno)

asyncio.run(main())
"""
    )
    lans = []

    def prepare(scheduler):
        lans.append(Lan(scheduler))
        lans[0].answer("time.local", 123, lambda data: data[::-1])
        return {"lan": lans[0]}

    async def world(board):
        server = await asyncio.start_server(echo, "127.0.0.1", 0)
        lans[0].name("echo.local", 1883, server.sockets[0].getsockname()[1])
        async with server:
            while board.boots == 0 or "no network -2" not in board.last_lines():
                await asyncio.sleep(0.02)
        lans[0].close()

    lines = run_real(tmp_path, program, "no network -2", prepare, world)
    assert lines[:4] == ["b'hello'", "-2", "b'cba'", "False"]


async def echo(reader, writer):
    while data := await reader.read(100):
        writer.write(data)
    writer.close()


CAUSES = """
import machine, time
rtc = machine.RTC()
print(machine.reset_cause(), rtc.memory(), rtc.datetime()[0])
if machine.reset_cause() == machine.PWRON_RESET:
    rtc.memory(b"kept")
    rtc.datetime((2033, 6, 30, 0, 12, 0, 0, 0))
    machine.reset()
if machine.reset_cause() == machine.HARD_RESET:
    machine.WDT(timeout=300)
    while True:
        pass
"""


def test_reset_causes_and_what_survives(tmp_path):
    lines = run_real(tmp_path, CAUSES, "3 b'kept' 2033")
    assert lines[:2] == ["1 b'' 2000", "2 b'kept' 2033"]


def test_power_cut_and_start(tmp_path):
    program = """
import esp32
nvs = esp32.NVS("limen")
try:
    print(nvs.get_i32("boots"))
except OSError:
    nvs.set_i32("boots", 1)
    print("first")
while True:
    pass
"""

    async def world(board):
        while board.boots == 0 or "first" not in board.last_lines():
            await asyncio.sleep(0.02)
        process = board._run.process._popen.pid
        board.power_cut()
        assert not os.path.exists(f"/proc/{process}")
        board.start()

    assert run_real(tmp_path, program, "1", world=world) == ["first", "1"]


def test_the_heap_that_the_emulation_takes_is_known(tmp_path):
    costs = []

    async def world(board):
        while not board.emulation_heap_bytes:
            await asyncio.sleep(0.02)
        costs.extend((board.modules_heap_bytes, board.emulation_heap_bytes))

    program = "import gc\ngc.collect()\nprint(gc.mem_free() // 1024 in (105, 104, 103))"
    assert run_real(tmp_path, program, "True", world=world) == ["True"]
    assert 0 < costs[0] < costs[1] < 59 * 1024


ORPHAN = """
import asyncio, sys
from host_tools.emulation.board import Board
from host_tools.emulation.scheduler import RealScheduler

async def main():
    board = Board(RealScheduler(), sys.argv[1], on_console=lambda line: print(line, flush=True))
    board.start()
    await asyncio.sleep(0.05)
    print("pid", board._run.process._popen.pid, flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


def test_no_board_outlives_the_world(tmp_path):
    flash = flash_with(tmp_path, "while True: pass")
    world = subprocess.Popen(
        [sys.executable, "-c", ORPHAN, str(flash)], stdout=subprocess.PIPE, text=True, cwd=PROJECT
    )
    pid = int(world.stdout.readline().split()[1])
    assert os.path.exists(f"/proc/{pid}")
    world.kill()
    world.wait()
    assert world.stdout.read() == ""
    assert ended(pid)


def ended(pid: int) -> bool:
    """Wait until a process is gone, or dead and not yet collected."""
    for _ in range(200):
        try:
            with open(f"/proc/{pid}/stat") as stat:
                if stat.read().rpartition(")")[2].split()[0] == "Z":
                    return True
        except FileNotFoundError:
            return True
        time.sleep(0.05)
    return False
