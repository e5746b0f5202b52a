"""The example sites are right, and the reference site is what the design measures."""

import pytest

from host_tools.paths import PROJECT
from host_tools.site import load_site
from host_tools.site_secrets import load_secrets

SITES = sorted((PROJECT / "examples").glob("*/site.toml"))


@pytest.mark.parametrize("path", SITES, ids=lambda path: path.parent.name)
def test_every_example_can_be_flashed_as_it_is(path):
    configurations = load_site(path).compile_all()
    assert configurations and load_secrets(load_site(path)).stored["wifi"][0]["ssid"]


def test_the_reference_site_has_four_makes_sixty_channels_and_twelve_alarms():
    config = load_site(PROJECT / "examples/reference/site.toml").compile("board-1")
    makes = {device["model"].split()[0] for device in config["device"]}
    assert makes == {"Schneider", "ABB", "Carlo", "Eastron"}
    channels = [channel for device in config["device"] for channel in device["channel"]]
    assert len(channels) == 60
    assert sum(len(channel.get("alarm", ())) for channel in channels) == 12
    assert all("report" in channel for channel in channels)
    assert {channel["every_ms"] for channel in channels} == {1000, 2000, 5000, 60000}
