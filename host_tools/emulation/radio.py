"""What the board's network interfaces meet: access points in reach, and an Ethernet cable.

Both show the states that their drivers are known for: a password that is refused, a station that
rejoins for as long as the program wants, one that believes it is connected though its address is
gone, and a cable that is in or out.
"""

import struct
from dataclasses import dataclass

from host_tools.emulation.backplane import frame
from host_tools.emulation.device import frames

_JOIN_US = 1_000_000
_SCAN_US = 2_000_000
_CABLE_US = 2_000_000
_BEACON_TIMEOUT = 200
_NO_AP_FOUND = 201
_WRONG_PASSWORD = 202


@dataclass
class AccessPoint:
    """A Wi-Fi network; an empty `ssid` stands for whatever the program asks for."""

    ssid: str = ""
    password: str | None = None
    rssi: int = -60
    is_up: bool = True

    def takes(self, password: str) -> bool:
        return self.password is None or self.password == password


class Station:
    """Joining takes a second, and it rejoins for as long as the program wants."""

    def __init__(self, board):
        self.access_points = [AccessPoint()]
        self._board = board
        self.forget()

    def forget(self) -> None:
        """The chip starts anew."""
        self._wanted: tuple[str, str] | None = None
        self._joined: AccessPoint | None = None

    @property
    def joined(self) -> AccessPoint | None:
        """The access point that the station is on."""
        return self._joined

    def on_frame(self, joins: int, data: bytes) -> None:
        """The program wants to join a network, by name and password, or to leave."""
        self._joined = None
        self._board.set_link("wifi", False)
        self._wanted = None
        if joins:
            ssid, _, password = data.partition(b"\0")
            self._wanted = ssid.decode(), password.decode()
            self._try_later()

    def set_access_point(self, up: bool, ssid: str = "") -> None:
        """Switch an access point on or off."""
        for access_point in self.access_points:
            if access_point.ssid == ssid:
                access_point.is_up = up
        if self._joined and not self._joined.is_up:
            self._tell(None, _BEACON_TIMEOUT)
        if up and self._wanted and not self._joined:
            self._try_later()

    def lose_address(self) -> None:
        """Packets pass no more, and the driver does not notice."""
        self._board.set_link("wifi", False)

    def stick(self) -> None:
        """Let `connect` raise "Wifi Internal Error" until the radio is switched off and on."""
        self._board.post(frame(frames.WIFI, 2, b"\0\0"))

    def scan(self) -> tuple[bytes, int]:
        """What a scan finds, and the µs that it takes."""
        found = [point for point in self.access_points if point.is_up and point.ssid]
        return b"".join(
            struct.pack("<bB", point.rssi, len(point.ssid)) + point.ssid.encode() for point in found
        ), _SCAN_US

    def _try_later(self) -> None:
        boots, wanted = self._board.boots, self._wanted
        self._board.later(_JOIN_US, lambda: self._try(boots, wanted))

    def _try(self, boots: int, wanted: tuple[str, str]) -> None:
        if self._wanted is not wanted or self._joined or boots != self._board.boots:
            return
        ssid, password = wanted
        in_reach = [p for p in self.access_points if p.is_up and p.ssid in ("", ssid)]
        if not in_reach:
            self._tell(None, _NO_AP_FOUND)
        elif in_reach[0].takes(password):
            self._tell(in_reach[0], 0)
        else:
            self._tell(None, _WRONG_PASSWORD)

    def _tell(self, access_point: AccessPoint | None, reason: int) -> None:
        self._joined = access_point
        self._board.set_link("wifi", access_point is not None)
        self._board.post(frame(frames.WIFI, access_point is not None, struct.pack("<H", reason)))


class Cable:
    """The Ethernet port: link and address are there two seconds after cable and program are."""

    def __init__(self, board):
        self._board = board
        self.is_plugged = False
        self.forget()

    def forget(self) -> None:
        """The chip starts anew."""
        self._is_wanted = False

    def on_frame(self, active: int, data: bytes) -> None:
        """The program starts or stops the interface."""
        self._is_wanted = bool(active)
        self._change()

    def plug(self, is_plugged: bool) -> None:
        """Put the cable in, or pull it."""
        self.is_plugged = is_plugged
        self._change()

    def _change(self) -> None:
        if not (self._is_wanted and self.is_plugged):
            return self._tell(False)
        boots = self._board.boots
        self._board.later(_CABLE_US, lambda: self._come_up(boots))

    def _come_up(self, boots: int) -> None:
        if self._is_wanted and self.is_plugged and boots == self._board.boots:
            self._tell(True)

    def _tell(self, is_up: bool) -> None:
        self._board.set_link("ethernet", is_up)
        self._board.post(frame(frames.LAN, is_up))
