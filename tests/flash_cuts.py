"""Boards whose power fails while they are flashed, at random moments, and the runs that follow."""

import contextlib
import io
import os
import random
from collections import Counter
from pathlib import Path

from emulated_port import served
from host_tools.board import load_board
from host_tools.chip_writer import write_gateway
from host_tools.emulation.boot_image import Refused, find_program
from host_tools.emulation.chips import CHIPS
from host_tools.emulation.nor_flash import SECTOR_BYTES, NorFlash
from host_tools.emulation.rom_loader import RomLoader
from host_tools.emulation.serial_carriers import PtyCarrier
from host_tools.emulation.stand_in_image import stand_in_image
from host_tools.errors import Kind, ToolError
from host_tools.image import build_image
from host_tools.micropython_image import MicroPythonImage
from host_tools.partitions import MB, TABLE_OFFSET, layout_of

_BOARDS = (
    "espressif-esp32-devkitc",
    "espressif-esp32-s3-devkitc-1",
    "espressif-esp32-c3-devkitm-1",
)
_BAUD = 921600
_SETTINGS = 0x9000
_WRITES = 100
"""About so many erasures and programs make a gateway of a blank chip; four are of its table."""
_TABLE_WRITES = 4
_TABLE_PART = 0.3


def play(folder, count, seed):
    """So many writings that are cut off, each followed by a whole one; where, counted.

    Asserts that a board that was cut off does not start, unless nothing has changed yet or all is
    there, and that the second run always ends with all in its place.
    """
    boards = [_CutBoard(folder, name, random.Random(f"{seed}.{name}")) for name in _BOARDS]
    try:
        return dict(Counter(boards[number % len(boards)].play() for number in range(count)))
    finally:
        for board in boards:
            board.close()


class _PowerFailure(Exception):
    """Ends a write."""


class _FailingFlash(NorFlash):
    """A flash chip whose power fails within the write whose address `fails` says yes to."""

    def __init__(self, path, size, chance):
        super().__init__(path, size)
        self._chance = chance
        self.fails = lambda address: False

    def erase(self, address, length):
        """The sector that is under way holds anything afterwards."""
        if not self.fails(address):
            return super().erase(address, length)
        at = address + self._chance.randrange(0, length, SECTOR_BYTES)
        super().erase(address, at - address + 1)
        super().program(at, self._chance.randbytes(SECTOR_BYTES))
        raise _PowerFailure

    def program(self, address, data):
        """The first bytes are written."""
        if not self.fails(address):
            return super().program(address, data)
        super().program(address, data[: self._chance.randrange(len(data))])
        raise _PowerFailure


class _Cable(PtyCarrier):
    """A pseudo-terminal that is gone when the chip has no power any more.

    Its name stays taken: esptool opens a lost port again, and it could then be somebody else's.
    """

    _name = None

    def _on_readable(self):
        try:
            super()._on_readable()
        except _PowerFailure:
            self._loop.remove_reader(self._master)
            self._name = os.open(self.url, os.O_RDWR | os.O_NOCTTY)
            nothing = os.open(os.devnull, os.O_RDWR)
            os.dup2(nothing, self._master)
            os.close(nothing)

    def close(self):
        super().close()
        if self._name is not None:
            os.close(self._name)


class _CutBoard:
    """A board of one kind. Its own settings and its journal must stay as they are."""

    def __init__(self, folder, name, chance):
        self._chance = chance
        self._board = load_board(name)
        self._chip = CHIPS[self._board["chip"]]
        self._layout = layout_of(self._board["flash_mb"])
        size = self._board["flash_mb"] * MB
        self._flash = _FailingFlash(folder / f"{name}.bin", size, chance)
        self._own = [(at, chance.randbytes(2000)) for at in (_SETTINGS, self._layout.journal)]
        for at, content in self._own:
            self._flash.program(at, content)

    def play(self):
        """Cut off the writing of another version, then write it; says where the cut was."""
        before = self._content()
        wanted = self._version()
        place = self._write(wanted, self._moment())
        assert self._content() == before or self._holds(wanted) or not self._starts()
        if place != "not at all":
            assert self._write(wanted, lambda address: False) == "not at all"
        assert self._holds(wanted) and self._starts()
        return place

    def close(self):
        self._flash.close()

    def _content(self):
        return self._flash.read(0, len(self._flash))

    def _version(self):
        """Another MicroPython and another file system, made of chance."""
        minor = self._chance.randrange(23, 30)
        banner = f"MicroPython v1.{minor}.0 on 2025-04-15; a stand-in"
        content = stand_in_image(self._chip, banner, self._board["flash_mb"])
        image = MicroPythonImage(Path("stand-in.bin"), content, self._board["chip"])
        files = {f"/lib/x{n}.mpy": self._chance.randbytes(5000) for n in range(12)}
        return image, build_image(files, self._layout.vfs_bytes)

    def _moment(self):
        """A function that says yes to one write: the partition table's rather often."""
        of_table = self._chance.random() < _TABLE_PART
        left = iter([False] * self._chance.randrange(_TABLE_WRITES if of_table else _WRITES))
        return lambda address: (not of_table or address == TABLE_OFFSET) and next(left, True)

    def _write(self, wanted, fails):
        """Where the power failed, if it did."""
        image, file_system = wanted
        places = ["not at all"]

        def noted(address):
            is_failing = fails(address)
            if is_failing:
                places.append(self._part(address))
            return is_failing

        self._flash.fails = noted
        loader = RomLoader(self._flash, self._chip)
        with served(_Cable(loader)) as port, contextlib.redirect_stdout(io.StringIO()):
            try:
                write_gateway(port, lambda layout: file_system, self._board, _BAUD, image)
            except ToolError as error:
                assert error.status == Kind.PORT and len(str(error).splitlines()) == 1
                assert str(error).startswith(f"The connection to {port} was lost (")
                assert "Plug the board in and run it again" in str(error)
                assert len(places) == 2
        return places[-1]

    def _part(self, address):
        if address == TABLE_OFFSET:
            return "in the table"
        return "in the file system" if address >= self._layout.vfs else "in MicroPython"

    def _starts(self):
        try:
            return bool(find_program(self._flash, self._chip))
        except Refused:
            return False

    def _holds(self, wanted):
        image, file_system = wanted
        parts = [
            *image.parts(self._layout),
            (self._layout.vfs, file_system),
            (TABLE_OFFSET, self._layout.table()),
            *self._own,
        ]
        return all(self._flash.read(at, len(content)) == content for at, content in parts)
