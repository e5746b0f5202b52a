"""A gateway of a site in virtual time, with a time server, a broker and a subscriber.

What hangs on its pins, lines and network is the test's to add, before the board starts.
"""

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
from host_tools.subscriber import ALL_TOPICS, Subscriber

SECRETS = '[wifi]\nssid = "hall"\npassword = "secret-secret"\n'


def new_flash(folder, site, layout=None):
    """The files of a site's only gateway, and a new flash with them; a layout has a journal."""
    (folder / "site.toml").write_text(site)
    (folder / "secrets.toml").write_text(SECRETS)
    loaded = load_site(folder / "site.toml")
    files = gateway_files(loaded, loaded.gateways[0])
    size = [layout.vfs_bytes] if layout else []
    return files, FlashFile.create(folder / "flash.bin", build_image(files, *size), layout)


class VirtualGateway:
    """The one gateway of a site; a line hangs on each of its `uarts`, `options` are the board's."""

    def __init__(
        self, folder, site, uarts=(), time_servers=("time.local",), start_s=None, layout=None,
        **options,
    ):  # fmt: skip
        self.files, self.flash = new_flash(folder, site, layout)
        self.scheduler = VirtualScheduler(*([start_s] if start_s else []))
        self.lan = Lan(self.scheduler)
        for host in time_servers:
            serve_time(self.lan, self.scheduler.utc_us, host)
        self.broker = BrokerModel(self.scheduler)
        self.lan.listen("broker.local", 1883, self.accept)
        self.arrivals, self.console = [], []
        self.subscriber = Subscriber(self.arrivals.append)
        self.broker.subscribe(ALL_TOPICS, self.subscriber.feed)
        self.lines = {uart: Line(self.scheduler) for uart in uarts}
        self.board = Board(
            self.scheduler, self.flash.path, self.lines, self.lan,
            on_console=self.console.append, **options,
        )  # fmt: skip

    def accept(self, connection):
        """A connection to the broker."""
        self.broker.accept(connection)

    def __enter__(self):
        self.board.start()
        return self

    def __exit__(self, *exception):
        self.board.stop()

    def run(self, seconds):
        self.scheduler.run_until(self.scheduler.now_us + int(seconds * 1e6))

    def bodies(self, kind):
        return [one.record.body for one in self.arrivals if isinstance(one.record.body, kind)]
