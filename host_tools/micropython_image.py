"""A MicroPython image as it is published: bootloader, partition table and application in one file,
to be written where the chip's bootloader lies. It is checked before anything is written, and our
own partition table takes the place of its own, so that the gateway has a journal.

The bootloader's header says for how much flash it was made; it starts with no table that needs
more, however large the flash is. So that decides the layout.
"""

import struct
from dataclasses import dataclass
from pathlib import Path

from esptool.bin_image import LoadFirmwareImage
from esptool.util import FatalError

from host_tools.errors import ToolError
from host_tools.partitions import MB, TABLE_OFFSET, Layout

APPLICATION_OFFSET = 0x10000
HEADER_BYTES = 4
_MAGIC = 0xE9


@dataclass(frozen=True)
class MicroPythonImage:
    """The file `path`, read."""

    path: Path
    content: bytes

    @classmethod
    def load(cls, path) -> "MicroPythonImage":
        try:
            return cls(Path(path), Path(path).read_bytes())
        except OSError as error:
            raise ToolError(f"The image {path} cannot be read ({error.strerror}).") from error

    def check(self, esp) -> None:
        """ToolError unless it is whole, and for the chip that esptool speaks to."""
        begin = esp.BOOTLOADER_FLASH_OFFSET
        for content in (self.content, self.content[APPLICATION_OFFSET - begin :]):
            problem = _problem(content, esp)
            if problem:
                raise ToolError(
                    f"{self.path} {problem}; nothing was written. Take the image of this board "
                    "from micropython.org, the file that ends in .bin, for a first installation."
                )

    def parts(self, esp, layout: Layout) -> list[tuple[int, bytes]]:
        """[(address, content)] with the layout's table in it; ToolError if it is too large."""
        begin = esp.BOOTLOADER_FLASH_OFFSET
        if begin + len(self.content) > layout.vfs:
            raise ToolError(
                f"{self.path} has {len(self.content)} bytes: it reaches into the file system, "
                f"which begins at {layout.vfs:#x}. Nothing was written."
            )
        at = TABLE_OFFSET - begin
        table = layout.table()
        return [(begin, self.content[:at] + table + self.content[at + len(table) :])]


def layout_mb(header: bytes, flash_bytes: int) -> int:
    """How much of a flash can be divided, with the bootloader that begins so; all without one."""
    flash_mb = flash_bytes // MB
    return min(flash_mb, 1 << (header[3] >> 4)) if header[0] == _MAGIC else flash_mb


def _problem(content: bytes, esp) -> str | None:
    """Why the image that the content begins with cannot run on that chip."""
    try:
        image = LoadFirmwareImage(esp.CHIP_NAME, content)
        checksum = image.calculate_checksum()
    except (FatalError, RuntimeError, struct.error, LookupError):
        return "is no whole MicroPython image"
    if image.chip_id != esp.IMAGE_CHIP_ID:
        return f"is for another chip than this {esp.CHIP_NAME}"
    is_other = image.append_digest and image.stored_digest != image.calc_digest
    if image.checksum != checksum or is_other:
        return "is damaged: its checksum does not fit"
    return None
