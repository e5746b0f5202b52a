"""A gateway in virtual time with an oven and a valve, in the dialects that a test asks for."""

from host_tools.emulation.board import Board
from host_tools.emulation.broker_model import BrokerModel
from host_tools.emulation.flash_file import FlashFile
from host_tools.emulation.lan import Lan
from host_tools.emulation.line import Line
from host_tools.emulation.scheduler import VirtualScheduler
from host_tools.emulation.time_server import serve_time
from host_tools.gateway_image import gateway_files
from host_tools.image import build_image
from host_tools.site import load_site
from oven import Oven

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
SECRETS = '[wifi]\nssid = "hall"\npassword = "secret-secret"\n'
DEVKIT = "espressif-esp32-devkitc"
PINGRESP = b"\xd0\x00"


def flash_of(folder, dialects, settings="", board=DEVKIT, layout=None) -> FlashFile:
    """The flash of a board with that site; with a layout it has a journal."""
    text = SITE.format(dialects=dialects, settings=settings, board=board)
    (folder / "site.toml").write_text(text)
    (folder / "secrets.toml").write_text(SECRETS)
    files = gateway_files(load_site(folder / "site.toml"), "g1")
    size = [layout.vfs_bytes] if layout else []
    return FlashFile.create(folder / "flash.bin", build_image(files, *size), layout)


class OvenGateway:
    """A board with that site, and a broker; the oven grows warmer by 0.1 °C each second."""

    def __init__(self, folder, dialects, settings="", board=DEVKIT, heap=None, layout=None):
        self.flash = flash_of(folder, dialects, settings, board, layout)
        self.scheduler = VirtualScheduler()
        self.lan = Lan(self.scheduler)
        serve_time(self.lan, self.scheduler.utc_us, "time.local")
        self.broker = BrokerModel(self.scheduler)
        self.is_mute = False
        self.lan.listen("broker.local", 1883, self._accept)
        line = Line(self.scheduler)
        self.oven = Oven(line)
        self.console = []
        options = {"heap": heap} if heap else {}
        self.board = Board(
            self.scheduler,
            self.flash.path,
            lines={1: line},
            lan=self.lan,
            on_console=self.console.append,
            **options,
        )
        self.board.start()
        self._warm()

    def _accept(self, connection):
        """A connection to the broker, on which PINGRESPs get lost while `is_mute`."""
        send = connection.send
        connection.send = lambda data: None if self.is_mute and data == PINGRESP else send(data)
        self.broker.accept(connection)

    def _warm(self):
        self.oven.registers[0x1000] += 1
        self.scheduler.after(1_000_000, self._warm)

    def run(self, seconds):
        self.scheduler.run_until(self.scheduler.now_us + int(seconds * 1e6))
