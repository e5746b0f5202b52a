import pytest

from host_tools.site import load_site
from host_tools.toml_file import TomlError
from host_tools.zones import ZoneError, load_zone, parse_rule, zone_names

UNKNOWN = {
    "Europe/Berlinn": 'did you mean "Europe/Berlin"',
    "Berlin": 'did you mean "Europe/Berlin"?',
    "europe/berlin": 'did you mean "Europe/Berlin"?',
    "America/New York": 'did you mean "America/New_York"?',
    "Zürich": 'did you mean "Europe/Zurich"?',
    "GMT+1": 'write a continent and a city, such as "Europe/Berlin", or "UTC"',
    "Xanadu": 'write a continent and a city, such as "Europe/Berlin", or "UTC"',
}


def test_rules_of_zones():
    assert load_zone("Europe/Berlin") == [3600, 7200, 3, 5, 0, 7200, 10, 5, 0, 10800]
    assert load_zone("America/St_Johns") == [-12600, -9000, 3, 2, 0, 7200, 11, 1, 0, 7200]
    assert load_zone("Asia/Kathmandu") == [20700]
    assert load_zone("UTC") == [0]


def test_zones_have_a_rule_or_a_reason():
    refused = {}
    for name in zone_names()[::8]:
        try:
            load_zone(name)
        except ZoneError as error:
            refused[name] = str(error)
    assert all("follow no rule on 20" in reason for reason in refused.values())
    assert len(refused) < 5


@pytest.mark.parametrize("text", ["", "CET", "CET-1CEST", "CET-1CEST,J60,J300", "CET-1CEST,M3.5.0"])
def test_what_is_no_rule_is_refused(text):
    with pytest.raises(ZoneError, match="is no rule that a gateway knows"):
        parse_rule(text)


@pytest.mark.parametrize("name", UNKNOWN)
def test_an_unknown_zone_is_told_with_its_line(name, tmp_path):
    path = tmp_path / "site.toml"
    path.write_text(f'[site]\nid = "hall-2"\ntimezone = "{name}"\n')
    with pytest.raises(TomlError) as caught:
        load_site(path).compile_all()
    (problem,) = [text for text in caught.value.problems if "timezone" in text]
    assert problem.startswith(f'{path}:3: site.timezone: there is no time zone "{name}"; ')
    assert UNKNOWN[name] in problem


RTC_SITE = """
[site]
id = "hall-2"
[mqtt]
host = "broker.local"
[gateway.g1]
board = "espressif-esp32-devkitc"
rtc = "{rtc}"
[[gateway.g1.bus]]
id = "sensors"
kind = "i2c"
sda = 21
scl = 22
[[gateway.g1.bus]]
id = "pins"
kind = "pins"
[[gateway.g1.device]]
id = "cabinet"
bus = "sensors"
profile = "sensirion-sht3x"
"""


def rtc_site(folder, rtc):
    path = folder / "site.toml"
    path.write_text(RTC_SITE.format(rtc=rtc))
    return load_site(path)


def test_an_rtc_is_compiled_to_its_bus(tmp_path):
    assert rtc_site(tmp_path, "sensors").compile("g1")["rtc"] == 0


@pytest.mark.parametrize(
    ("rtc", "sentence"),
    [
        ("sensor", 'there is no bus "sensor" on this gateway; did you mean "sensors"?'),
        ("pins", 'is a bus of kind pins; a DS3231 is on one of kind "i2c"'),
    ],
)
def test_an_rtc_on_a_wrong_bus_is_told(tmp_path, rtc, sentence):
    with pytest.raises(TomlError) as caught:
        rtc_site(tmp_path, rtc).compile("g1")
    (problem,) = caught.value.problems
    assert problem.endswith(f"site.toml:8: gateway.g1.rtc: {sentence}")
