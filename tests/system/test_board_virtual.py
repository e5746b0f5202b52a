"""The emulated board in virtual time: its clock, its ports, its network, its resets."""

import os
import signal
import time

import pytest

from host_tools.emulation.lan import Lan
from host_tools.emulation.line import Framing, Line
from host_tools.emulation.scheduler import VirtualScheduler
from small_board import VirtualRun

JOIN = """
import network, time
wlan = network.WLAN(network.STA_IF)
wlan.active(True)
wlan.connect("hall", "secret")
while not wlan.isconnected():
    time.sleep_ms(50)
"""


def test_boots_main_from_the_flash(tmp_path):
    program = "import sys, os\nprint(sys.path, os.listdir('/'))"
    with VirtualRun(tmp_path, program) as run:
        assert run.run_for(2) == ["['', '.frozen', '/lib'] ['boot.py', 'main.py']"]
        assert run.exits == run.lines


def test_an_uncaught_error_is_told_and_the_board_stays_at_the_prompt(tmp_path):
    with VirtualRun(tmp_path, "x = 1\nx.y") as run:
        run.run_for(60)
        assert run.exits[0].splitlines()[-2:] == [
            '  File "/main.py", line 2, in <module>',
            "AttributeError: 'int' object has no attribute 'y'",
        ]
        assert run.board.boots == 1


def test_ten_days_of_asyncio_across_the_wrap_of_ticks(tmp_path):
    program = """
import asyncio, time

async def beat(name, s, count):
    for _ in range(count):
        await asyncio.sleep(s)
    print(name, time.ticks_ms())

async def main():
    await asyncio.gather(beat("hours", 3600, 240), beat("minutes", 600, 6 * 240))

asyncio.run(main())
"""
    start_ms = 2**30 - 5 * 86_400_000
    with VirtualRun(tmp_path, program, ticks_ms=start_ms) as run:
        lines = run.run_for(10 * 86400 + 10)
        end_ms = (start_ms + 10 * 86_400_000) % 2**30
        for line, name in zip(lines, ("hours", "minutes"), strict=True):
            assert line.split()[0] == name
            assert 0 <= int(line.split()[1]) - end_ms < 1440 * 2


def test_asyncio_events_timeouts_and_cancelling(tmp_path):
    program = """
import asyncio, time

async def waiter(event, log):
    try:
        await asyncio.wait_for_ms(event.wait(), 50)
    except asyncio.TimeoutError:
        log.append("timeout")
    await event.wait()
    log.append("set")

async def endless():
    try:
        await asyncio.sleep(100000)
    except asyncio.CancelledError:
        print("cancelled")
        raise

async def fails():
    raise ValueError("told")

async def succeeds():
    return 5

async def main():
    log = []
    event = asyncio.Event()
    task = asyncio.create_task(waiter(event, log))
    other = asyncio.create_task(endless())
    await asyncio.sleep_ms(100)
    event.set()
    await task
    print(log)
    other.cancel()
    try:
        await other
    except asyncio.CancelledError:
        print("seen")
    print(await asyncio.gather(fails(), succeeds(), return_exceptions=True))
    lock = asyncio.Lock()
    async with lock:
        print(lock.locked())

asyncio.run(main())
"""
    with VirtualRun(tmp_path, program) as run:
        assert run.run_for(5) == [
            "['timeout', 'set']",
            "cancelled",
            "seen",
            "[ValueError('told',), 5]",
            "True",
        ]


def test_a_loop_that_only_reads_the_clock_gets_there(tmp_path):
    program = """
import time
began = time.ticks_us()
while time.ticks_diff(time.ticks_us(), began) < 2000:
    pass
time.sleep_us(500)
print(2500 <= time.ticks_diff(time.ticks_us(), began) < 2530)
"""
    with VirtualRun(tmp_path, program) as run:
        assert run.run_for(1) == ["True"]


NOISY = (
    JOIN
    + """
import machine, random, os, asyncio, socket

async def talk(n):
    reader, writer = await asyncio.open_connection("echo.local", 7)
    for _ in range(5):
        await asyncio.sleep_ms(random.randrange(100))
        writer.write(os.urandom(3 + n))
        await writer.drain()
        print(n, time.ticks_us(), await reader.read(50))

async def main():
    await asyncio.gather(*[talk(n) for n in range(4)])

asyncio.run(main())
"""
)


