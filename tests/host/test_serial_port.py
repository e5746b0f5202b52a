"""Which port a board is at, when nobody says it."""

import pytest
from serial.tools.list_ports_common import ListPortInfo

from host_tools import board_port, serial_port
from host_tools.chip_writer import Found
from host_tools.errors import Kind, ToolError


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
    assert board_port.find_board_port() == "/dev/ttyUSB3"


class Chips:
    """Stands for the chips at ports: {port: Found, or the kind of what goes wrong}."""

    def __init__(self, monkeypatch, chips):
        self._chips = chips
        monkeypatch.setattr(board_port, "identify", self.identify)

    def identify(self, port):
        answer = self._chips[port]
        if isinstance(answer, Kind):
            raise ToolError("No answer.", answer)
        return answer


FIRST = Found("esp32", "24:6f:28:aa:bb:01")
SECOND = Found("esp32c3", "24:6f:28:aa:bb:02")


def test_several_boards_are_listed_with_chip_and_id(plug_in, monkeypatch):
    plug_in(_usb("/dev/ttyUSB1", 0xAB), _usb("/dev/ttyUSB0", 2), _usb("/dev/ttyUSB2", 3))
    Chips(
        monkeypatch,
        {"/dev/ttyUSB0": FIRST, "/dev/ttyUSB1": SECOND, "/dev/ttyUSB2": Kind.PORT},
    )
    with pytest.raises(ToolError) as caught:
        board_port.find_board_port()
    assert str(caught.value) == (
        "Several ports may be the board's; choose one with --port: "
        "/dev/ttyUSB0 (a bridge, USB 1234:0002): esp32, MAC 24:6f:28:aa:bb:01; "
        "/dev/ttyUSB1 (a bridge, USB 1234:00ab): esp32c3, MAC 24:6f:28:aa:bb:02; "
        "/dev/ttyUSB2 (a bridge, USB 1234:0003): cannot be opened."
    )
    assert caught.value.status == Kind.PORT


def test_among_several_ports_the_one_with_a_chip_is_the_board_s(plug_in, monkeypatch):
    plug_in(_usb("/dev/ttyUSB0", 1), _usb("/dev/ttyUSB1", 2))
    Chips(monkeypatch, {"/dev/ttyUSB0": Kind.BOARD, "/dev/ttyUSB1": SECOND})
    assert board_port.find_board_port() == "/dev/ttyUSB1"


def test_without_a_board_the_cable_is_named(plug_in):
    plug_in(ListPortInfo("/dev/ttyS0"))
    with pytest.raises(ToolError, match="cable carries data, or name the port with --port"):
        board_port.find_board_port()
