"""The MCP9600 and its thermocouple."""

from fake_i2c import Port, both, device, read

from limen.core.quality import BAD, GOOD
from limen.drivers import (
    mcp9600,
)


def mcp9600_port(hot, cold=b"\x01\x90", status=b"\x40"):
    return Port({0x20: b"\x40\x14", 0x00: hot, 0x02: cold, 0x04: status, 0x05: b"\x10"})


def mcp9600_of(port):
    names = both("temperature", "temperature_cold_junction")
    for channel in names:
        channel.places = 4
    return device("mcp9600", port, names, address=0x60, thermocouple=1)


def test_mcp9600_temperatures():
    # Data sheet DS20005426, equation 5-1: upper * 16 + lower / 16, and less 4096 below zero.
    assert mcp9600.sixteenths(b"\x64\x00") == 1600 * 16
    assert mcp9600.sixteenths(b"\x01\x91") == 401  # 25.0625 °C
    assert mcp9600.sixteenths(b"\xfe\x6f") == -401
    assert mcp9600.sixteenths(b"\xf3\x80") == -200 * 16
    port = mcp9600_port(b"\xfe\x6f")
    assert read(mcp9600_of(port)) == [(-250625, GOOD), (250000, GOOD)]
    assert port.written == [(0x05, b"\x10")]


def test_mcp9600_with_an_open_thermocouple():
    port = mcp9600_port(b"\x01\x91", status=b"\x50")
    assert read(mcp9600_of(port)) == [(None, BAD), (250000, GOOD)]
    port = mcp9600_port(b"\x01\x91", status=b"\x20")
    assert read(mcp9600_of(port))[0] == (None, BAD)


def test_mcp9600_that_has_lost_its_setting_is_not_believed():
    port = mcp9600_port(b"\x01\x91")
    one = mcp9600_of(port)
    assert read(one)[0] == (250625, GOOD)
    port.registers[0x05] = b"\x00"
    assert read(one)[0] == (None, BAD)
    assert port.written == [(0x05, b"\x10")] * 2
    port.registers[0x20] = b"\x21\x00"
    assert read(mcp9600_of(port)) == [(None, BAD)] * 2
