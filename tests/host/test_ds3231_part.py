"""The emulated DS3231 against the tables of its data sheet."""

from datetime import datetime

import pytest

from host_tools.emulation.parts.ds3231 import Ds3231
from host_tools.emulation.scheduler import VirtualScheduler

SECOND_US = 1_000_000
REGISTERS = b"\x45\x48\x20\x06\x21\x11\x26"


@pytest.fixture
def part():
    return Ds3231(VirtualScheduler())


def read(part, register, size):
    part.write(bytes([register]))
    return part.read(size)


def test_new_from_the_works_its_oscillator_was_stopped(part):
    assert read(part, 0x0E, 2) == b"\x1c\x88"
    assert not part.is_trusted
    part.write(b"\x0f\x08")
    assert part.is_trusted
    part.write(b"\x0f\x88")
    assert part.is_trusted


def test_a_date_is_written_and_goes_on(part):
    part.write(b"\0" + REGISTERS)
    assert part.moment == datetime(2026, 11, 21, 20, 48, 45)
    assert read(part, 0, 7) == REGISTERS
    part.scheduler.run_until(15 * SECOND_US - 1)
    assert read(part, 0, 2) == b"\x59\x48"
    part.scheduler.run_until(15 * SECOND_US)
    assert read(part, 0, 2) == b"\x00\x49"


def test_a_second_begins_when_the_seconds_are_written(part):
    part.scheduler.run_until(700_000)
    part.write(b"\0" + REGISTERS)
    part.scheduler.run_until(700_000 + SECOND_US - 1)
    assert read(part, 0, 1) == b"\x45"
    part.scheduler.run_until(700_000 + SECOND_US)
    assert read(part, 0, 1) == b"\x46"


def test_hours_of_twelve(part):
    for hour, meant in ((0x52, 0), (0x41, 1), (0x72, 12), (0x71, 23)):
        part.write(b"\0\0\0" + bytes([hour]) + REGISTERS[3:])
        assert part.moment == datetime(2026, 11, 21, meant)


def test_a_crystal_that_is_too_fast():
    part = Ds3231(VirtualScheduler(), ppm=100)
    part.write(b"\0" + REGISTERS)
    part.scheduler.run_until(9999 * SECOND_US)
    assert (part.moment - datetime(2026, 11, 21, 20, 48, 45)).seconds == 9999
    part.scheduler.run_until(10_000 * SECOND_US)
    assert (part.moment - datetime(2026, 11, 21, 20, 48, 45)).seconds == 10_001
