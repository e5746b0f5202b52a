"""What polls need of a line, and sites that need more than there is."""

import math
import re
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from host_tools import cli, line_load
from host_tools.site import SiteError, load_site

SITE = """
[site]
id = "s"
[mqtt]
host = "b.local"
[gateway.g]
board = "lilygo-t-can485"
[[gateway.g.bus]]
id = "rs485"
kind = "modbus-rtu"
"""
DEVICE = """
[[gateway.g.device]]
id = "meter-{0}"
profile = "eastron-sdm630"
bus = "rs485"
address = {0}
every = "{1}"
channels = {{ {2} }}
"""
CHANNELS = "power_active_total = {}"


def compiled(folder, periods, channels=CHANNELS):
    """The site with a meter for each period, compiled."""
    path = folder / "site.toml"
    devices = [DEVICE.format(i + 1, every, channels) for i, every in enumerate(periods)]
    path.write_text(SITE + "".join(devices))
    return load_site(path).compile("g")


def test_one_number_a_second(tmp_path):
    compact = compiled(tmp_path, ["1s"])
    # 8 + 9 characters of 10 bits at 9600 baud, 3.5 before the request, 10 ms before the reply.
    assert float(line_load.bus_load(compact, 0)) == pytest.approx(20.5 / 0.96 + 10, rel=1e-3)


def test_slower_polls_and_faster_lines_need_less(tmp_path):
    one, two = (line_load.bus_load(compiled(tmp_path, every), 0) for every in (["10s"], ["5s"] * 2))
    assert two == 4 * one
    compact = compiled(tmp_path, ["1s"])
    faster = line_load.bus_load(compact, 0, baud=19200)
    assert float(faster) == pytest.approx(20.5 / 1.92 + 10, rel=1e-3)
    assert line_load.bus_load(compact, 0, shortest_ms=10_000) == one


def test_what_falls_due_together_shares_a_request(tmp_path):
    channels = 'voltage_l1 = {}, voltage_l2 = { every = "2s" }, voltage_l3 = { every = "4s" }'
    load = line_load.bus_load(compiled(tmp_path, ["1s"], channels), 0)
    one, two, three = (
        line_load.bus_load(compiled(tmp_path, ["1s"], ", ".join(names)), 0)
        for names in (
            ["voltage_l1 = {}"],
            ["voltage_l1 = {}", "voltage_l2 = {}"],
            ["voltage_l1 = {}", "voltage_l2 = {}", "voltage_l3 = {}"],
        )
    )
    assert load == one / 2 + two / 4 + three / 4


@given(st.lists(st.integers(1, 12), min_size=1, max_size=5, unique=True).map(sorted))
@settings(max_examples=60)
def test_sets_of_periods_fall_due_as_often_as_counted(periods):
    times = range(math.lcm(*periods))
    counted = {}
    for time in times:
        due = tuple(period for period in periods if time % period == 0)
        if due:
            counted[due] = counted.get(due, 0) + 1
    expected = {due: Fraction(count, len(times)) for due, count in counted.items()}
    assert dict(line_load._due_sets(periods)) == expected


def test_a_site_that_needs_too_much_is_refused_with_what_would_fit(tmp_path):
    with pytest.raises(SiteError) as error:
        compiled(tmp_path, ["100ms", "40ms", "1s"])
    (problem,) = error.value.problems
    pattern = (
        r".*/site\.toml:8: gateway\.g\.bus\[0\]: the devices need (\d+) ms of the line in each "
        r"second, (\d+) ms more than there are \(meter-2 (\d+) ms, meter-1 (\d+) ms, meter-3 "
        r'(\d+) ms\); read nothing more often than every = "1s" or set the devices and the bus to '
        r"baud = (\d+)"
    )
    needed, excess, *shares, baud = map(int, re.fullmatch(pattern, problem).groups())
    assert needed in (excess + 1000, excess + 999)
    assert abs(sum(shares) - needed) <= 1
    assert baud == 19200


def test_what_is_offered_fits(tmp_path):
    with pytest.raises(SiteError) as error:
        compiled(tmp_path, ["50ms", "50ms"])
    baud = int(re.search(r"baud = (\d+)", str(error.value))[1])
    site = SITE + f"baud = {baud}\n"
    path = tmp_path / "site.toml"
    path.write_text(site + "".join(DEVICE.format(n, "50ms", CHANNELS) for n in (1, 2)))
    load = line_load.bus_load(load_site(path).compile("g"), 0)
    assert load <= 900


def test_the_command_tells_the_use_of_lines(tmp_path, capsys):
    compiled(tmp_path, ["1s"])
    assert cli.main(["config", "check", str(tmp_path / "site.toml")]) == 0
    assert "; lines in use rs485 3 %; " in capsys.readouterr().out
