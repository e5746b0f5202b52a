"""Lines and pins of the emulated board in virtual time."""

from host_tools.emulation.line import Framing, Line
from host_tools.emulation.scheduler import VirtualScheduler
from small_board import VirtualRun

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
