"""Profiles that lie beside a site file."""

import pytest

from host_tools.site import SiteError, load_site
from host_tools.toml_file import TomlError

OWN_PROFILE = """\
vendor = "Acme"
model = "Own"
source = ["a test"]
function = 3
max_registers = 10
default = ["frequency"]
register = [
  { quantity = "frequency", address = 0, type = "u16", unit = "Hz", resolution = "1 Hz" },
]
"""
OWN_SITE = """\
[site]
id = "a"
[mqtt]
host = "b"
[gateway.one]
board = "lilygo-t-can485"
[[gateway.one.bus]]
id = "line"
kind = "modbus-rtu"
[[gateway.one.device]]
id = "meter"
profile = "%s"
bus = "line"
address = 1
"""


@pytest.fixture
def profiles(tmp_path):
    """The folder that they lie in."""
    (tmp_path / "profiles").mkdir()


def test_profiles_beside_the_site_file_are_known_and_come_first(write, profiles):
    for name in ("acme-own", "eastron-sdm630"):
        write(OWN_PROFILE, f"profiles/{name}.toml")
        (device,) = load_site(write(OWN_SITE % name, "site.toml")).compile("one")["device"]
        assert device["model"] == "Acme Own"
    with pytest.raises(SiteError, match='no profile "acme-own1"; did you mean "acme-own"'):
        load_site(write(OWN_SITE % "acme-own1", "site.toml")).compile("one")


def test_what_is_wrong_in_such_a_profile_has_its_line(write, profiles):
    write(OWN_PROFILE.replace("u16", "u17"), "profiles/acme-own.toml")
    with pytest.raises(TomlError, match=r"profiles/acme-own.toml:8: register\[0\].type: "):
        load_site(write(OWN_SITE % "acme-own", "site.toml")).compile("one")


def test_what_is_wrong_in_the_site_and_in_its_profiles_is_told_at_once(write, profiles):
    for name in ("one", "other"):
        write(OWN_PROFILE.replace("u16", "u17"), f"profiles/{name}.toml")
    other = (
        OWN_SITE % "one"
        + """
[[gateway.one.device]]
id = "meter"
profile = "other"
bus = "lne"
address = 1
"""
    )
    with pytest.raises(TomlError) as caught:
        load_site(write(other, "site.toml")).compile_all()
    assert caught.value.status == 2
    found = caught.value.problems
    places = ("device[1].id", "device[1].bus", "profiles/one.toml:8", "profiles/other.toml:8")
    assert len(found) == len(places)
    assert all(place in line for place, line in zip(places, found, strict=True))
