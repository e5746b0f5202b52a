"""A gateway's part of a site file about its network: which links it uses, and a static address."""

from limen.core.schema import describe, one_of, optional, required, text
from limen.core.units import Mistake

ETHERNET, WIFI = "ethernet", "wifi"
_LINKS = (ETHERNET, WIFI)
_PINS = ("mdc", "mdio", "power", "reset", "ref_clk", "cs", "int")


def _links(value):
    if isinstance(value, list) and value:
        return [one_of(_LINKS)(link) for link in value]
    raise Mistake('must be a list such as ["ethernet", "wifi"], not ' + describe(value))


def _address(value):
    """An IPv4 address as four numbers."""
    numbers = text(value).split(".")
    if len(numbers) == 4 and not [True for number in numbers if not _is_byte(number)]:
        return value
    raise Mistake('must be an IPv4 address such as "192.168.1.1", not ' + describe(value))


def _is_byte(digits):
    is_number = 0 < len(digits) < 4 and not [True for d in digits if d not in "0123456789"]
    return is_number and int(digits) < 256


def _own_address(value):
    """(address, mask) of "192.168.1.20/24"."""
    address, slash, bits = text(value).partition("/")
    if not slash or not _is_byte(bits) or not 8 <= int(bits) <= 30:
        raise Mistake('must be an address with its network such as "192.168.1.20/24"')
    mask = (1 << 32) - (1 << 32 - int(bits))
    return _address(address), ".".join([str(mask >> shift & 255) for shift in (24, 16, 8, 0)])


_NETWORK = {
    "links": optional(_links),
    "address": optional(_own_address),
    "router": optional(_address),
    "dns": optional(_address),
}


def read_network(spot, part, board, owners):
    """What a gateway is told of its network; `board` are its facts, None where it is unknown."""
    fields = dict(_NETWORK)
    if part and "address" in part:
        fields["router"] = required(_address, 'router = "192.168.1.1"')
    values = spot.read_table(part or {}, fields)
    if values["address"] is None and (values["router"] or values["dns"]):
        spot.at("router" if values["router"] else "dns").report(
            'is told by the network itself; with a static address write address = "192.168.1.20/24"'
        )
    wires = board and board.get("ethernet")
    links = values["links"] or ([ETHERNET] if wires else [WIFI])
    if ETHERNET in links and board and not wires:
        spot.at("links").report("names Ethernet, which this board does not have")
    compact = {"wifi": WIFI in links}
    if ETHERNET in links and wires:
        compact["ethernet"] = wires
        for name in _PINS:
            if name in wires:
                sentence = "pin %d, which Ethernet needs," % wires[name]
                owners.claim(("pin", wires[name]), "Ethernet", spot, sentence + " is taken by %s")
    if values["address"] and values["router"]:
        address, mask = values["address"]
        compact["address"] = [address, mask, values["router"], values["dns"] or values["router"]]
    return compact
