"""The stock `network` module of the ESP32, as far as a station uses it."""

import struct

import frames
from backplane import bus

STA_IF = 0
AP_IF = 1
STAT_IDLE = 1000
STAT_CONNECTING = 1001
STAT_GOT_IP = 1010
STAT_BEACON_TIMEOUT = 200
STAT_NO_AP_FOUND = 201
STAT_WRONG_PASSWORD = 202
STAT_ASSOC_FAIL = 203
STAT_HANDSHAKE_TIMEOUT = 204

mac = None  # set by the launcher
load_late = None  # set by the launcher


class _Station:
    is_active = is_wanted = is_joined = is_joining = is_stuck = False
    reason = 0
    ssid = key = ""
    addresses = None
    hostname = "mpy-esp32"

    def change(self, id, data):
        if id == 2:
            self.is_stuck = True
            return
        self.is_joined = id == 1
        self.is_joining = False
        self.reason = struct.unpack("<H", data)[0]


station = _Station()
bus.handlers[frames.WIFI] = station.change


def hostname(name=None):
    if name is not None:
        station.hostname = name
    return station.hostname


class WLAN:
    IF_STA = STA_IF
    IF_AP = AP_IF
    SEC_OPEN = 0
    SEC_WPA2 = 3
    PM_NONE = 0

    def __new__(cls, interface=STA_IF):
        if interface == AP_IF:
            return load_late("network_late").AccessPoint()
        return object.__new__(cls)

    def __init__(self, interface=STA_IF):
        pass

    def active(self, is_active=None):
        if is_active is not None:
            if station.is_active and not is_active:
                self._leave()
                station.is_stuck = False
            station.is_active = bool(is_active)
        return station.is_active

    def connect(self, ssid=None, key=None, bssid=None):
        if not station.is_active:
            raise OSError("Wifi Not Started")
        bus.catch_up()
        if station.is_joining or station.is_stuck:
            raise OSError("Wifi Internal Error")
        if ssid is not None:
            station.ssid = ssid
            station.key = key or ""
        station.is_wanted = station.is_joining = True
        station.is_joined = False
        bus.post(frames.WIFI, 1, (station.ssid + "\0" + station.key).encode())

    def disconnect(self):
        if not station.is_active:
            raise OSError("Wifi Not Started")
        self._leave()

    def _leave(self):
        station.is_wanted = station.is_joining = station.is_joined = False
        station.reason = 0
        bus.post(frames.WIFI, 0)

    def isconnected(self):
        bus.catch_up()
        return station.is_joined

    def status(self, what=None):
        bus.catch_up()
        if what == "rssi":
            return -60
        if station.is_joined:
            return STAT_GOT_IP
        if station.reason in (STAT_NO_AP_FOUND, STAT_WRONG_PASSWORD):
            return station.reason
        return STAT_CONNECTING if station.is_wanted else STAT_IDLE

    def ifconfig(self, addresses=None):
        if addresses is None:
            own = station.addresses or ("10.0.0.2", "255.255.255.0", "10.0.0.1", "10.0.0.1")
            return own if station.is_joined else ("0.0.0.0",) + own[1:]
        station.addresses = tuple(addresses)

    def ipconfig(self, what=None, **settings):
        if what == "addr4":
            return self.ifconfig()[:2]
        if what == "gw4":
            return self.ifconfig()[2]
        if what is not None:
            raise ValueError("unknown config param")

    def config(self, what=None, **settings):
        if what == "mac":
            return mac
        if what in ("ssid", "essid"):
            return station.ssid
        if what in ("hostname", "dhcp_hostname"):
            return station.hostname
        if what is not None:
            raise ValueError("unknown config param")

    def scan(self):
        if not station.is_active:
            raise OSError("STA must be active")
        return load_late("network_late").scan()


def __getattr__(name):
    if name == "LAN" or name.startswith("PHY_"):
        return getattr(load_late("network_late"), name)
    raise AttributeError(name)
