"""What is wrong with the flash chip of an emulated board.

It is the chip's, so it stays over restarts and power cuts. The board asks nobody: it is told what
its flash does, and does it. Reading always works.
"""

import struct
from collections.abc import Callable

from host_tools.emulation.backplane import frame
from host_tools.emulation.device import frames


class FlashFaults:
    """`post` reaches the board. `refused` counts what was refused to the present program,
    `refused_starts` the programs that it refused everything as they started;
    `on_torn` is told when the power has failed within an operation."""

    def __init__(self, post: Callable[[bytes], None]):
        self.refused = self.refused_starts = 0
        self.on_torn: Callable[[], None] = lambda: None
        self._post = post
        self._refuses = False
        self._stuck: list[int] = []
        self._tear: tuple[int, int] | None = None

    def refuse(self, refuses: bool) -> None:
        """From now on erasing and programming fail, or work again."""
        self._refuses = refuses
        self._post(self._refusal())

    def wear_out(self, address: int) -> None:
        """A block is worn out: this byte of it can no longer be erased."""
        self._stuck.append(address)
        self._post(self._stuck_byte(address))

    def tear(self, operations: int, share: int) -> None:
        """The power will fail within an operation, after so many whole ones and so many 256ths."""
        self._tear = operations, share
        self._post(self._tearing())

    def mend_power(self) -> None:
        """The power will not fail, or has failed."""
        self._tear = None
        self._post(self._tearing())

    def boot_frames(self) -> bytes:
        """All of it, for a program that starts."""
        self.refused = 0
        self.refused_starts += self._refuses
        stuck = [self._stuck_byte(address) for address in self._stuck]
        return b"".join([self._refusal(), *stuck, self._tearing()])

    def _refusal(self) -> bytes:
        return frame(frames.FLASH, frames.FLASH_REFUSES, bytes([self._refuses]))

    def _stuck_byte(self, address: int) -> bytes:
        return frame(frames.FLASH, frames.FLASH_STUCK, struct.pack("<I", address))

    def _tearing(self) -> bytes:
        tear = struct.pack("<HB", *self._tear) if self._tear else b""
        return frame(frames.FLASH, frames.FLASH_TEARS, tear)
