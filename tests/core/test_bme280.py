"""The BME280, by the arithmetic of its data sheet."""

from fake_i2c import Channel, Port, both, device, read

from limen.core.quality import BAD, GOOD
from limen.drivers import (
    bme280,
)

COMMON = bytes.fromhex("706b436718fc7d8e43d6d00b270b8c00f9ff8c3cf8c67017004b")
HUMIDITY = bytes.fromhex("6a01001329031e")
TRIM = bme280.trimming(COMMON, HUMIDITY)
RAW = bytes((415148 >> 12, 415148 >> 4 & 0xFF, (415148 & 15) << 4)) + bytes(
    (519888 >> 12, 519888 >> 4 & 0xFF, (519888 & 15) << 4)
)


def test_bme280_trimming_values():
    assert TRIM[:3] == (27504, 26435, -1000)
    assert TRIM[3:12] == (36477, -10685, 3024, 2855, 140, -7, 15500, -14600, 6000)
    assert TRIM[12:] == (75, 362, 0, 0x139, 0x032, 30)
    negative = bme280.trimming(COMMON, bytes.fromhex("6aff00ff2f80e2"))
    assert negative[13:] == (-150, 0, -1, -2046, -30)


def test_bme280_compensation_of_the_data_sheet():
    fine = bme280.fine_temperature(TRIM, 519888)
    assert fine == 128422
    assert fine * 5 + 128 >> 8 == 2508
    # 100653.25 Pa; the data sheet prints 25767236, 0.01 Pa more, which is its formula in doubles.
    assert bme280.compensate_pressure(TRIM, fine, 415148) == 25767233


def test_bme280_cold():
    fine = bme280.fine_temperature(TRIM, 386000)
    assert fine * 5 + 128 >> 8 == -1707  # -17.0704 °C in doubles


def bme280_port():
    return Port({0xD0: b"\x60", 0x88: COMMON, 0xE1: HUMIDITY, 0xF3: b"\0", 0xF7: RAW + b"\x6e\x80"})


def test_bme280_reads():
    port = bme280_port()
    channels = [Channel("temperature"), Channel("pressure_air", 4), Channel("humidity")]
    one = device("bme280", port, channels)
    (celsius, pascal, percent), qualities = zip(*read(one))
    assert qualities == (GOOD, GOOD, GOOD)
    assert (celsius, pascal) == (2508, 10065325)
    assert percent == 4546  # 45.466 % by the formula in doubles
    assert port.written == [(0xF2, b"\x01"), (0xF4, b"\x25")]


def test_bme280_skipped_measurements_have_no_value():
    port = bme280_port()
    channels = both("temperature", "pressure_air", "humidity")
    one = device("bme280", port, channels)
    port.registers[0xF7] = b"\x80\x00\x00" + RAW[3:] + b"\x80\x00"
    assert [quality for _, quality in read(one)] == [GOOD, BAD, BAD]
    port.registers[0xF7] = RAW[:3] + b"\x80\x00\x00" + b"\x6e\x80"
    assert [quality for _, quality in read(one)] == [BAD, BAD, BAD]


def test_bme280_is_told_by_its_identity_and_set_up_again_after_a_failure():
    port = bme280_port()
    one = device("bme280", port, both("temperature"))
    port.registers[0xD0] = b"\x58"
    assert read(one) == [(None, BAD)]
    assert one.bus.bad_data == 1
    port.registers[0xD0] = b"\x60"
    assert read(one) == [(2508, GOOD)]
    assert read(one) == [(2508, GOOD)]
    assert port.written.count((0xF2, b"\x01")) == 1
    port.dead = True
    read(one)
    port.dead = False
    read(one)
    assert port.written.count((0xF2, b"\x01")) == 2


def test_bme280_that_never_ends_measuring_is_bad():
    port = bme280_port()
    port.registers[0xF3] = b"\x08"
    assert read(device("bme280", port, both("temperature"))) == [(None, BAD)]
