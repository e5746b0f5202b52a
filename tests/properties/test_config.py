"""Whatever a site file holds, the validator returns: a configuration, or problems."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from host_tools.board import board_names, load_board
from host_tools.paths import PROJECT
from host_tools.profile import compile_profile, load_profile, profile_files
from host_tools.toml_file import read_toml
from limen.core.config import check
from limen.core.units import Mistake, count_text, parse_count

PROFILES = {"eastron-sdm630": load_profile("eastron-sdm630"), "eastron-sdm120": None}
BOARDS = {"lilygo-t-can485": load_board("lilygo-t-can485")}
PRESS = read_toml(PROJECT / "examples/press/site.toml").data

WORDS = st.sampled_from(
    "site mqtt gateway g bus device id kind baud tx rx profile address channels every report alarm "
    "deadband high low hysteresis voltage_l1 eastron-sdm630 rs485 modbus-rtu modbus-tcp 5min "
    "lilygo-t-can485 host".split()
)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.dates()
    | st.text(max_size=12)
    | WORDS
    | st.from_regex(r"[+-]?[0-9]{0,20}\.?[0-9]{0,3} ?[kM]?[WVsA%]?", fullmatch=True)
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(WORDS | st.text(max_size=8), inner, max_size=6)
    ),
    max_leaves=40,
)


def paths_of(value, path=()):
    """Every place in nested tables and lists."""
    yield path
    inside = value.items() if isinstance(value, dict) else []
    inside = enumerate(value) if isinstance(value, list) else inside
    for key, part in inside:
        yield from paths_of(part, (*path, key))


def replaced(value, path, part):
    """A copy of nested tables and lists with another part at one place."""
    if not path:
        return part
    copy = value.copy()
    copy[path[0]] = replaced(value[path[0]], path[1:], part)
    return copy


def check_returns(site, gateway):
    compact, problems = check(site, gateway, PROFILES, BOARDS)
    assert (compact is None) == bool(problems)
    for path, sentence in problems:
        assert isinstance(path, tuple) and sentence == sentence.strip() != ""
    return compact


@given(VALUES)
def test_nothing_but_problems_comes_of_anything(value):
    check_returns(value, "g")
    check_returns({"site": value, "mqtt": value, "gateway": {"g": value}}, "g")


@given(st.data())
@settings(max_examples=300)
def test_one_wrong_part_in_a_good_site_is_told_or_harmless(data):
    path = data.draw(st.sampled_from(sorted(paths_of(PRESS), key=str)))
    site = replaced(PRESS, path, data.draw(VALUES))
    compact = check_returns(site, "press-07")
    if compact:
        json.dumps(compact)


@pytest.mark.parametrize("example", ["compressor-room", "inputs", "press-orders", "smart-meter"])
@pytest.mark.parametrize("wrong", ["5 zz", 5000])
def test_one_wrong_setting_is_told_once(example, wrong):
    folder = PROJECT / "examples" / example
    site = read_toml(folder / "site.toml").data
    profiles = {
        name: compile_profile(at) for name, at in profile_files(folder / "profiles").items()
    }
    boards = {name: load_board(name) for name in board_names()}
    (name,) = site["gateway"]
    for path in paths_of(site):
        if path and path[-1] != "id":
            changed = replaced(site, path, wrong)
            _, problems = check(changed, name, profiles, boards)
            assert len(problems) <= 1, path


@given(
    st.integers(-(10**15) + 1, 10**15 - 1),
    st.integers(-3, 6),
    st.sampled_from(["W", "kWh", ""]),
)
def test_an_amount_written_is_the_amount_read(count, places, unit):
    assert parse_count(count_text(count, unit, places), unit, places) == count


@given(st.text(max_size=30))
def test_any_text_is_an_amount_or_a_mistake(text):
    try:
        assert isinstance(parse_count(text, "W", 1), int)
    except Mistake as mistake:
        assert str(mistake)
