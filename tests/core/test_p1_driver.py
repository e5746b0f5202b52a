"""A smart meter at a P1 port, on a line and a clock made here; golden values of real telegrams.

The telegrams lie beside the project, and not everywhere: without them the tests that need them say
so and end.
"""

from limen.core.p1_channels import CHANNELS, entry_of
from limen.core.quality import BAD, GOOD, STALE
from limen.drivers import DONE, p1

SETTINGS = {"kind": "p1", "id": "port", "timeout_ms": 12000, "rx_bytes": 2048}
_FOLDER = "../shared/vectors/dsmr_p1/telegram_"
_WRAP = 1 << 30
_NEAR_WRAP_MS = _WRAP - 5000


class Clock:
    """Stands for `time` and `asyncio` in the driver: time passes only in sleeps."""

    def __init__(self):
        self.ms = _NEAR_WRAP_MS
        p1.time = self

    def ticks_ms(self):
        return self.ms % _WRAP

    def ticks_diff(self, a, b):
        return (a - b + _WRAP // 2) % _WRAP - _WRAP // 2

    def sleep_ms(self, ms):
        assert ms > 0
        self.ms += ms


class Pin:
    def __init__(self, clock):
        self.clock = clock
        self.levels = []

    def value(self, level):
        self.levels.append((self.clock.ms - _NEAR_WRAP_MS, level))


class Uart:
    """`sent` are (ms, bytes) of what the meter sends; what does not fit in 2048 bytes is lost."""

    def __init__(self, clock, sent):
        self.clock = clock
        self.sent = [(_NEAR_WRAP_MS + ms, data) for ms, data in sent]
        self.waiting = b""

    def readinto(self, buffer):
        while self.sent and self.sent[0][0] <= self.clock.ms:
            self.waiting = (self.waiting + self.sent.pop(0)[1])[:2048]
        size = min(len(buffer), len(self.waiting))
        buffer[:size] = self.waiting[:size]
        self.waiting = self.waiting[size:]
        return size or None


class Channel:
    fresh = True

    def __init__(self, name, places):
        self.name = name
        self.places = places
        self.value, self.quality = 0, BAD

    def told(self):
        return self.value, self.quality


class Meter:
    """A device with some channels of the list, and what it says of them."""

    def __init__(self, names, sent, places=None):
        self.clock = Clock()
        self.request = Pin(self.clock)
        self.bus = p1.Bus((Uart(self.clock, sent), self.request), SETTINGS)
        known = {entry[0]: entry for entry in CHANNELS}
        entries = [{"p1": entry_of(*known[name])} for name in names]
        self.channels = [
            Channel(name, known[name][1] if places is None else places) for name in names
        ]
        self.device = p1.Device(self.bus, {"channel": entries}, self.channels)

    def read(self):
        """Read all channels; {name: value, or (value, quality) if it is not good}."""
        assert self.device.read() is None
        ms = self.device.step()
        while ms != DONE:
            self.clock.sleep_ms(ms)
            ms = self.device.step()
        return {
            channel.name: channel.value if channel.quality == GOOD else channel.told()
            for channel in self.channels
        }


def text(*lines):
    return "\r\n".join(("/LIM5 TEST", "") + lines + ("!\r\n",)).encode()


def recorded(name):
    try:
        with open(_FOLDER + name + ".txt", "rb") as file:
            return file.read()
    except OSError:
        print("skipped: no", _FOLDER + name)
        return None


IMPORT_T1 = text("1-0:1.8.1(000004.426*kWh)")
GAS = "0-1:24.2.1(%s)(00000.107*m3)"


def test_a_reading_is_the_next_telegram():
    meter = Meter(["energy_import_t1"], [(300, IMPORT_T1), (1300, IMPORT_T1.replace(b"26", b"27"))])
    assert meter.read() == {"energy_import_t1": 4426}
    assert meter.device.answered
    assert meter.clock.ms - _NEAR_WRAP_MS == 300
    assert meter.read() == {"energy_import_t1": 4427}
    assert meter.bus.counters() == {
        "ok": 2, "bad_crc": 0, "no_crc": 0, "torn": 0, "overlong": 0, "timeout": 0,
    }  # fmt: skip


def test_an_older_telegram_is_not_taken_for_the_next_one():
    meter = Meter(["energy_import_t1"], [(0, IMPORT_T1), (900, IMPORT_T1.replace(b"26", b"27"))])
    assert meter.read() == {"energy_import_t1": 4427}


def test_a_telegram_that_has_begun_is_taken():
    old = IMPORT_T1.replace(b"26", b"25")
    meter = Meter(["energy_import_t1"], [(0, old + IMPORT_T1[:30]), (20, IMPORT_T1[30:])])
    assert meter.read() == {"energy_import_t1": 4426}


def test_two_telegrams_in_one_piece():
    both = IMPORT_T1 + IMPORT_T1.replace(b"26", b"27")
    meter = Meter(["energy_import_t1"], [(100, both), (1100, both)])
    assert meter.read() == {"energy_import_t1": 4426}
    assert meter.read() == {"energy_import_t1": 4426}
    assert meter.bus.counters()["ok"] == 3


def test_what_a_full_uart_has_lost_tears_no_telegram_together():
    old = b"." * 2020 + text("1-0:1.8.1(000001.001*kWh)")
    assert old[:2048].endswith(b"1-0:1.8.1(0000")
    rest = b"99.999*kWh)\r\n!\r\n"
    meter = Meter(["energy_import_t1"], [(0, old), (20, rest), (500, IMPORT_T1)])
    assert meter.read() == {"energy_import_t1": 4426}
    assert meter.bus.counters()["ok"] == 1


def test_a_meter_that_says_nothing():
    meter = Meter(["energy_import_t1", "volume_gas"], [])
    assert meter.read() == {"energy_import_t1": (None, BAD), "volume_gas": (None, BAD)}
    assert not meter.device.answered
    assert meter.clock.ms - _NEAR_WRAP_MS == 12000
    assert meter.bus.counters()["timeout"] == 1
    assert meter.request.levels == [(0, 1), (12000, 0)]


def test_a_line_that_is_missing_has_bad_quality():
    meter = Meter(["energy_import_t1", "energy_import_t2"], [(0, b""), (20, IMPORT_T1)])
    assert meter.read() == {"energy_import_t1": 4426, "energy_import_t2": (None, BAD)}


def test_tariffs_are_summed_up_where_the_meter_does_not():
    first, second = "1-0:1.8.1(000004.426*kWh)", "1-0:1.8.2(000002.399*kWh)"
    names = ["energy_import", "energy_import_t2", "energy_export"]
    bad = None, BAD
    meter = Meter(names, [(300, text(first, second)), (1300, text(second)), (2300, text(first))])
    assert meter.read() == {
        "energy_import": 6825, "energy_import_t2": 2399, "energy_export": bad,
    }  # fmt: skip
    assert meter.read()["energy_import"] == bad
    assert meter.read()["energy_import"] == bad
    told = text("1-0:1.8.0(000007.000*kWh)", first, second)
    assert Meter(["energy_import"], [(300, told)]).read() == {"energy_import": 7000}


def test_only_fresh_channels_are_read():
    meter = Meter(["energy_import_t1"], [(20, IMPORT_T1)])
    meter.channels[0].fresh = False
    assert meter.read() == {"energy_import_t1": (0, BAD)}


def test_a_medium_decides_whose_reading_it_is():
    lines = ("0-1:24.1.0(007)", "0-1:24.2.1(170102161005W)(5.000*m3)", "0-2:24.1.0(003)")
    lines += ("0-2:24.2.1(170102161005W)(7.000*m3)",)
    meter = Meter(["volume_gas", "volume_water", "energy_heat"], [(20, text(*lines))])
    assert meter.read() == {"volume_gas": 7000, "volume_water": 5000, "energy_heat": (None, BAD)}


def test_a_gas_meter_that_has_not_been_heard_for_a_day_is_stale():
    now = "0-0:1.0.0(170103192002W)"
    good, stale = GAS % "170102182002W", GAS % "170102182001W"
    for line, expected in ((good, 107), (stale, (None, STALE))):
        meter = Meter(["volume_gas"], [(20, text(now, "0-1:24.1.0(3)", line))])
        assert meter.read() == {"volume_gas": expected}
    new = (GAS % "170103182002W").replace("0-1:", "0-2:")
    lines = (now, "0-1:24.1.0(3)", stale, "0-2:24.1.0(3)", new)
    meter = Meter(["volume_gas"], [(20, text(*lines))])
    assert meter.read() == {"volume_gas": 107}


def test_a_maximum_of_last_week_is_not_stale():
    lines = ("0-0:1.0.0(230124150730W)", "1-0:1.6.0(230117144500W)(04.329*kW)")
    meter = Meter(["power_active_demand_max"], [(20, text(*lines))])
    assert meter.read() == {"power_active_demand_max": 4329}


def test_a_sagemcom_t210_d():
    data = recorded("sagemcom_t210_d_r")
    if not data:
        return
    names = ["energy_import", "energy_import_t1", "energy_import_t2", "power_import_total"]
    names += ["energy_export", "energy_export_t1", "energy_export_t2", "power_export_total"]
    names += ["energy_reactive_import", "energy_reactive_export", "power_reactive_import_total"]
    names += ["power_reactive_export_total", "voltage_l1"]
    assert Meter(names, [(20, data)]).read() == {
        "energy_import": 6545766,
        "energy_import_t1": 5017120,
        "energy_import_t2": 1528646,
        "power_import_total": 286,
        "energy_export": 58,
        "energy_export_t1": 0,
        "energy_export_t2": 58,
        "power_export_total": 0,
        "energy_reactive_import": 747,
        "energy_reactive_export": 3897726,
        "power_reactive_import_total": 0,
        "power_reactive_export_total": 166,
        "voltage_l1": (None, BAD),
    }


def test_a_meter_of_version_5():
    data = recorded("v5")
    if not data:
        return
    names = [entry[0] for entry in CHANNELS]
    told = Meter(names, [(20, data)]).read()
    assert {name: value for name, value in told.items() if value != (None, BAD)} == {
        "energy_import": 6825,
        "energy_import_t1": 4426,
        "energy_import_t2": 2399,
        "energy_export": 2444,
        "energy_export_t1": 2444,
        "energy_export_t2": 0,
        "tariff": 2,
        "power_import_total": 244,
        "power_export_total": 0,
        "power_import_l1": 70,
        "power_import_l2": 32,
        "power_import_l3": 142,
        "power_export_l1": 0,
        "power_export_l2": 0,
        "power_export_l3": 0,
        "voltage_l1": 2300,
        "voltage_l2": 2300,
        "voltage_l3": 2290,
        "current_l1": 48,
        "current_l2": 44,
        "current_l3": 86,
        "power_failures": 13,
        "power_failures_long": 0,
        "voltage_sags_l1": 0,
        "voltage_sags_l2": 0,
        "voltage_sags_l3": 0,
        "voltage_swells_l1": 0,
        "voltage_swells_l2": 0,
        "voltage_swells_l3": 0,
        "volume_gas": 107,
    }


def test_a_meter_of_version_2_and_one_with_two_gas_meters():
    for name, gas in (("v2_2", 1001), ("v3", 1001), ("v4_2", 981443), ("v5_two_mbus", 246138)):
        data = recorded(name)
        if not data:
            return
        meter = Meter(["volume_gas"], [(20, data)])
        assert meter.read() == {"volume_gas": gas}


def test_resolutions_are_the_channel_s_own():
    data = recorded("esy5q3da1004_v304")
    if not data:
        return
    names = ["energy_import", "power_import_total", "power_import_l3"]
    assert Meter(names, [(20, data)], 7).read() == {
        "energy_import": 325495061662,
        "power_import_total": 16882100000,
        "power_import_l3": 6093000000,
    }
    assert Meter(names, [(20, data)], 0).read() == {
        "energy_import": 32550,
        "power_import_total": 1688,
        "power_import_l3": 609,
    }
