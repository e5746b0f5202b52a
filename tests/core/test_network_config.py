"""The network of a gateway, as a site file tells it."""

from limen.core.network_config import read_network
from limen.core.schema import Owners, Spot

PLAIN = {"network": "wifi"}
WIRED = {"network": "ethernet", "ethernet": {"phy_type": "LAN8720", "phy_addr": 0}}


def read(part, board=PLAIN):
    problems = []
    compact = read_network(Spot(problems), part, board, Owners())
    return compact, sorted([".".join(path) + ": " + sentence for path, sentence in problems])


def test_what_the_board_has_is_used():
    assert read(None) == ({"wifi": True}, [])
    assert read(None, WIRED) == ({"wifi": False, "ethernet": WIRED["ethernet"]}, [])


def test_wifi_may_take_the_place_of_a_cable():
    compact, problems = read({"links": ["ethernet", "wifi"]}, WIRED)
    assert (compact, problems) == ({"wifi": True, "ethernet": WIRED["ethernet"]}, [])
    assert read({"links": ["wifi"]}, WIRED) == ({"wifi": True}, [])


def test_a_static_address():
    part = {"address": "192.168.1.20/24", "router": "192.168.1.1"}
    assert read(part)[0]["address"] == ["192.168.1.20", "255.255.255.0"] + ["192.168.1.1"] * 2
    part = {"address": "10.1.2.3/30", "router": "10.1.2.1", "dns": "9.9.9.9"}
    assert read(part)[0]["address"] == ["10.1.2.3", "255.255.255.252", "10.1.2.1", "9.9.9.9"]


def test_mistakes():
    assert read({"links": ["ethernet"]})[1] == [
        "links: names Ethernet, which this board does not have"
    ]
    assert read({"links": ["lte"], "address": "1.2.3.4"})[1] == [
        'address: must be an address with its network such as "192.168.1.20/24"',
        'links: must be one of "ethernet", "wifi", not "lte"',
        'router: is missing; write for example router = "192.168.1.1"',
    ]
    assert read({"address": "1.2.3.4/24", "router": "1.2.3.256"})[1] == [
        'router: must be an IPv4 address such as "192.168.1.1", not "1.2.3.256"'
    ]
    assert read({"dns": "9.9.9.9"})[1] == [
        "dns: is told by the network itself; with a static address write address = "
        '"192.168.1.20/24"'
    ]


def test_the_pins_of_ethernet_are_taken():
    problems, owners = [], Owners()
    owners.claim(("pin", 23), "bus rs485", None, "")
    board = {"ethernet": {"phy_type": "LAN8720", "phy_addr": 0, "mdc": 23, "mdio": 18}}
    read_network(Spot(problems), None, board, owners)
    assert problems == [((), "pin 23, which Ethernet needs, is taken by bus rs485")]
    assert owners.has(("pin", 18))
