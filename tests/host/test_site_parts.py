"""What may be left out of a gateway, and what has to stay."""

from host_tools.paths import PROJECT
from host_tools.site import load_site
from host_tools.site_parts import sites_without


def parts(example, gateway):
    site = load_site(PROJECT / "examples" / example / "site.toml")
    return {name: rest.compile(gateway) for name, rest in sites_without(site, gateway)}


def test_a_bus_goes_with_its_devices():
    rest = parts("inputs", "press-08")
    whole = load_site(PROJECT / "examples/inputs/site.toml").compile("press-08")
    for index, bus in enumerate(whole["bus"]):
        without = rest[f"bus {bus['id']}"]
        assert bus["id"] not in [other["id"] for other in without["bus"]]
        assert len(without["device"]) == sum(one["bus"] != index for one in whole["device"])


def test_a_device_goes_alone():
    rest = parts("four-meters", "board-1")
    whole = [
        one["id"]
        for one in load_site(PROJECT / "examples/four-meters/site.toml").compile("board-1")[
            "device"
        ]
    ]
    for name in whole:
        left = [one["id"] for one in rest[f"device {name}"]["device"]]
        assert left == [other for other in whole if other != name]


def test_what_others_need_stays():
    rest = parts("energy", "hall-2")
    assert "energy hall-energy" in rest
    assert "device main-meter" not in rest
