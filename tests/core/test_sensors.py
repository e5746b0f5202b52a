"""Sensors: golden values of their data sheets, and what they do when a sensor fails."""

from limen import drivers
from limen.core.quality import BAD, GOOD, UNCERTAIN
from limen.drivers import (
    accelerometer,
    ads1115,
    bme280,
    ds18b20,
    mcp9600,
    onewire,
    sht3x,
)


class Clock:
    """Stands for `time` and `asyncio` in the drivers: time passes only in sleeps."""

    def __init__(self):
        self.ms = 5000

    def ticks_ms(self):
        return self.ms

    def ticks_diff(self, a, b):
        return a - b

    async def sleep_ms(self, ms):
        self.ms += ms


def new_clock():
    clock = Clock()
    for module in (accelerometer, ads1115, bme280, onewire, sht3x):
        module.asyncio = clock
    onewire.time = clock
    return clock


class Port:
    """An I2C port with one chip: `registers` as read, {register: bytes}; `written` in order."""

    def __init__(self, registers=None, answer=b""):
        new_clock()
        self.registers = registers or {}
        self.answer = answer
        self.written = []
        self.dead = False

    def _check(self):
        if self.dead:
            raise OSError(19)

    def writeto(self, address, data):
        self._check()
        self.written.append(bytes(data))

    def readfrom_into(self, address, buffer):
        self._check()
        buffer[:] = self.answer

    def writeto_mem(self, address, register, data):
        self._check()
        self.written.append((register, bytes(data)))

    def readfrom_mem_into(self, address, register, buffer):
        self._check()
        buffer[:] = self.registers[register][: len(buffer)]


class Channel:
    def __init__(self, name, places=2):
        self.name = name
        self.places = places
        self.fresh = True
        self.value = self.quality = -1

    def result(self):
        return self.value, self.quality


def run(coroutine):
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value
    raise AssertionError("the driver waited for something else than a sleep")


def device(driver, port, channels, kind="i2c", **settings):
    bus_class, device_class = drivers.load(kind, driver)
    bus = bus_class(port, {"id": "wires", "kind": kind})
    one = device_class(bus, dict({"address": 0x40}, **settings), channels)
    one.channels = channels
    return one


def read(one):
    run(one.read())
    return [channel.result() for channel in one.channels]


def both(*names):
    return [Channel(name) for name in names]


# SHT3x


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


# BME280: the trimming and raw values are those of Bosch's BMP280 data sheet, 3.12.

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


# ADS1115

LIMITS = (-40000, -40000, 40000, 40000)


def ads1115_of(word, config=b"\xc3\x83", mux=4, gain=1):
    """An input whose line is that of volts at the gain 1: 125 µV a count."""
    port = Port({0: word, 1: config})
    settings = {"mux": mux, "gain": gain, "line": (1250, 0, 1), "limits": LIMITS}
    return device("ads1115", port, [Channel("voltage_dc", 7)], **settings)


def voltage(one):
    run(one.read())
    return one.channels[0].result()


def test_ads1115_counts():
    # Data sheet, table 7-3: output codes for input signals, here at ±4.096 V.
    assert voltage(ads1115_of(b"\x00\x00")) == (0, GOOD)
    assert voltage(ads1115_of(b"\x00\x01")) == (1250, GOOD)
    assert voltage(ads1115_of(b"\xff\xff")) == (-1250, GOOD)
    assert voltage(ads1115_of(b"\x7f\xfe")) == (32766 * 1250, GOOD)
    assert voltage(ads1115_of(b"\x80\x01")) == (-32767 * 1250, GOOD)


def test_ads1115_at_the_end_of_its_range_has_no_value():
    assert voltage(ads1115_of(b"\x7f\xff")) == (None, BAD)
    assert voltage(ads1115_of(b"\x80\x00")) == (None, BAD)


def test_ads1115_starts_a_conversion_of_its_input():
    one = ads1115_of(b"\x00\x01", b"\xf7\x83", mux=7, gain=3)
    assert voltage(one) == (1250, GOOD)
    assert one.bus.port.written == [(1, b"\xf7\x83")]


def test_ads1115_that_is_busy_or_was_reset_has_no_value():
    assert voltage(ads1115_of(b"\x00\x01", b"\x43\x83")) == (None, BAD)
    one = ads1115_of(b"\x00\x01", b"\x85\x83")
    assert voltage(one) == (None, BAD)
    assert one.bus.counters() == {"ok": 0, "no_answer": 0, "bad_data": 1}
    one.bus.port.dead = True
    assert voltage(one) == (None, BAD)
    assert one.bus.no_answer == 1


