"""A whole chip at its serial port: in the ROM's loader, or running what is in its flash.

After each reset its ROM prints why it starts. It starts what is in flash only if that is whole and
made for this chip (`boot_image`); what runs then has the port as its console. Where a carrier has
no reset lines, a tool's first SYNC stands for them, as if BOOT were held and RESET pressed; closing
the port then resets the chip out of its loader.
"""

from host_tools.emulation import slip
from host_tools.emulation.board import POWER_ON, SOFT, Board
from host_tools.emulation.boot_image import Refused, find_program
from host_tools.emulation.nor_flash import NorFlash
from host_tools.emulation.rom_loader import SYNC, RomLoader

_SYNC_BEGIN = slip.encode(bytes([0, SYNC]))[:3]


class SerialChip:
    """`board` runs from the same flash that `loader` writes; `on_output` takes what it prints."""

    def __init__(self, flash: NorFlash, loader: RomLoader, board: Board, has_reset_lines: bool):
        self.on_output = lambda data: None
        self._flash = flash
        self._loader = loader
        self._board = board
        self._has_reset_lines = has_reset_lines
        board.on_output = lambda data: self.on_output(data)
        board.on_boot = self._boot

    def power_on(self) -> None:
        self.reset(download=False)

    def reset(self, download: bool) -> bytes:
        """Press RESET, with BOOT held or not; what the ROM prints at once."""
        self._board.power_cut()
        said = self._loader.reset(download)
        if not download:
            self._board.start()
        return said

    def receive(self, data: bytes, line_baud: int) -> bytes:
        """Bytes for the loader, and its answers, or for the console of what runs."""
        if not self._loader.listening and not self._has_reset_lines and _SYNC_BEGIN in data:
            self.reset(download=True)
        if self._loader.listening:
            return self._loader.receive(data, line_baud)
        self._board.type(data)
        return b""

    def let_go(self) -> None:
        """Nobody is at the port any more."""
        if not self._board.is_running:
            self.reset(download=False)

    def _boot(self, cause: int) -> bool:
        """The board is about to start: whether there is something that can."""
        chip = self._loader.chip
        if cause not in (POWER_ON, SOFT):
            log = chip.boot_log
            self.on_output(log.text(log.software, log.flash).encode())
        try:
            program = find_program(self._flash, chip)
        except Refused as reason:
            self.on_output(f"{reason}\r\n".encode())
            return False
        self._board.banner = program.banner
        return True