def transcript(folder, seed):
    folder.mkdir()
    scheduler = VirtualScheduler()
    lan = Lan(scheduler)
    lan.listen("echo.local", 7, echo)
    with VirtualRun(folder, NOISY, scheduler=scheduler, lan=lan, seed=seed) as run:
        return run.run_for(10)


def echo(connection):
    connection.on_data = connection.send


def test_the_same_seed_gives_the_same_run(tmp_path):
    first = transcript(tmp_path / "first", 7)
    assert len(first) == 20
    assert transcript(tmp_path / "again", 7) == first
    assert transcript(tmp_path / "other", 8) != first


SERIAL = """
import asyncio, machine, time

uart = machine.UART(1, baudrate=9600, parity=0, tx=22, rx=21, txbuf=512, rxbuf=256)

async def main():
    began = time.ticks_us()
    uart.write(b"12345678")
    print(uart.txdone())
    uart.flush()
    print(time.ticks_diff(time.ticks_us(), began) // 100)
    print(await asyncio.StreamReader(uart).read(100), uart.any(), uart.read(1))

asyncio.run(main())
"""


def line_that_answers(scheduler, answer, framing):
    line = Line(scheduler)
    port = line.port(framing, lambda data: port.send(answer(data)))
    return line


def test_a_uart_takes_the_time_of_its_bits(tmp_path):
    scheduler = VirtualScheduler()
    line = line_that_answers(scheduler, bytes.upper, Framing(9600, parity="E"))
    program = SERIAL.replace("12345678", "abcdefgh")
    with VirtualRun(tmp_path, program, scheduler=scheduler, lines={1: line}) as run:
        assert run.run_for(1) == ["False", "91", "b'ABCDEFGH' 0 None"]


def test_another_parity_makes_garbage(tmp_path):
    scheduler = VirtualScheduler()
    line = line_that_answers(scheduler, lambda _: b"abcdefgh", Framing(9600))
    with VirtualRun(tmp_path, SERIAL, scheduler=scheduler, lines={1: line}) as run:
        assert "abcdefgh" not in run.run_for(1)[2]


def test_a_full_rxbuf_drops_and_a_full_txbuf_blocks(tmp_path):
    program = """
import machine, time
uart = machine.UART(1, baudrate=9600, txbuf=128, rxbuf=32)
began = time.ticks_ms()
uart.write(bytes(700))
print(time.ticks_diff(time.ticks_ms(), began))
time.sleep(3)
print(uart.any(), uart.read())
"""
    scheduler = VirtualScheduler()
    line = line_that_answers(
        scheduler, lambda data: bytes(range(40)) if len(data) == 700 else b"", Framing(9600)
    )
    with VirtualRun(tmp_path, program, scheduler=scheduler, lines={1: line}) as run:
        blocked_ms, received = run.run_for(6)
        assert int(blocked_ms) == (700 - 128 - 128) * 10 * 1000 // 9600
        assert received == f"32 {bytes(range(32))}"


def test_the_driver_enable_pin_decides_what_reaches_the_line(tmp_path):
    program = """
import machine, time
de = machine.Pin(17, machine.Pin.OUT, value=0)
uart = machine.UART(1, 9600)
uart.write(b"lost")
uart.flush()
de.on()
uart.write(b"sent")
uart.flush()
de.off()
"""
    scheduler = VirtualScheduler()
    line = Line(scheduler)
    heard = []
    line.port(Framing(9600), heard.append)
    options = {"lines": {1: line}, "driver_enable": {17: 1}}
    with VirtualRun(tmp_path, program, scheduler=scheduler, **options) as run:
        run.run_for(1)
        assert heard == [b"sent"]
        assert run.board.pins == {17: 0}


def test_a_pin_changes_when_the_program_says_though_it_takes_no_turn_meanwhile(tmp_path):
    program = """
import machine, time

pin = machine.Pin(4, machine.Pin.OUT)
for level in (1, 0, 1):
    pin.value(level)
    began = time.ticks_us()
    while time.ticks_us() - began < 300:
        pass
time.sleep_ms(10)
"""
    with VirtualRun(tmp_path, program) as run:
        changes = []
        run.board.on_pin = lambda pin, level: changes.append((level, run.scheduler.now_us))
        run.run_for(1)
    *_, (up, up_us), (down, down_us), (again, again_us) = changes
    assert (up, down, again) == (1, 0, 1)
    assert 300 <= down_us - up_us <= 320
    assert 300 <= again_us - down_us <= 320


