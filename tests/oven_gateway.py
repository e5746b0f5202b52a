"""A gateway in virtual time with an oven and a valve, in the dialects that a test asks for."""

from host_tools.emulation.flash_file import FlashFile
from oven import Oven
from virtual_gateway import VirtualGateway, new_flash

SITE = """
[site]
id = "hall-2"
ntp = ["time.local"]
[mqtt]
host = "broker.local"
dialects = {dialects}
{settings}
[gateway.g1]
board = "{board}"
[[gateway.g1.bus]]
id = "rs485"
kind = "modbus-rtu"
tx = 22
rx = 21
de = 4
[[gateway.g1.bus]]
id = "pins"
kind = "pins"
[[gateway.g1.device]]
id = "oven"
profile = "delta-dtb"
bus = "rs485"
address = 3
every = "1s"
channels.temperature.alarm = {{ high = "30 °C" }}
channels.temperature_setpoint = {{ writable = true }}
channels.operating_state = {{ writable = true }}
[[gateway.g1.device]]
id = "valve"
bus = "pins"
profile = "digital-output"
pin = 23
safe = "off"
"""
DEVKIT = "espressif-esp32-devkitc"
PINGRESP = b"\xd0\x00"


def flash_of(folder, dialects, settings="", board=DEVKIT, layout=None) -> FlashFile:
    """The flash of a board with that site; with a layout it has a journal."""
    text = SITE.format(dialects=dialects, settings=settings, board=board)
    return new_flash(folder, text, layout)[1]


class OvenGateway(VirtualGateway):
    """A board with that site, and a broker; the oven grows warmer by 0.1 °C each second."""

    def __init__(self, folder, dialects, settings="", board=DEVKIT, heap=None, layout=None):
        text = SITE.format(dialects=dialects, settings=settings, board=board)
        options = {"heap": heap} if heap else {}
        super().__init__(folder, text, [1], layout=layout, **options)
        self.is_mute = False
        self.oven = Oven(self.lines[1])
        self.board.start()
        self._warm()

    def accept(self, connection):
        """A connection to the broker, on which PINGRESPs get lost while `is_mute`."""
        send = connection.send
        connection.send = lambda data: None if self.is_mute and data == PINGRESP else send(data)
        super().accept(connection)

    def _warm(self):
        self.oven.registers[0x1000] += 1
        self.scheduler.after(1_000_000, self._warm)
