"""Accelerometers: bursts from a FIFO, and streams without a gap."""

from fake_i2c import Channel, Port, device, read

from limen.core.quality import BAD, GOOD, UNCERTAIN


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
