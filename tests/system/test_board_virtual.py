"""The emulated board in virtual time: programs, time, resets and what ends them."""

import os
import signal
import time

import pytest

from small_board import VirtualRun


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


def test_asyncio_events_and_timeouts(tmp_path):
    program = """
import asyncio

async def waiter(event, log):
    try:
        await asyncio.wait_for_ms(event.wait(), 50)
    except asyncio.TimeoutError:
        log.append("timeout")
    await event.wait()
    log.append("set")

async def main():
    log = []
    event = asyncio.Event()
    task = asyncio.create_task(waiter(event, log))
    await asyncio.sleep_ms(100)
    event.set()
    await task
    print(log)

asyncio.run(main())
"""
    with VirtualRun(tmp_path, program) as run:
        assert run.run_for(5) == ["['timeout', 'set']"]


def test_asyncio_cancelling(tmp_path):
    program = """
import asyncio

async def endless():
    try:
        await asyncio.sleep(100000)
    except asyncio.CancelledError:
        print("cancelled")
        raise

async def main():
    task = asyncio.create_task(endless())
    await asyncio.sleep_ms(100)
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        print("seen")

asyncio.run(main())
"""
    with VirtualRun(tmp_path, program) as run:
        assert run.run_for(5) == ["cancelled", "seen"]


def test_asyncio_gathering_and_locks(tmp_path):
    program = """
import asyncio

async def fails():
    raise ValueError("told")

async def succeeds():
    return 5

async def main():
    print(await asyncio.gather(fails(), succeeds(), return_exceptions=True))
    lock = asyncio.Lock()
    async with lock:
        print(lock.locked())

asyncio.run(main())
"""
    with VirtualRun(tmp_path, program) as run:
        assert run.run_for(5) == ["[ValueError('told',), 5]", "True"]


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
        process = run.board._run.process._popen
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
