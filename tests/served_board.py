"""A whole emulated board in real time, whose console is a pseudo-terminal for real tools."""

import asyncio
import threading
import time

from disk import files_on
from host_tools.backup import state_in
from host_tools.emulation.board import Board
from host_tools.emulation.flash_file import FlashFile
from host_tools.emulation.scheduler import RealScheduler
from host_tools.emulation.serial_carriers import PtyCarrier
from host_tools.image import build_image


def wait_for(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)


class ServedBoard:
    """A context: `port` is to be opened; `received` counts the bytes that came over it."""

    def __init__(self, folder, files):
        self._flash = FlashFile.create(folder / "flash.bin", build_image(files))
        self.received = 0
        self.console = []
        self.on_output = lambda data: None

    def __enter__(self):
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self._do(self._open())
        self.port = self._carrier.url
        return self

    def __exit__(self, *_):
        self._do(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def power_cycle(self):
        """The power fails and comes back, wherever the program is."""
        self._do(self._power_cycle())

    def has(self, files):
        """Whether these files are there, and no program beside them."""
        there = self.files()
        if any(path.startswith("/lib/") and path not in files for path in there):
            return False
        return all(there.get(path) == content for path, content in files.items())

    def state(self):
        """What the gateway keeps itself."""
        return state_in(self.files())

    def files(self):
        """What is on the flash, {path: content}."""
        return files_on(self._flash)

    # What the carrier calls.

    def receive(self, data, baud):
        self.received += len(data)
        self._board.type(data)
        return b""

    def let_go(self):
        """The board runs on without a host."""

    def _do(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(30)

    async def _open(self):
        self._board = Board(
            RealScheduler(), self._flash.path, on_console=self.console.append, heap=160 * 1024
        )
        self._board.on_output = lambda data: self.on_output(data)
        self._carrier = PtyCarrier(self)
        await self._carrier.open()
        self._board.start()

    async def _close(self):
        self._board.stop()
        self._carrier.close()

    async def _power_cycle(self):
        self._board.power_cut()
        self._board.start()
