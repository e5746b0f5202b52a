"""The lines that the doctor writes are a site file that is good."""

import tomllib

import pytest

from host_tools.doctor.candidates import load_candidate
from host_tools.doctor.site import (
    Device,
    Place,
    bus_lines,
    common_framing,
    device_lines,
    period_ms,
    place_in,
    write_site,
)
from host_tools.errors import ToolError
from host_tools.profile import PROFILES
from host_tools.site import load_site
from host_tools.toml_file import TomlError
from limen.core.doctor import Examination, Match
from limen.core.finding import Finding

WORKS = (9600, None, 1)
PLACE = Place("press-07", "rs485", WORKS)


def examined(name, address, framing=WORKS, pause_ms=0, slowest_us=30_000):
    """An examination that ended well."""
    examination = Examination(Finding(framing, address, 3, slowest_us))
    match = Match(load_candidate(PROFILES / f"{name}.toml"))
    match.score = 20
    examination.matches = [match]
    examination.pause_ms = pause_ms
    examination.replies.whole = 1
    examination.replies.turnarounds_us = [slowest_us]
    return examination


def unknown(address):
    examination = Examination(Finding(WORKS, address, 3))
    examination.replies.whole = 1
    return examination


def test_a_new_file_is_a_good_site(tmp_path):
    path = tmp_path / "site.toml"
    found = [examined("eastron-sdm630", 1), unknown(9), examined("orno-we516-517", 3)]
    write_site(path, found, PLACE)
    compact = load_site(path).compile("press-07")
    devices = [(device["id"], device["address"], device["model"]) for device in compact["device"]]
    assert devices == [
        ("rs485-1", 1, "Eastron SDM630-Modbus"),
        ("rs485-3", 3, "ORNO OR-WE-516/517"),
    ]
    assert compact["bus"][0]["baud"] == 9600
    assert "# Address 9 at 9600 8N1: a device that no profile fits.\n" in path.read_text()
    assert sorted(tmp_path.iterdir()) == [path]


def test_what_differs_from_the_line_stands_at_the_device():
    found = [examined("eastron-sdm630", 1), examined("orno-we516-517", 3, (19200, 0, 1), 50)]
    (first, second) = tomllib.loads(device_lines(found, PLACE))["gateway"]["press-07"]["device"]
    assert "baud" not in first and "pause" not in first
    assert (second["baud"], second["parity"], second["stop"]) == (19200, "even", 1)
    assert second["pause"] == "50ms"


def test_a_pause_that_the_profile_has_is_not_repeated():
    lines = device_lines([examined("janitza-umg96-bseries", 1, pause_ms=50)], PLACE)
    assert "pause" not in lines
    lines = device_lines([examined("janitza-umg96-bseries", 1, pause_ms=100)], PLACE)
    assert 'pause = "100ms"' in lines


def test_a_slow_device_lengthens_the_timeout_of_the_bus():
    fast, slow, slower = (Device("eastron-sdm630", 1, WORKS, 0, ms) for ms in (150, 160, 600))
    assert "timeout" not in bus_lines(PLACE, [fast])
    assert 'timeout = "500ms"' in bus_lines(PLACE, [fast, slow])
    assert 'timeout = "2s"' in bus_lines(PLACE, [fast, slower])


def test_a_tcp_bus_has_a_host():
    lines = bus_lines(Place("g", "tcp", None, "10.0.0.9", 502), [])
    (bus,) = tomllib.loads(lines)["gateway"]["g"]["bus"]
    assert bus == {"id": "tcp", "kind": "modbus-tcp", "host": "10.0.0.9", "port": 502}


def test_the_framing_of_the_line_is_that_of_most():
    devices = [
        Device("x", n, framing, 0, 20) for n, framing in enumerate([(2400, 0, 1), WORKS, WORKS])
    ]
    assert common_framing(devices) == WORKS
    assert common_framing([]) is None


def test_two_stop_bits_are_kept_only_where_the_works_set_them():
    assert Device.of(examined("eastron-sdm630", 1, (9600, None, 2))).framing == WORKS
    found = examined("eastron-sdm630", 1, (9600, None, 2))
    found.matches[0].candidate["serial"] = (9600, None, 2)
    assert Device.of(found).framing == (9600, None, 2)


def test_the_period_leaves_the_line_half_of_its_time():
    one = Device("eastron-sdm630", 1, WORKS, 0, 20)
    # Registers 0-11 and 52-75: 13 + 24 and 13 + 48 characters of 1042 µs, and for each request
    # 3.5 characters of silence and the turnaround.
    assert one.cycle_ms() == (98 * 1042 + 2 * (3647 + 20_000)) // 1000 + 1
    assert period_ms([one] * 3) == 1000
    assert period_ms([one] * 4) == 2000
    slow = Device("eastron-sdm630", 1, (1200, None, 1), 0, 200)
    assert period_ms([slow] * 20) == 60_000


def test_devices_are_added_to_a_file_that_is_there(tmp_path):
    path = tmp_path / "site.toml"
    write_site(path, [examined("eastron-sdm630", 1)], PLACE)
    before = path.read_text()
    place, taken = place_in(path, None, is_tcp=False)
    assert (place, taken) == (PLACE, {1})
    write_site(path, [examined("eastron-sdm120", 2, (2400, None, 1))], place)
    assert path.read_text().startswith(before)
    devices = load_site(path).compile("press-07")["device"]
    assert [device["framing"] for device in devices] == [[9600, None, 1], [2400, None, 1]]


def test_a_file_is_left_as_it_was_if_it_would_not_be_good(tmp_path):
    path = tmp_path / "site.toml"
    write_site(path, [examined("eastron-sdm630", 1)], PLACE)
    before = path.read_text()
    with pytest.raises(TomlError, match="address 1 on this bus belongs to"):
        write_site(path, [examined("eastron-sdm120", 1)], PLACE)
    assert path.read_text() == before
    assert sorted(tmp_path.iterdir()) == [path]


def test_a_file_with_several_places_asks_which(tmp_path):
    path = tmp_path / "site.toml"
    write_site(path, [examined("eastron-sdm630", 1)], PLACE)
    two = path.read_text().replace("press-07", "press-08").partition("[gateway.press-08]")
    path.write_text(path.read_text() + "\n" + "".join(two[1:]))
    with pytest.raises(ToolError, match="--gateway press-07 or press-08"):
        place_in(path, None, is_tcp=False)
    assert place_in(path, "press-08", is_tcp=False)[0].gateway == "press-08"
    with pytest.raises(ToolError, match="0 buses of the kind modbus-tcp"):
        place_in(path, "press-08", is_tcp=True)
