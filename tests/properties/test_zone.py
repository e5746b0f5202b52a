"""Local time against Python's zoneinfo, for every zone of the tz database."""

import io
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_tools.zones import ZoneError, load_zone, parse_rule, zone_names
from limen.core.zone import Zone

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
CENTURY_S = int((datetime(2100, 1, 1, tzinfo=UTC) - EPOCH).total_seconds()) - 1


def data_of(name):
    return files("tzdata").joinpath("zoneinfo", *name.split("/")).read_bytes()


RULES = sorted({data_of(name).rstrip(b"\n").rpartition(b"\n")[2].decode() for name in zone_names()})


def by_rule_alone(text):
    """A ZoneInfo of a file that holds nothing but the rule: Python reads it by its own code."""
    empty = b"TZif2" + bytes(15 + 16) + (1).to_bytes(4, "big") + (4).to_bytes(4, "big")
    block = empty + bytes(6) + b"UTC\0"
    return ZoneInfo.from_file(io.BytesIO(block + block + b"\n" + text.encode() + b"\n"))


REFERENCES = {text: (parse_rule(text), by_rule_alone(text)) for text in RULES}


def assert_same(zone, reference, utc_s):
    zone.place(utc_s)
    local = (EPOCH + timedelta(seconds=utc_s)).astimezone(reference)
    assert timedelta(seconds=zone.offset_s) == local.utcoffset()
    midnight = local.replace(tzinfo=UTC, hour=0, minute=0, second=0)
    assert (zone.year, zone.month, zone.date) == (local.year, local.month, local.day)
    assert zone.day == (midnight - EPOCH).days
    assert zone.weekday == local.weekday()
    assert zone.second == (local.hour * 60 + local.minute) * 60 + local.second


def test_there_are_rules_of_every_sort():
    assert len(RULES) > 60
    for text in (
        "IST-1GMT0,M10.5.0,M3.5.0/1",
        "<+0545>-5:45",
        "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0",
    ):
        assert text in RULES


@pytest.mark.parametrize("text", RULES)
def test_every_change_of_a_century(text):
    rule, reference = REFERENCES[text]
    zone = Zone(rule)
    zone.place(0)
    while zone.changes_at < CENTURY_S:
        at = zone.changes_at
        assert_same(zone, reference, at - 1)
        before = zone.offset_s
        assert_same(zone, reference, at)
        assert zone.offset_s != before


@given(st.sampled_from(RULES), st.lists(st.integers(0, CENTURY_S), min_size=1))
def test_any_moments_in_any_order(text, moments):
    rule, reference = REFERENCES[text]
    zone = Zone(rule)
    for utc_s in moments:
        assert_same(zone, reference, utc_s)


@given(st.sampled_from(zone_names()), st.integers(0, 8 * 365 * 86400))
def test_any_zone_by_name_in_the_years_ahead(name, behind_2027_s):
    try:
        zone = Zone(load_zone(name))
    except ZoneError:
        return
    start_s = (datetime(2027, 1, 1, tzinfo=UTC) - EPOCH) // timedelta(seconds=1)
    assert_same(zone, ZoneInfo.from_file(io.BytesIO(data_of(name))), start_s + behind_2027_s)