# MCP9600


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


# DS18B20


def scratchpad(raw, config=0x7F):
    data = bytes((raw & 0xFF, raw >> 8 & 0xFF, 0x4B, 0x46, config, 0xFF, 0x0C, 0x10))
    return data + bytes((ds18b20.crc8(data),))


def test_ds18b20_table_of_the_data_sheet():
    golden = (
        (0x07D0, 125000),
        (0x0191, 25062),
        (0x00A2, 10125),
        (0x0008, 500),
        (0x0000, 0),
        (0xFFF8, -500),
        (0xFF5E, -10125),
        (0xFE6F, -25062),
        (0xFC90, -55000),
    )
    for raw, thousandths in golden:
        sixteenths = ds18b20.sixteenths(scratchpad(raw))
        assert sixteenths * 1000 // 16 in (thousandths, thousandths - 1)


def test_ds18b20_has_no_value_at_power_on_or_out_of_its_range():
    for raw in (0x0550, 0x07D1, 0xFC8F, 0x7FFF, 0x8000):
        assert ds18b20.sixteenths(scratchpad(raw)) is None


def test_ds18b20_bits_below_the_resolution_are_dropped():
    found = [ds18b20.sixteenths(scratchpad(0x0197, config)) for config in (0x1F, 0x3F, 0x5F, 0x7F)]
    assert found == [0x190, 0x194, 0x196, 0x197]
    assert ds18b20.sixteenths(scratchpad(0xFFF9, 0x1F)) == -8
    # 85.4 °C at 9 bits may be what is shown at power-on.
    assert ds18b20.sixteenths(scratchpad(0x0557, 0x1F)) is None


def test_ds18b20_checksum():
    # Analog Devices, application note 27: the ROM code 02 1C B8 01 00 00 00 has the CRC A2.
    assert ds18b20.crc8(b"\x02\x1c\xb8\x01\x00\x00\x00") == 0xA2
    assert ds18b20.is_whole(scratchpad(0x0191))
    assert not ds18b20.is_whole(scratchpad(0x0191)[:8] + b"\x00")
    assert not ds18b20.is_whole(bytes(9))
    assert not ds18b20.is_whole(b"\xff" * 9)


class OneWire:
    """A 1-Wire port; `pads` are the scratchpads by ROM, None that of whoever is there."""

    def __init__(self, pads):
        self.clock = new_clock()
        self.pads = pads
        self.commands = []
        self.rom = None

    def reset(self):
        return bool(self.pads)

    def writebyte(self, byte):
        self.commands.append(byte)
        if byte == 0xCC:
            self.rom = None

    def write(self, data):
        if self.commands[-1] == 0x55:
            self.rom = bytes(data)
        else:
            self.commands.append(bytes(data))

    def readinto(self, buffer):
        buffer[:] = self.pads.get(self.rom, b"\xff" * 9)


ROM = "28ff641e841605"


def ds18b20_of(port, rom=None, bits=12):
    return device("ds18b20", port, [Channel("temperature")], "onewire", rom=rom, bits=bits)


def test_ds18b20_reads():
    port = OneWire({None: scratchpad(0xFF5E)})
    one = ds18b20_of(port)
    assert read(one) == [(-1013, GOOD)]
    assert port.commands == [0xCC, 0xBE, 0xCC, 0x44, 0xCC, 0xBE]
    assert port.clock.ms == 5750


def test_ds18b20_sets_its_resolution():
    port = OneWire({None: scratchpad(0x00A2)})
    read(ds18b20_of(port, bits=10))
    assert port.commands[2:5] == [0xCC, 0x4E, b"\x4b\x46\x3f"]


def test_ds18b20_sensors_share_a_conversion():
    # The code 28 00 00 00 00 00 00 has the CRC 1E.
    rom, other = bytes.fromhex(ROM + "ee"), bytes.fromhex("28" + "00" * 6 + "1e")
    port = OneWire({rom: scratchpad(0x0191), other: scratchpad(0xFFF8)})
    ones = [ds18b20_of(port, text) for text in (ROM, "28" + "00" * 6)]
    ones[1].bus = ones[0].bus
    for conversions in (1, 2, 3):
        assert [read(one) for one in ones] == [[(2506, GOOD)], [(-50, GOOD)]]
        assert port.commands.count(0x44) == conversions
    port.clock.ms += 2000
    read(ones[1])
    assert port.commands.count(0x44) == 4


