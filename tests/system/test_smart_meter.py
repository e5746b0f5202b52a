"""A smart meter at its P1 port, from the telegrams on the line to the messages at the broker."""

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest

from console import troubles
from dsmr_telegrams import TELEGRAMS, needs_telegrams, theirs
from host_tools.contract import Diag, Values
from host_tools.emulation.meter import Faults
from host_tools.emulation.p1_meter import P1Meter
from host_tools.emulation.press import PressModel
from host_tools.paths import PROJECT
from host_tools.site import load_site
from limen.core.p1_channels import CHANNELS
from virtual_gateway import VirtualGateway

SITE = """
[site]
id = "hall-2"
[mqtt]
host = "broker.local"
[gateway.g1]
board = "espressif-esp32-devkitc"
diag_every = "10s"
[[gateway.g1.bus]]
id = "p1"
kind = "p1"
rx = 34
%s
[[gateway.g1.device]]
id = "meter"
bus = "p1"
profile = "dsmr-p1"
every = "10s"
[gateway.g1.device.channels]
%s
"""
GOOD, BAD = 0, 2
UART = 2
ASKED_PIN = 23


class Rig(VirtualGateway):
    """A gateway with a meter at its P1 port; `told` has what arrived of the meter."""

    def __init__(self, folder, port, names, **meter):
        channels = "".join(f"{name} = {{}}\n" for name in names)
        super().__init__(folder, SITE % (port, channels), [UART], ["pool.ntp.org"])
        self.served = []
        self.meter = P1Meter(
            self.scheduler,
            self.lines[UART],
            PressModel(1),
            on_read=lambda *it: self.served.append(it),
            **meter,
        )
        self.board.start()

    def readings(self):
        """(ms since the world began, quality, {channel: value}) of each record of the meter."""
        start_ms = self.scheduler.start_utc_us // 1000
        return [
            (one.record.t_ms - start_ms, one.record.quality, one.record.body.by_channel)
            for one in self.arrivals
            if isinstance(one.record.body, Values) and one.record.t_ms is not None
        ]

    def newest(self):
        """{channel: value} of what was told last of each, None for a bad one."""
        values = {}
        for _, _, by_channel in self.readings():
            values.update(by_channel)
        return values

    def counters(self):
        diag = self.subscriber.gateways["hall-2/g1"].diag
        assert isinstance(diag, Diag)
        return diag.counters["bus"]["p1"]

    def close(self):
        self.board.stop()
        self.meter.close()


@pytest.fixture
def rig(tmp_path):
    rigs = []

    def make(*arguments, **options):
        rigs.append(Rig(tmp_path, *arguments, **options))
        return rigs[0]

    yield make
    for one in rigs:
        one.close()
        assert [line for line in troubles(one.console) if '{"device":' not in line] == []


NAMES = ["energy_import_t1", "energy_import_t2", "power_import_total", "power_export_total"]
PHASES = [f"{name}_l{phase}" for name in ("voltage", "power_import") for phase in (1, 2, 3)]


@pytest.mark.parametrize(
    ("port", "version", "names", "tenths"),
    [("tx = 17", "5", NAMES + PHASES, 20), ('tx = 17\ndsmr = "2"', "2", NAMES, 110)],
)
def test_the_values_of_a_telegram_arrive_exactly(rig, port, version, names, tenths):
    one = rig(port, names, version=version)
    one.run(95)
    good = [entry for entry in one.readings() if entry[1] == GOOD and entry[0] > 12_000]
    assert len(good) >= 7
    for t_ms, _, by_channel in good:
        assert set(by_channel) == set(names)
        for name, value in by_channel.items():
            sent_us, told = max(
                (time_us, told)
                for time_us, quantity, told in one.served
                if quantity == name and time_us <= t_ms * 1000 + 20_000
            )
            assert Fraction(value) == told
            assert t_ms * 1000 - sent_us < tenths * 100_000
    assert good[-1][2]["energy_import_t2"] > good[0][2]["energy_import_t2"]
    counters = one.counters()
    assert counters.pop("ok") > 7
    assert set(counters.values()) <= {0, 1}  # the first telegram may be cut off by the boot


@needs_telegrams
@pytest.mark.parametrize("path", TELEGRAMS, ids=lambda path: path.stem)
def test_recorded_telegrams_arrive_as_dsmr_parser_reads_them(rig, path):
    data = path.read_bytes()
    expected = theirs(data.decode("latin-1"))
    is_old = path.stem.endswith(("v2_2", "v3"))
    port = 'tx = 17\ndsmr = "2"' if is_old else "tx = 17"
    one = rig(port, list(expected), version="2" if is_old else "5", telegrams=[data])
    one.run(40)
    places = {entry[0]: entry[1] for entry in CHANNELS}
    assert one.newest() == {
        name: value.quantize(Decimal(1).scaleb(-places[name]), ROUND_HALF_UP)
        for name, value in expected.items()
    }


def test_a_damaged_telegram_is_counted_and_the_next_one_read(rig):
    one = rig("tx = 17", NAMES)
    one.run(25)
    before = one.counters()
    one.meter.faults = Faults(bad_crc=True)
    one.run(40)
    during = one.counters()
    assert during["bad_crc"] > before["bad_crc"] and during["timeout"] > before["timeout"]
    assert during["ok"] <= before["ok"] + 10
    one.meter.faults = Faults(keep_bytes=200)
    one.run(20)
    one.meter.faults = Faults()
    one.run(60)
    behind = one.counters()
    assert behind["torn"] > during["torn"] and behind["ok"] > during["ok"]
    by_quality = [quality for _, quality, _ in one.readings()]
    assert BAD in by_quality and by_quality[-1] == GOOD


def test_a_line_that_is_not_inverted_back_gives_nothing_but_rubbish(rig):
    one = rig("tx = 17\ninvert = false", NAMES)
    one.run(40)
    assert one.counters()["ok"] == 0 and one.counters()["timeout"] > 1
    assert {quality for _, quality, _ in one.readings()} == {BAD}


def test_a_meter_that_wants_to_be_asked(rig):
    one = rig(f"request = {ASKED_PIN}", NAMES)
    one.meter.asked = False

    def on_pin(pin, level):
        if pin == ASKED_PIN:
            one.meter.asked = bool(level)

    one.board.on_pin = on_pin
    one.run(60)
    assert [quality for _, quality, _ in one.readings()][-3:] == [GOOD] * 3
    assert one.meter.counts["telegrams"] < 20


def test_the_example_has_a_ledger_for_each_counter():
    site = load_site(PROJECT / "examples/smart-meter/site.toml").compile("meter-box")
    assert [bus["kind"] for bus in site["bus"]] == ["p1"]
    (meter,) = site["device"]
    ledgers = [meter["channel"][rule[0]]["name"] for rule in meter["counters"]]
    assert ledgers[0] == "energy_import_t1" and ledgers[-1] == "volume_gas"
