"""Sensors that answer anything at all: no exception, and no good value behind a wrong checksum."""

import asyncio
from types import SimpleNamespace

from hypothesis import example, given, settings
from hypothesis import strategies as st

from host_tools.emulation.parts.ds18b20 import crc as one_wire_crc
from host_tools.emulation.parts.sht3x import with_crc
from limen.core.burst import Burst, isqrt
from limen.core.debounce import Debounce
from limen.core.quality import BAD, GOOD, UNCERTAIN
from limen.core.scaling import Line, through
from limen.drivers import (
    accelerometer,
    ads1115,
    adxl345,
    bme280,
    ds18b20,
    i2c,
    lis3dh,
    mcp9600,
    onewire,
    sht3x,
)


async def no_sleep(ms):
    pass


CLOCK = SimpleNamespace(sleep_ms=no_sleep, ticks_ms=lambda: 0, ticks_diff=lambda a, b: a - b)
for module in (accelerometer, ads1115, bme280, onewire, sht3x):
    module.asyncio = CLOCK
onewire.time = CLOCK


class Port:
    """A port at which every read gives what comes next, or nothing but an error."""

    def __init__(self, answers):
        self.answers = list(answers)

    def _next(self, size):
        answer = self.answers.pop(0) if self.answers else None
        if answer is None:
            raise OSError(19)
        return (answer * size)[:size] if answer else bytes(size)

    def writeto(self, address, data):
        pass

    def writeto_mem(self, address, register, data):
        pass

    def readfrom_into(self, address, buffer):
        buffer[:] = self._next(len(buffer))

    def readfrom_mem_into(self, address, register, buffer):
        buffer[:] = self._next(len(buffer))

    def reset(self):
        return True

    def writebyte(self, byte):
        pass

    write = writebyte

    def readinto(self, buffer):
        buffer[:] = self._next(len(buffer))


def channels(*names):
    return [
        SimpleNamespace(name=name, places=2, fresh=True, value=-1, quality=-1) for name in names
    ]


def reading(kind, bus_class, port, names, **values):
    bus = bus_class(port, {"id": "b", "kind": "k"})
    made = channels(*names)
    asyncio.run(kind.Device(bus, {"address": 1, "rom": None} | values, made).read())
    return made


MOTION = {"rate_hz": 400, "windows": 1}
SENSORS = [
    (sht3x, i2c.Bus, ("temperature", "humidity"), {}),
    (bme280, i2c.Bus, ("temperature", "humidity", "pressure_air"), {}),
    (mcp9600, i2c.Bus, ("temperature", "temperature_cold_junction"), {"thermocouple": 3}),
    (
        ads1115,
        i2c.Bus,
        ("pressure",),
        {"mux": 4, "gain": 1, "line": [3, -7, 2], "limits": [-100, -50, 20000, 30000]},
    ),
    (ds18b20, onewire.Bus, ("temperature",), {"bits": 12}),
    (adxl345, i2c.Bus, ("vibration_acceleration", "acceleration_x"), MOTION | {"range_g": 2}),
    (lis3dh, i2c.Bus, ("vibration_acceleration_peak", "acceleration_z"), MOTION | {"range_g": 16}),
]
# Identities and states that let a driver go on, and anything.
ANSWERS = st.lists(
    st.one_of(
        st.none(),
        st.sampled_from([b"\x60", b"\x40", b"\xe5", b"\x33", b"\x20", b"\xc3\x83", b"\0", b"\xff"]),
        st.binary(min_size=1, max_size=40),
    ),
    max_size=60,
)


@settings(max_examples=1500)
@given(st.sampled_from(SENSORS), ANSWERS)
def test_no_answer_raises_and_every_channel_has_value_or_bad_quality(sensor, answers):
    kind, bus_class, names, values = sensor
    for channel in reading(kind, bus_class, Port(answers), names, **values):
        assert channel.quality in (GOOD, UNCERTAIN, BAD)
        assert (channel.value is None) == (channel.quality == BAD)
        assert channel.value is None or isinstance(channel.value, int)