def test_an_input_pin_follows_the_world(tmp_path):
    program = """
import machine, time
pin = machine.Pin(4, machine.Pin.IN)
pin.irq(lambda p: print("irq", p.value()), machine.Pin.IRQ_RISING)
time.sleep(1)
print(pin.value())
"""
    with VirtualRun(tmp_path, program) as run:
        run.scheduler.at(800_000, lambda: run.board.set_pin(4, 1))
        assert run.run_for(2) == ["irq 1", "1"]


def network_run(folder, program, **servers):
    scheduler = VirtualScheduler()
    lan = Lan(scheduler)
    for name, accept in servers.items():
        lan.listen(f"{name}.local", 7, accept)
    lan.answer("time.local", 123, lambda data: data[::-1])
    return VirtualRun(folder, JOIN + program, scheduler=scheduler, lan=lan), lan


def test_tcp_waits_refuses_ends_and_resets(tmp_path):
    program = """
import errno, select, socket

def connect(name, port):
    s = socket.socket()
    s.setblocking(False)
    try:
        s.connect(socket.getaddrinfo(name, port)[0][-1])
    except OSError as error:
        print(errno.errorcode[error.errno])
    poller = select.poll()
    poller.register(s, select.POLLOUT)
    print([event for _, event in poller.poll(1000)])
    return s

s = connect("echo.local", 7)
print(s.read(10))
print(s.write(bytes(8000)), s.write(b"x"))
s.setblocking(True)
print(len(s.read(5744)), s.write(b"end"), s.read(3))
s = connect("echo.local", 8)
try:
    s.write(b"x")
except OSError as error:
    print(errno.errorcode[error.errno])
s = connect("closer.local", 7)
s.setblocking(True)
print(s.read(100), s.read(1))
s.write(b"x")
time.sleep(1)
try:
    s.read(1)
except OSError as error:
    print(errno.errorcode[error.errno])
"""

    def close(connection):
        connection.send(b"bye")
        connection.close()

    run, _ = network_run(tmp_path, program, echo=echo, closer=close)
    with run:
        assert run.run_for(5) == [
            "EINPROGRESS", "[4]", "None", "5744 None", "5744 3 b'end'",
            "EINPROGRESS", "[4]", "ECONNREFUSED",
            "EINPROGRESS", "[4]", "b'bye' b''", "ECONNRESET",
        ]  # fmt: skip


def test_udp_and_names(tmp_path):
    program = """
import socket
address = socket.getaddrinfo("time.local", 123, 0, socket.SOCK_DGRAM)[0][-1]
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(1)
s.sendto(b"abc", address)
print(s.recvfrom(10)[0])
try:
    socket.getaddrinfo("nobody.local", 1)
except OSError as error:
    print(error.errno)
"""
    run, _ = network_run(tmp_path, program)
    with run:
        assert run.run_for(5) == ["b'cba'", "-2"]


def test_tcp_outlives_a_short_cut_of_the_network(tmp_path):
    program = """
import socket
s = socket.socket()
s.connect(socket.getaddrinfo("echo.local", 7)[0][-1])
time.sleep(4)
s.write(b"late")
print(s.read(4), time.ticks_ms() > 10000)
"""
    run, lan = network_run(tmp_path, program, echo=echo)
    run.scheduler.at(3_000_000, lan.cut)
    run.scheduler.at(11_000_000, lan.restore)
    with run:
        assert run.run_for(12) == ["b'late' True"]


def test_wifi_comes_back_by_itself(tmp_path):
    program = """
for _ in range(3):
    print(wlan.isconnected(), wlan.status())
    time.sleep(2)
"""
    run, _ = network_run(tmp_path, program)
    with run:
        run.scheduler.at(2_500_000, lambda: run.board.wifi(False))
        run.scheduler.at(3_500_000, lambda: run.board.wifi(True))
        assert run.run_for(8) == ["True 1010", "False 1001", "True 1010"]


CAUSES = """
import machine, time
rtc = machine.RTC()
print(machine.reset_cause(), rtc.memory(), rtc.datetime()[0])
if machine.reset_cause() == machine.PWRON_RESET:
    rtc.memory(b"kept")
    rtc.datetime((2033, 12, 31, 0, 23, 59, 59, 0))
    machine.reset()
if machine.reset_cause() == machine.HARD_RESET:
    machine.WDT(timeout=2000)
    while True:
        time.sleep(1)
if machine.reset_cause() == machine.WDT_RESET:
    machine.soft_reset()
"""


