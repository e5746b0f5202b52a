"""What of the `network` module few programs use: Ethernet, access point, the scan of a station."""

import struct

import frames
from ask import ask
from backplane import bus

PHY_LAN8710 = 0
PHY_LAN8720 = 1
PHY_IP101 = 2
PHY_RTL8201 = 3
PHY_DP83848 = 4
PHY_KSZ8041 = 5
PHY_KSZ8081 = 6
PHY_W5500 = 20

_ETH_INITIALIZED = 0
_ETH_STARTED = 1
_ETH_DISCONNECTED = 4
_ETH_GOT_IP = 5


class _Port:
    is_active = is_up = False
    addresses = None


port = _Port()


def _change(id, data):
    port.is_up = id == 1


bus.handlers[frames.LAN] = _change


class LAN:
    """Arguments as on the ESP32: pins as Pins; an RMII PHY needs mdc and mdio, a W5500 its SPI."""

    def __init__(self, id=0, *, phy_type, phy_addr, mdc=None, mdio=None, spi=None, cs=None,
                 int=None, reset=None, power=None, ref_clk=None, ref_clk_mode=-1):  # fmt: skip
        if phy_type == PHY_W5500:
            if spi is None or cs is None:
                raise ValueError("spi and cs must be specified")
        elif mdc is None or mdio is None:
            raise ValueError("mdc and mdio must be specified")

    def active(self, is_active=None):
        if is_active is not None and bool(is_active) != port.is_active:
            port.is_active = bool(is_active)
            bus.post(frames.LAN, port.is_active)
        return port.is_active

    def isconnected(self):
        bus.catch_up()
        return port.is_active and port.is_up

    def status(self):
        bus.catch_up()
        if not port.is_active:
            return _ETH_INITIALIZED
        return _ETH_GOT_IP if port.is_up else _ETH_DISCONNECTED

    def ifconfig(self, addresses=None):
        if addresses is None:
            own = port.addresses or ("10.0.0.3", "255.255.255.0", "10.0.0.1", "10.0.0.1")
            return own if self.isconnected() else ("0.0.0.0",) + own[1:]
        port.addresses = tuple(addresses)


class AccessPoint:
    """`network.WLAN(AP_IF)`: open and without a client until `config` says otherwise."""

    settings = {"ssid": "ESP_000001", "key": "", "security": 0}
    is_active = False

    def active(self, is_active=None):
        if is_active is not None:
            AccessPoint.is_active = bool(is_active)
            self._tell()
        return AccessPoint.is_active

    def config(self, what=None, **settings):
        if what is not None:
            return self.settings[what]
        if settings.get("security") and len(settings.get("key", "")) < 8:
            raise OSError("Wifi Invalid Argument")
        self.settings.update(settings)
        self._tell()

    def ifconfig(self):
        return ("192.168.4.1", "255.255.255.0", "192.168.4.1", "0.0.0.0")

    def _tell(self):
        told = "%(ssid)s\0%(key)s" % self.settings
        bus.post(frames.ACCESS_POINT, AccessPoint.is_active, told.encode())


def scan():
    """[(ssid, bssid, channel, rssi, security, hidden)], as a station's scan finds them."""
    found = []
    answer = ask(frames.WIFI_SCAN, 0)
    at = 0
    while at < len(answer):
        rssi, size = struct.unpack_from("<bB", answer, at)
        at += 2 + size
        found.append((answer[at - size : at], b"\x02\0\0\0\0\x01", 6, rssi, 3, False))
    return found
