"""Energy and machine functions on real recordings, beside what pandas makes of them."""

import csv
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pandas
import pytest
from fake_gateway import Clock, FakeGateway, channel

from host_tools.paths import PROJECT
from host_tools.zones import load_zone
from limen.core.machine import OFF, RUNNING
from limen.core.quality import BAD, GOOD
from limen.core.week_config import read_plan
from limen.core.zone import Zone
from limen.functions.energy import Function
from limen.functions.machine import Function as Machine
from limen.service.poll import Device

DATA = PROJECT.parent / "shared/data"
STEEL = DATA / "steel_industry/Steel_industry_data.csv"
METERS = DATA / "opsd_counters/household_data_60min_singleindex.csv"
MILL = DATA / "cnc_mill_tool_wear"
EPOCH = datetime(2000, 1, 1)

pytestmark = pytest.mark.skipif(not DATA.exists(), reason="needs ../shared/data")


class Told(FakeGateway):
    """A gateway whose functions tell `records`: (s, ms, {channel: value})."""

    def __init__(self, devices):
        clock = Clock(0)
        clock.utc_s = lambda s, ms: s + ms // 1000
        clock.utc_ms = lambda ms: ms % 1000
        super().__init__(devices, clock=clock)
        self.records = []

    def take(self, number, device):
        fresh = [one for one in device.channels if one.fresh]
        values = {
            one.name: Decimal(one.value).scaleb(-one.places)
            for one in fresh
            if one.value is not None
        }
        if values:
            self.records.append((device.s, device.ms, values))
        for one in fresh:
            one.fresh = False


def meter_of(places_by_name):
    own = tuple(channel(name, places) for name, places in places_by_name.items())
    return Device("meter", own, None)


def read(function, meter, s, counts, ms=0):
    meter.s, meter.ms = s, ms
    for one, count in zip(meter.channels, counts, strict=True):
        one.value, one.quality = count, BAD if count is None else GOOD
    function.feed(meter)


def steel():
    """The recording by the end of each quarter of an hour, exact; 00:00 is the end of its day."""
    frame = pandas.read_csv(STEEL, encoding="utf-8-sig", dtype=str)
    ends = pandas.to_datetime(frame["date"], format="%d/%m/%Y %H:%M")
    frame["end"] = ends.where(ends.dt.time != datetime.min.time(), ends + timedelta(days=1))
    frame["kwh"] = frame["Usage_kWh"].map(Decimal)
    frame["begin"] = frame["end"] - timedelta(minutes=15)
    return frame


def steel_function():
    """The plant's energy in 10 Wh, its CO2 by a table: less from 10:00 to 16:00."""
    span = {"name": "sun", "days": None, "from": 600, "to": 960}
    rest = {"name": "rest", "days": None, "from": None, "to": None}
    plan = read_plan([_Spot(), _Spot()], [span, rest], [], True)
    settings = {"counters": [[1, 0]], "names": ["energy_import"], "zone": load_zone("Asia/Seoul")}
    settings |= {"interval_s": 900, "gap_s": 900, "places": -1, "reactive": None}
    settings["co2"] = [plan, [25000, 45900]]
    meter = meter_of({"energy_import": 2})
    gateway = Told([meter])
    own = [("energy_import_interval", 2), ("power_active_demand", -1)]
    own += [("power_active_demand_max", -1), ("co2", 7)]
    return gateway, meter, gateway.add("hall", Function, settings, own)


class _Spot:
    problems = ()


def test_a_year_of_a_steel_plant_is_that_of_pandas_to_the_last_digit():
    frame = steel()
    gateway, meter, function = steel_function()
    total = 0
    for end, kwh in zip(
        [frame["begin"][0], *frame["end"]], [Decimal(0), *frame["kwh"]], strict=True
    ):
        total += int(kwh.scaleb(2))
        read(function, meter, int((end - EPOCH).total_seconds()) - 9 * 3600, [total])
    read(function, meter, meter.s + 1, [total])
    told = pandas.DataFrame([values for *_, values in gateway.records[1:]])
    told["begin"] = [EPOCH + timedelta(seconds=s + 9 * 3600 - 900) for s, *_ in gateway.records[1:]]
    assert list(told["begin"]) == list(frame["begin"])
    assert list(told["energy_import_interval"]) == list(frame["kwh"])
    by_month = told.groupby(told["begin"].dt.month)
    expected = frame.groupby(frame["begin"].dt.month)
    assert by_month["energy_import_interval"].sum().equals(expected["kwh"].sum())
    peaks = expected["kwh"].max() * 4000
    assert list(by_month["power_active_demand_max"].last()) == list(peaks)
    hour = frame["begin"].dt.hour
    sunny = (hour >= 10) & (hour < 16)
    grams = frame["kwh"] * sunny.map({True: Decimal(250), False: Decimal(459)})
    assert list(told["co2"] * 1000) == list(grams)
    months = grams.groupby(frame["begin"].dt.month).sum() / 1000
    assert list(by_month["co2"].sum()) == list(months)


