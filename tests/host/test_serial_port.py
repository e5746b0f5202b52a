"""Which port a board is at, when nobody says it."""

import pytest
from serial.tools.list_ports_common import ListPortInfo

from host_tools import serial_port
from host_tools.errors import ToolError


def _usb(device: str, product: int) -> ListPortInfo:
    port = ListPortInfo(device)
    port.description, port.vid, port.pid = "a bridge", 0x1234, product
    return port


@pytest.fixture
def plug_in(monkeypatch):
    def plug(*ports):
        monkeypatch.setattr(serial_port, "comports", lambda: list(ports))

    return plug


def test_the_only_board_is_found_beside_a_port_that_is_not_on_usb(plug_in):
    plug_in(ListPortInfo("/dev/ttyS0"), _usb("/dev/ttyUSB3", 1))
    assert serial_port.only_board_port() == "/dev/ttyUSB3"


def test_several_boards_are_listed_with_their_ids(plug_in):
    plug_in(_usb("/dev/ttyUSB1", 0xAB), _usb("/dev/ttyUSB0", 2))
    with pytest.raises(ToolError) as caught:
        serial_port.only_board_port()
    assert str(caught.value) == (
        "Several boards are plugged in; choose one with --port: "
        "/dev/ttyUSB0 (a bridge, USB 1234:0002); /dev/ttyUSB1 (a bridge, USB 1234:00ab)."
    )


def test_without_a_board_the_cable_is_named(plug_in):
    plug_in(ListPortInfo("/dev/ttyS0"))
    with pytest.raises(ToolError, match="cable carries data, or name the port with --port"):
        serial_port.only_board_port()
