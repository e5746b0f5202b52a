"""The SHT3x; and what holds for every sensor: bad while it does not answer."""

from fake_i2c import Port, both, device, read

from limen.core.quality import BAD, GOOD
from limen.drivers import (
    sht3x,
)


def test_sht3x_checksum():
    assert sht3x.crc8(b"\xbe\xef", 0, 2) == 0x92  # data sheet, table 20
    assert sht3x.word(b"\x00\xbe\xef\x92", 1) == 0xBEEF
    assert sht3x.word(b"\x00\xbe\xef\x93", 1) is None


def sht3x_answer(temperature, humidity):
    data = b""
    for raw in (temperature, humidity):
        word = bytes((raw >> 8, raw & 0xFF))
        data += word + bytes((sht3x.crc8(word, 0, 2),))
    return data


def test_sht3x_reads():
    port = Port(answer=sht3x_answer(0x6666, 0x8000))
    one = device("sht3x", port, both("temperature", "humidity"))
    assert read(one) == [(2500, GOOD), (5000, GOOD)]
    assert port.written == [b"\x24\x00"]
    port.answer = sht3x_answer(1872, 65535)
    assert read(one) == [(-4000, GOOD), (10000, GOOD)]
    assert one.bus.counters() == {"ok": 2, "no_answer": 0, "bad_data": 0}


def test_sht3x_out_of_its_range_or_with_a_wrong_checksum():
    port = Port(answer=sht3x_answer(1871, 0))
    one = device("sht3x", port, both("temperature", "humidity"))
    assert read(one) == [(None, BAD), (0, GOOD)]
    port.answer = b"\x66\x66\x00" + sht3x_answer(0, 0x8000)[3:]
    assert read(one) == [(None, BAD), (5000, GOOD)]
    port.answer = bytes(6)
    assert read(one) == [(None, BAD), (None, BAD)]
    assert one.bus.counters() == {"ok": 2, "no_answer": 0, "bad_data": 1}


def test_a_sensor_that_does_not_answer_is_bad_until_it_does():
    port = Port(answer=sht3x_answer(0x6666, 0x8000))
    one = device("sht3x", port, both("temperature"))
    port.dead = True
    assert read(one) == [(None, BAD)]
    port.dead = False
    assert read(one) == [(2500, GOOD)]
    assert one.bus.counters() == {"ok": 1, "no_answer": 1, "bad_data": 0}


def test_only_fresh_channels_change():
    one = device("sht3x", Port(answer=sht3x_answer(0x6666, 0)), both("temperature", "humidity"))
    one.channels[1].fresh = False
    assert read(one) == [(2500, GOOD), (-1, -1)]