@given(st.binary(min_size=6, max_size=6))
@example(bytes(6))
@example(b"\xff" * 6)
def test_sht3x_believes_only_what_its_checksum_covers(answer):
    temperature, humidity = reading(sht3x, i2c.Bus, Port([answer]), ("temperature", "humidity"))
    for channel, at in ((temperature, 0), (humidity, 3)):
        raw = int.from_bytes(answer[at : at + 2], "big")
        if answer[at : at + 3] != with_crc(raw):
            assert channel.quality == BAD
    if answer[3:6] == with_crc(int.from_bytes(answer[3:5], "big")):
        assert humidity.quality == GOOD


@given(st.integers(0, 65535), st.integers(0, 47))
def test_sht3x_notices_any_flipped_bit(raw, bit):
    answer = int.from_bytes(with_crc(raw) + with_crc(raw ^ 0x5A5A), "big") ^ 1 << bit
    port = Port([answer.to_bytes(6, "big")])
    temperature, humidity = reading(sht3x, i2c.Bus, port, ("temperature", "humidity"))
    assert (temperature if bit >= 24 else humidity).quality == BAD


@given(st.binary(min_size=9, max_size=9))
@example(bytes(9))
@example(b"\xff" * 9)
def test_ds18b20_believes_only_what_its_crc_covers(pad):
    (channel,) = reading(ds18b20, onewire.Bus, Port([pad, pad]), ("temperature",), bits=12)
    if one_wire_crc(pad[:8]) != pad[8]:
        assert channel.quality == BAD


@given(st.binary(min_size=8, max_size=8), st.integers(0, 71))
def test_ds18b20_notices_any_flipped_bit(data, bit):
    whole = data + bytes([one_wire_crc(data)])
    flipped = (int.from_bytes(whole, "little") ^ 1 << bit).to_bytes(9, "little")
    assert not ds18b20.is_whole(flipped)


@given(st.integers(-(2**20), 2**20), st.integers(-(2**20), 2**20), st.integers(1, 10**6),
       st.integers(-2, 6), st.integers(-(2**24), 2**24))  # fmt: skip
def test_a_line_is_the_nearest_count(numerator, offset, denominator, places, raw):
    count = Line(numerator, offset, denominator, places).count(raw)
    scale = 10**places if places > 0 else 1
    coarse = 1 if places > 0 else 10**-places
    distance = abs(count * denominator * coarse - (raw * numerator + offset) * scale)
    assert 2 * distance <= denominator * coarse


@given(*[st.integers(-(10**6), 10**6)] * 4)
def test_a_line_goes_through_its_two_points(x0, y0, x1, y1):
    if x0 != x1:
        line = Line(*through(x0, y0, x1, y1))
        assert [line.count(x0), line.count(x1)] == [y0, y1]


@given(st.lists(st.integers(-32767, 32767), min_size=1, max_size=200), st.integers(1, 10**6))
def test_the_rms_of_a_burst_is_the_nearest_count(samples, scale):
    burst = Burst()
    for sample in samples:
        burst.add(sample)
    count = len(samples)
    spread = count * sum(x * x for x in samples) - sum(samples) ** 2
    rms = burst.rms(scale, 1000)
    # |rms - sqrt(spread) * scale / (count * 1000)| <= 1/2, squared and without a root.
    assert (2 * rms - 1) ** 2 * (count * 1000) ** 2 <= 4 * spread * scale**2 or rms == 0
    assert 4 * spread * scale**2 <= (2 * rms + 1) ** 2 * (count * 1000) ** 2


@given(st.integers(0, 10**40))
def test_an_integer_root(number):
    root = isqrt(number)
    assert root * root <= number < (root + 1) ** 2


@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 60)), max_size=60), st.integers(0, 40))
def test_edges_alternate_and_lie_in_the_past(looks, stable_ms):
    contact = Debounce(0, stable_ms, lambda a, b: a - b)
    now_ms, level, before_ms = 0, 0, 0
    for seen, passed_ms in looks:
        now_ms += passed_ms
        contact.feed(seen, now_ms)
        while contact.waiting:
            edge, edge_ms = contact.take()
            assert edge == 1 - level
            assert before_ms <= edge_ms <= now_ms - stable_ms
            level, before_ms = edge, edge_ms
    assert contact.level == level