def household():
    with METERS.open() as file:
        for row in csv.DictReader(file):
            end = datetime.strptime(row.pop("utc_timestamp"), "%Y-%m-%dT%H:%M:%SZ")
            row.pop("cet_cest_timestamp"), row.pop("interpolated_values")
            counts = {name: int(Decimal(v).scaleb(3)) if v else None for name, v in row.items()}
            yield int((end - EPOCH).total_seconds()), counts


def test_intervals_sum_to_nine_counters_across_both_daylight_saving_changes():
    rows = list(household())
    names = list(rows[0][1])
    settings = {"counters": [[1, i] for i in range(len(names))], "names": names}
    settings |= {"zone": load_zone("Europe/Berlin"), "interval_s": 3600, "gap_s": 3600}
    meter = meter_of(dict.fromkeys(names, 3))
    gateway = Told([meter])
    own = [(name + "_interval", 3) for name in names]
    function = gateway.add("house", Function, settings | {"places": 0, "reactive": None}, own)
    for s, counts in rows:
        read(function, meter, s, counts.values())
    read(function, meter, rows[-1][0] + 1, rows[-1][1].values())
    for name in names:
        counts = [counts[name] for _, counts in rows if counts[name] is not None]
        intervals = [values.get(name + "_interval", 0) for *_, values in gateway.records]
        assert sum(intervals) == Decimal(counts[-1] - counts[0]).scaleb(-3), name
        assert all(used >= 0 for used in intervals)
    zone = Zone(load_zone("Europe/Berlin"))
    hours = {}
    for s, *_ in gateway.records:
        zone.place(s - 3600)
        day = date(zone.year, zone.month, zone.date)
        hours[day] = hours.get(day, 0) + 1
    berlin = ZoneInfo("Europe/Berlin")
    assert {day: count for day, count in hours.items() if count != 24} == {
        date(2015, 10, 4): hours[date(2015, 10, 4)],
        date(2015, 10, 25): 25,
        date(2016, 3, 27): 23,
        date(2016, 10, 30): 25,
        date(2017, 2, 9): hours[date(2017, 2, 9)],
    }
    assert datetime(2016, 3, 27, 12, tzinfo=berlin).utcoffset() == timedelta(hours=2)


@pytest.mark.parametrize("run", range(1, 7))
def test_the_state_of_a_spindle_follows_its_measured_speed(run):
    with (MILL / f"experiment_{run:02}.csv").open() as file:
        rows = list(csv.DictReader(file))
    settings = {"power": [1, 0], "inputs": [], "bands": [[500], [OFF, RUNNING], 100]}
    settings |= {"dwell_ms": [300, 0, 0, 300, 0, 0], "ideal_ms": None, "zone": [0]}
    meter = meter_of({"power_active_total": 1})
    gateway = Told([meter])
    machine = gateway.add("mill", Machine, settings, [("machine_state", 0)])
    for number, row in enumerate(rows):
        watts = int(Decimal(row["S1_OutputPower"]).scaleb(4))
        read(machine, meter, 800_000_000 + number // 10, [watts], number % 10 * 100)
    turns = [Decimal(row["S1_ActualVelocity"]) > 30 for row in rows]
    states = states_at(gateway, len(rows))
    agree = sum((state == RUNNING) == turn for state, turn in zip(states, turns, strict=True))
    assert agree >= 0.98 * len(rows)
    assert abs(states.count(RUNNING) - turns.count(True)) <= 8  # tenths of a second


def states_at(gateway, count):
    """The state at each tenth of a second, as a subscriber draws it from what was told."""
    told = {s * 10 + ms // 100 - 8_000_000_000: v["machine_state"] for s, ms, v in gateway.records}
    states = [told[0]]
    for number in range(1, count):
        states.append(told.get(number, states[-1]))
    return states