def test_ds18b20_that_is_absent_or_was_reset_is_bad():
    port = OneWire({})
    one = ds18b20_of(port)
    assert read(one) == [(None, BAD)]
    assert one.bus.no_answer == 1
    port.pads[None] = scratchpad(0x0550)
    assert read(one) == [(None, BAD)]
    port.pads[None] = scratchpad(0x0191)
    assert read(one) == [(2506, GOOD)]
    assert read(ds18b20_of(port, ROM)) == [(None, BAD)]


# Accelerometers


class Fifo(Port):
    """An accelerometer whose FIFO always holds a window; `samples` come again and again."""

    def __init__(self, registers, data, samples):
        super().__init__(registers)
        self.data = data
        self.samples = samples
        self.taken = 0

    def readfrom_mem_into(self, address, register, buffer):
        if register != self.data:
            return super().readfrom_mem_into(address, register, buffer)
        self._check()
        for at in range(0, len(buffer), 6):
            for axis in range(3):
                raw = self.samples[self.taken % len(self.samples)][axis]
                buffer[at + 2 * axis] = raw & 0xFF
                buffer[at + 2 * axis + 1] = raw >> 8 & 0xFF
            self.taken += 1


NAMES = (
    "acceleration_x",
    "acceleration_y",
    "acceleration_z",
    "vibration_acceleration_x",
    "vibration_acceleration_y",
    "vibration_acceleration_z",
    "vibration_acceleration",
    "vibration_acceleration_peak",
)


def accelerometer_of(driver, port, **settings):
    values = {"rate_hz": 400, "range_g": 16, "windows": 2}
    values.update(settings)
    return device(driver, port, [Channel(name, 4) for name in NAMES], **values)


def test_adxl345_reads_a_burst():
    port = Fifo({0x00: b"\xe5", 0x39: b"\x20"}, 0x32, [(256, -512, 3), (-256, -512, -3)])
    one = accelerometer_of("adxl345", port)
    values = read(one)
    assert [quality for _, quality in values] == [GOOD] * 8
    # 256 make 1 g = 9.80665 m/s².
    assert [value for value, _ in values] == [0, -196133, 0, 98067, 0, 1149, 98073, 98067]
    assert port.taken == 64
    assert port.written[:3] == [(0x2C, b"\x0c"), (0x31, b"\x0b"), (0x2D, b"\x08")]
    assert port.written[3:5] == [(0x38, b"\x00"), (0x38, b"\x40")]


def test_adxl345_at_the_end_of_its_range_is_uncertain():
    port = Fifo({0x00: b"\xe5", 0x39: b"\x20"}, 0x32, [(511, 0, 256), (0, -5, 256)])
    one = accelerometer_of("adxl345", port, range_g=2, rate_hz=3200)
    assert read(one)[0][1] == UNCERTAIN
    assert port.written[:2] == [(0x2C, b"\x0f"), (0x31, b"\x08")]
    port.samples = [(510, 0, -510)]
    assert read(one)[0][1] == GOOD
    port.samples = [(0, -511, 0)]
    assert read(one)[0][1] == UNCERTAIN


def test_an_accelerometer_whose_window_does_not_fill_is_bad():
    port = Fifo({0x00: b"\xe5", 0x39: b"\x1f"}, 0x32, [(0, 0, 256)])
    one = accelerometer_of("adxl345", port)
    assert read(one) == [(None, BAD)] * 8
    port.registers[0x39] = b"\x21"
    assert read(one)[2] == (98067, GOOD)
    port.registers[0x00] = b"\x33"
    assert read(accelerometer_of("adxl345", port)) == [(None, BAD)] * 8


class Stream(Fifo):
    """An accelerometer whose FIFO holds so many samples, the last of `sizes` ever."""

    def __init__(self, registers, data, samples, sizes):
        super().__init__(registers, data, samples)
        self.sizes = sizes

    def readfrom_mem_into(self, address, register, buffer):
        if register in (0x39, 0x2F):
            buffer[0] = self.sizes.pop(0) if len(self.sizes) > 1 else self.sizes[0]
            return None
        return super().readfrom_mem_into(address, register, buffer)


