"""The emulated board's pins: parts on I2C, SPI and 1-Wire, converters, counters, edges."""

from fractions import Fraction

from host_tools.emulation.parts import Nack
from host_tools.emulation.parts.adxl345 import Adxl345
from host_tools.emulation.parts.ds18b20 import Ds18b20, OneWireLine
from host_tools.emulation.parts.sht3x import Sht3x
from small_board import VirtualRun, run_real

I2C = """
import machine, time
i2c = machine.I2C(0, scl=machine.Pin(22), sda=machine.Pin(21), freq=100000)
print(i2c.scan())
try:
    i2c.writeto(0x45, b"\\x24\\x00")
except OSError as error:
    print(error)
began = time.ticks_us()
i2c.writeto(0x44, b"\\x24\\x00")
print(time.ticks_diff(time.ticks_us(), began) // 10)
try:
    i2c.readfrom(0x44, 6)
except OSError as error:
    print(error)
time.sleep_ms(15)
answer = bytearray(6)
i2c.readfrom_into(0x44, answer)
print(answer[:2] == b"\\x66\\x66", answer[3:5])
print("done")
"""
I2C_SAYS = ["[68]", "[Errno 19] ENODEV", "29", "[Errno 19] ENODEV"]
I2C_SAYS += ["True bytearray(b'\\x80\\x00')", "done"]


def test_an_i2c_part_answers_when_it_has_measured(tmp_path):
    with VirtualRun(tmp_path, I2C) as run:
        part = Sht3x(run.scheduler, temperature=25, humidity=Fraction(32768 * 100, 65535))
        run.board.peripherals.i2c[0] = {0x44: part}
        assert run.run_for(2) == I2C_SAYS


def test_an_i2c_part_in_real_time(tmp_path):
    def prepare(scheduler):
        run_real.part = Sht3x(scheduler, 25, Fraction(32768 * 100, 65535))
        return {}

    async def world(board):
        board.peripherals.i2c[0] = {0x44: run_real.part}

    lines = run_real(tmp_path, I2C, "done", prepare, world)
    assert lines[:2] + lines[3:] == I2C_SAYS[:2] + I2C_SAYS[3:]


def test_a_bus_without_parts_does_not_answer(tmp_path):
    program = """
import machine
i2c = machine.I2C(1, scl=machine.Pin(22), sda=machine.Pin(21))
print(i2c.scan())
i2c.readfrom(0x44, 1)
"""
    with VirtualRun(tmp_path, program) as run:
        lines = run.run_for(2)
        assert (lines[0], lines[-1]) == ("[]", "OSError: [Errno 19] ENODEV")


def test_parts_on_spi_are_selected_by_their_pins(tmp_path):
    program = """
import machine
spi = machine.SPI(1, baudrate=5000000, polarity=1, phase=1)
chips = [machine.Pin(pin, machine.Pin.OUT, value=1) for pin in (5, 13, 14)]
for cs in chips:
    cs.value(0)
    spi.write(b"\\x80")
    print(spi.read(1))
    cs.value(1)
chips[0].value(0)
spi.write(b"\\x6c\\x0c")
chips[0].value(1)
for cs in chips:
    answer = bytearray(2)
    cs.value(0)
    spi.write_readinto(b"\\xac\\x00", answer)
    cs.value(1)
    print(answer)
"""
    with VirtualRun(tmp_path, program) as run:
        parts = {5: Adxl345(run.scheduler), 13: Adxl345(run.scheduler)}
        run.board.peripherals.spi[1] = parts
        assert run.run_for(2) == [
            "b'\\xe5'",
            "b'\\xe5'",
            "b'\\x00'",
            "bytearray(b'\\x00\\x0c')",
            "bytearray(b'\\x00\\n')",
            "bytearray(b'\\x00\\x00')",
        ]