def test_reset_causes_and_what_survives(tmp_path):
    with VirtualRun(tmp_path, CAUSES) as run:
        assert run.run_for(10) == [
            "1 b'' 2000",
            "2 b'kept' 2033",
            "3 b'kept' 2034",
            "5 b'kept' 2034",
        ]
        run.board.power_cut()
        assert not run.board.is_running
        run.run_for(1)
        run.board.start()
        assert run.run_for(1)[4:] == ["1 b'' 2000", "2 b'kept' 2033"]


def test_a_fed_watchdog_does_not_bite(tmp_path):
    program = """
import machine, time
dog = machine.WDT(timeout=1000)
for _ in range(10):
    time.sleep_ms(900)
    dog.feed()
print("ended")
"""
    with VirtualRun(tmp_path, program) as run:
        assert run.run_for(10) == ["ended"]
        assert run.board.boots == 1
        assert run.run_for(1) == ["ended"] and run.board.boots == 2


def test_a_program_that_takes_no_turn_is_bitten(tmp_path):
    program = """
import machine
print(machine.reset_cause())
if machine.reset_cause() == machine.PWRON_RESET:
    machine.WDT(timeout=1000)
    while True:
        pass
"""
    with VirtualRun(tmp_path, program, patience_s=0.3) as run:
        assert run.run_for(3) == ["1", "3"]


def test_nvs_and_files_survive_a_power_cut(tmp_path):
    program = """
import esp32
nvs = esp32.NVS("limen")
try:
    boots = nvs.get_i32("boots") + 1
except OSError as error:
    print(error)
    boots = 1
nvs.set_i32("boots", boots)
nvs.set_blob("name", b"press")
nvs.commit()
buffer = bytearray(8)
print(boots, nvs.get_blob("name", buffer), bytes(buffer))
nvs.erase_key("name")
try:
    nvs.get_blob("name", buffer)
except OSError as error:
    print(error.errno)
with open("/count", "a") as file:
    file.write("x")
with open("/count") as file:
    print(file.read())
"""
    with VirtualRun(tmp_path, program) as run:
        run.run_for(2)
        run.board.power_cut()
        run.board.start()
        assert run.run_for(2) == [
            "(-4354, 'ESP_ERR_NVS_NOT_FOUND')",
            "1 5 b'press\\x00\\x00\\x00'",
            "-4354",
            "x",
            "2 5 b'press\\x00\\x00\\x00'",
            "-4354",
            "xx",
        ]


def test_flash_is_a_partition_whose_wear_is_counted(tmp_path):
    program = """
import esp32
vfs = esp32.Partition.find(esp32.Partition.TYPE_DATA, label="vfs")[0]
print(vfs.info(), vfs.ioctl(4, 0), vfs.ioctl(5, 0))
last = vfs.ioctl(4, 0) - 1
vfs.ioctl(6, last)
vfs.writeblocks(last, b"\\xf0\\x0f", 100)
vfs.writeblocks(last, b"\\x33\\xff", 100)
buffer = bytearray(4)
vfs.readblocks(last, buffer, 99)
print(bytes(buffer))
try:
    vfs.readblocks(last + 1, buffer)
except OSError as error:
    print(error)
"""
    with VirtualRun(tmp_path, program, counts_flash=True) as run:
        assert run.run_for(1) == [
            "(1, 129, 2097152, 2097152, 'vfs', False) 512 4096",
            "b'\\xff0\\x0f\\xff'",
            "(-260, 'ESP_ERR_INVALID_SIZE')",
        ]
        assert run.board.erases == {1023: 1}
        assert run.board.programmed == {1023: 4}


LAST_BLOCK = """
import esp32, time
vfs = esp32.Partition.find(esp32.Partition.TYPE_DATA, label="vfs")[0]
last = vfs.ioctl(4, 0) - 1
held = bytearray(16)
"""


def test_flash_refuses_as_long_as_it_is_told_and_over_restarts(tmp_path):
    program = (
        LAST_BLOCK
        + """
while True:
    try:
        vfs.writeblocks(last, b"written", 0)
        print("took it")
    except OSError as error:
        print(error)
    time.sleep(10)
"""
    )
    with VirtualRun(tmp_path, program) as run:
        faults = run.board.flash_faults
        faults.refuse(True)
        run.run_for(5)
        run.board.power_cut()
        run.board.start()
        assert run.run_for(5) == ["[Errno 5] EIO"] * 2
        assert faults.refused == 1  # by the program that runs
        faults.refuse(False)
        assert run.run_for(10)[2:] == ["took it"]