# 400 Hz in 16 steps: a turn of 25 Hz, and at 2 g 1 g is 256.
TURN = (0, 98, 181, 237, 256, 237, 181, 98, 0, -98, -181, -237, -256, -237, -181, -98)
SIGNATURE = (
    ("vibration_velocity", 3),
    ("vibration_crest_factor", 3),
    ("vibration_kurtosis", 3),
    ("vibration_order_1", 3),
    ("vibration_order_2", 3),
    ("vibration_zone", 0),
    ("vibration_acceleration_y", 3),
)


def streaming(port, windows=8):
    settings = {"rate_hz": 400, "range_g": 16, "windows": windows}
    settings["axis"] = 1
    settings["signature"] = [10, 160, 25000, [20000, 30000, 50000]]
    channels = [Channel(name, places) for name, places in SIGNATURE]
    return device("adxl345", port, channels, **settings)


def test_an_accelerometer_that_streams_tells_velocity_shape_and_orders():
    port = Stream({0x00: b"\xe5"}, 0x32, [(0, one, 256) for one in TURN], [0, 9, 31, 8])
    values = read(streaming(port))
    assert [quality for _, quality in values] == [GOOD] * 7
    assert port.taken == 256
    assert port.written[3:] == [(0x38, b"\x00"), (0x38, b"\x80")]
    velocity, crest_factor, kurtosis, first, second, zone, rms = [value for value, _ in values]
    # 6.934 m/s² over 2 pi 25 Hz is 44.15 mm/s.
    assert 43800 < velocity < 44500
    assert abs(crest_factor - 1414) < 3 and abs(kurtosis - 1500) < 3
    assert abs(first - 9807) < 10 and second < 20
    assert zone == 2
    assert abs(rms - 6934) < 10


def test_a_full_fifo_may_have_lost_samples_so_the_burst_begins_anew():
    port = Stream({0x00: b"\xe5"}, 0x32, [(0, one, 256) for one in TURN], [8, 8, 32, 8])
    assert read(streaming(port))[0][1] == GOOD
    assert port.taken == 16 + 256
    port = Stream({0x00: b"\xe5"}, 0x32, [(0, one, 256) for one in TURN], [32])
    assert read(streaming(port)) == [(None, BAD)] * 7


def test_a_stream_that_stops_is_bad():
    port = Stream({0x00: b"\xe5"}, 0x32, [(0, one, 256) for one in TURN], [8, 0])
    assert read(streaming(port)) == [(None, BAD)] * 7


def test_lis3dh_reads_a_burst():
    # ST, AN3308, table of output contents at ±2 g: 350 mg is 15E0h, -350 mg is EA20h.
    port = Fifo({0x0F: b"\x33", 0x2F: b"\x60"}, 0xA8, [(0x15E0, 0xEA20, 0x3E80)])
    one = accelerometer_of("lis3dh", port, range_g=2, windows=1)
    values = read(one)
    assert values[:3] == [(34323, GOOD), (-34323, GOOD), (98067, GOOD)]
    assert values[3:] == [(0, GOOD)] * 5
    assert port.written[:3] == [(0x20, b"\x77"), (0x23, b"\x88"), (0x24, b"\x40")]


def test_lis3dh_digits_are_coarser_at_16_g():
    port = Fifo({0x0F: b"\x33", 0x2F: b"\x60"}, 0xA8, [(16, -16, 0x7FEF)])
    one = accelerometer_of("lis3dh", port, range_g=16, rate_hz=1344)
    assert [value for value, _ in read(one)[:3]] == [1177, -1177, 2407729]
    assert port.written[:2] == [(0x20, b"\x97"), (0x23, b"\xb8")]
    port.samples = [(0, 0, 0x7FF0)]
    assert read(one)[2] == (2408906, UNCERTAIN)


# SPI


class Chip:
    """A chip select, and the chip behind it, which sees what goes over the wires."""

    def __init__(self):
        self.wire = []

    def output(self, pin, level):
        self.wire.append((pin, level))
        return self

    def value(self, level):
        self.wire.append(level)

    @property
    def spi(self):
        return self

    def write(self, data):
        self.wire.append(bytes(data))

    def readinto(self, buffer):
        self.wire.append(len(buffer))


def test_spi_frames():
    chip = Chip()
    bus_class, _ = drivers.load("spi")
    bus = bus_class(chip, {"id": "wires", "kind": "spi"})
    select = bus.select({"cs": 5})
    bus.write(select, 0x2C, b"\x0c")
    bus.read_into(select, 0x32, bytearray(6))
    assert chip.wire == [(5, 1), 0, b"\x6c", b"\x0c", 1, 0, b"\xf2", 6, 1]
