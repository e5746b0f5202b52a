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


class _Station:
    is_active = is_wanted = is_joined = is_joining = False
    reason = 0
    ssid = ""
    hostname = "mpy-esp32"

    def change(self, id, data):
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

    def __init__(self, interface=STA_IF):
        if interface != STA_IF:
            raise ValueError("the emulated board has no access point")

    def active(self, is_active=None):
        if is_active is not None:
            if station.is_active and not is_active:
                self._leave()
            station.is_active = bool(is_active)
        return station.is_active

    def connect(self, ssid=None, key=None, bssid=None):
        if not station.is_active:
            raise OSError("Wifi Not Started")
        if station.is_joining:
            raise OSError("Wifi Internal Error")
        if ssid is not None:
            station.ssid = ssid
        station.is_wanted = station.is_joining = True
        station.is_joined = False
        bus.post(frames.WIFI, 1, station.ssid.encode())

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
        if station.reason == STAT_NO_AP_FOUND:
            return STAT_NO_AP_FOUND
        return STAT_CONNECTING if station.is_wanted else STAT_IDLE

    def ifconfig(self, addresses=None):
        if addresses is None:
            own = "10.0.0.2" if station.is_joined else "0.0.0.0"
            return own, "255.255.255.0", "10.0.0.1", "10.0.0.1"

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
        bus.catch_up()
        return [(station.ssid.encode(), mac, 6, -60, 3, False)] if station.is_joined else []