def test_one_wire_finds_all_parts_and_reads_them(tmp_path):
    program = """
import machine, onewire, time
wire = onewire.OneWire(machine.Pin(4))
roms = wire.scan()
print(sorted([rom[1] for rom in roms]))
began = time.ticks_us()
wire.reset()
wire.writebyte(0xCC)
wire.writebyte(0x44)
print(time.ticks_diff(time.ticks_us(), began) // 100)
print(wire.readbit())
time.sleep_ms(750)
print(wire.readbit())
for rom in sorted(roms):
    wire.select_rom(rom)
    wire.writebyte(0xBE)
    data = bytearray(9)
    wire.readinto(data)
    print(data[:2])
"""
    with VirtualRun(tmp_path, program) as run:
        parts = [Ds18b20(run.scheduler, serial, 3 * serial) for serial in (1, 2, 5, 0x86)]
        run.board.peripherals.one_wire[4] = OneWireLine(*parts)
        assert run.run_for(3) == [
            "[1, 2, 5, 134]",
            "20",
            "0",
            "1",
            "bytearray(b'0\\x00')",
            "bytearray(b'`\\x00')",
            "bytearray(b'\\xf0\\x00')",
            "bytearray(b'\\xd0\\x07')",
        ]


def test_a_converter_measures_volts(tmp_path):
    program = """
import machine
adc = machine.ADC(machine.Pin(34), atten=machine.ADC.ATTN_11DB)
print(adc.read_uv())
for pin in (35, 1, 12):
    try:
        print(machine.ADC(machine.Pin(pin), atten=machine.ADC.ATTN_11DB).read_uv())
    except ValueError as error:
        print(error)
"""
    with VirtualRun(tmp_path, program) as run:
        run.board.peripherals.volts = {34: Fraction(12, 10), 35: lambda now_us: now_us, 1: 2}
        assert run.run_for(2) == ["1200000", "3160000", "2000000", "invalid pin"]


def test_a_counter_counts_while_the_program_sleeps(tmp_path):
    program = """
import esp32, machine, time
kind = esp32.PCNT
counter = kind(0, pin=machine.Pin(18, machine.Pin.IN), falling=kind.INCREMENT, max=32000)
counter.start()
print(counter.value())
time.sleep(1)
print(counter.value())
time.sleep(1)
print(counter.value())
"""
    with VirtualRun(tmp_path, program) as run:
        board = run.board
        board.peripherals.pulse(18, 99)
        run.scheduler.at(500_000, lambda: board.peripherals.pulse(18, 31990))
        for n in range(21):
            run.scheduler.at(1_500_000 + n * 1000, lambda n=n: board.set_pin(18, 1 - n % 2))
        assert run.run_for(4) == ["0", "31990", "0"]


def test_inputs_keep_their_level_over_a_restart_and_before_the_first_look(tmp_path):
    program = """
import machine, time
pin = machine.Pin(4, machine.Pin.IN, machine.Pin.PULL_UP)
other = machine.Pin(5, machine.Pin.IN, machine.Pin.PULL_UP)
print(pin.value(), other.value())
time.sleep(1)
machine.reset()
"""
    with VirtualRun(tmp_path, program) as run:
        run.board.set_pin(4, 0)
        assert run.run_for(3)[:2] == ["0 1", "0 1"]


def test_modules_loaded_late_do_not_take_the_firmware_s_heap(tmp_path):
    program = """
import gc, machine, sys
gc.collect()
before = gc.mem_free()
machine.I2C, machine.SPI, machine.ADC
gc.collect()
print(abs(gc.mem_free() - before) < 200)
print(sorted(name for name in sys.modules if name in ("ask", "frames", "backplane", "i2c")))
import os
print(os.listdir("/"))
"""
    with VirtualRun(tmp_path, program) as run:
        assert run.run_for(2) == ["True", "[]", "['boot.py', 'main.py']"]


def test_parts_do_not_acknowledge_what_they_do_not_know():
    class Now:
        now_us = 0

    part = Sht3x(Now())
    for data in (b"\x00\x00", b"\x24\x01"):
        try:
            part.write(data)
        except Nack:
            continue
        raise AssertionError(f"{data!r} is no command")
