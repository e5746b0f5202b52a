"""A whole emulated board at a port beside a test, and the real tools that are used on it."""

import contextlib
import subprocess
import sys
import time

from emulated_port import served
from host_tools.emulation.board import Board
from host_tools.emulation.chips import CHIPS
from host_tools.emulation.nor_flash import NorFlash
from host_tools.emulation.rom_loader import RomLoader
from host_tools.emulation.scheduler import RealScheduler
from host_tools.emulation.serial_carriers import Rfc2217Carrier
from host_tools.emulation.serial_chip import SerialChip

PATIENCE_S = 30


class ServedChip:
    """What `served` serves: a chip whose power goes on with its port."""

    def __init__(self, path, carrier=Rfc2217Carrier, chip="esp32", size_mb=4):
        self.path = path
        self._flash = NorFlash(path, size_mb << 20)
        self._loader = RomLoader(self._flash, CHIPS[chip])
        self._carrier_kind = carrier
        self.said = bytearray()

    async def open(self):
        self.board = Board(RealScheduler(), self.path)
        has_reset_lines = self._carrier_kind is Rfc2217Carrier
        self.chip = SerialChip(self._flash, self._loader, self.board, has_reset_lines)
        self._carrier = self._carrier_kind(self.chip)
        to_host = self.chip.on_output
        self.chip.on_output = lambda data: (self.said.extend(data), to_host(data))
        await self._carrier.open()
        self.url = self._carrier.url
        self.said += self.chip.reset(download=False)

    def wait_for(self, text):
        """Until the chip has said it."""
        end = time.monotonic() + PATIENCE_S
        while text not in self.said:
            assert time.monotonic() < end, bytes(self.said)
            time.sleep(0.01)

    def close(self):
        self.board.stop()
        self._carrier.close()
        self._flash.close()


@contextlib.contextmanager
def served_chip(path, **options):
    chip = ServedChip(path, **options)
    with served(chip):
        yield chip


def mpremote(port, *arguments):
    """The real mpremote's output; an error of it fails the test."""
    done = subprocess.run(
        [sys.executable, "-m", "mpremote", "connect", port, *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