def test_a_byte_of_a_worn_block_can_no_longer_be_erased(tmp_path):
    program = (
        LAST_BLOCK
        + """
time.sleep(1)
vfs.ioctl(6, last)
vfs.readblocks(last, held, 100)
print(bytes(held[:4]))
"""
    )
    with VirtualRun(tmp_path, program) as run:
        run.board.flash_faults.wear_out(0x400000 - 4096 + 102)
        assert run.run_for(2) == [r"b'\xff\xff\x00\xff'"]


@pytest.mark.parametrize(
    ("operations", "share", "left"),
    [
        (0, 128, r"b'\xff\xff\xff\xff' b'old!'"),  # half of the erase
        (1, 128, r"b'ne\xff\xff' b'\xff\xff\xff\xff'"),  # half of the write
        (2, 128, r"b'new!' b'\xff\xff\xff\xff'"),  # the next time: nothing of one byte
    ],
)
def test_the_power_fails_within_an_operation_of_the_flash(tmp_path, operations, share, left):
    program = (
        LAST_BLOCK
        + """
vfs.readblocks(last, held, 0)
begin = bytes(held[:4])
vfs.readblocks(last, held, 4000)
print(begin, bytes(held[:4]))
if begin == bytes([255]) * 4:
    vfs.writeblocks(last, b"old!", 0)
    vfs.writeblocks(last, b"old!", 4000)
    time.sleep(2)
    vfs.ioctl(6, last)
    vfs.writeblocks(last, b"new!", 0)
    vfs.writeblocks(last, b"?", 8)
    print("never")
"""
    )
    with VirtualRun(tmp_path, program) as run:
        torn = []
        run.board.flash_faults.on_torn = lambda: torn.append(run.scheduler.now_us)
        run.run_for(1)
        run.board.flash_faults.tear(operations, share)
        run.run_for(3)
        assert len(torn) == 1 and not run.board.is_running
        run.board.start()
        assert run.run_for(1)[1] == left


def test_the_clock_has_the_epoch_of_the_chip(tmp_path):
    program = """
import machine, time
print(time.gmtime(0)[:6], time.mktime((2034, 1, 9, 13, 37, 4, 0, 0)))
machine.RTC().datetime((2036, 2, 29, 0, 12, 30, 15, 250000))
time.sleep(1)
print(time.gmtime(), time.time() == time.mktime(time.gmtime()))
"""
    with VirtualRun(tmp_path, program) as run:
        assert run.run_for(3) == [
            "(2000, 1, 1, 0, 0, 0) 1073741824",
            "(2036, 2, 29, 12, 30, 16, 4, 60) True",
        ]


def test_the_heap_is_the_firmware_s_own(tmp_path):
    program = "import gc\ngc.collect()\nprint(gc.mem_free(), gc.mem_alloc())"
    with VirtualRun(tmp_path, program, heap=64 * 1024) as run:
        free, allocated = map(int, run.run_for(1)[0].split())
        board = run.board
        assert 58 * 1024 < free < 62 * 1024  # less its tables of names and of blocks
        assert 0 < allocated - board.emulation_heap_bytes < 1024
        assert 0 < board.modules_heap_bytes < board.emulation_heap_bytes < 91 * 1024


def test_an_interpreter_that_dies_is_told(tmp_path):
    with VirtualRun(tmp_path, "import time\nwhile True: time.sleep(1)") as run:
        run.run_for(2)
        process = run.board._link._process._popen
        os.kill(process.pid, signal.SIGKILL)
        run.run_for(2)
        assert run.exits == [""]
        assert not run.board.is_running


@pytest.mark.parametrize("rows", [2000])
def test_turns_are_cheap(tmp_path, rows, record_property):
    """No assertion on the time taken, which belongs to the machine: it is recorded."""
    program = f"""
import machine, time
for n in range({rows}):
    machine.RTC().memory(b"x")
    time.sleep_ms(1)
print("done")
"""
    with VirtualRun(tmp_path, program) as run:
        began = time.perf_counter()
        assert run.run_for(5) == ["done"]
        record_property("us_per_turn", (time.perf_counter() - began) / rows * 1e6)
