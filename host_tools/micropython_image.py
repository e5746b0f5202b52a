"""A MicroPython image as it is published: bootloader, partition table and application in one file,
to be written where the chip's bootloader lies. It is checked when it is read, before a port is
touched. What is written is bootloader and application only: our own partition table takes the
place of its own, so that the gateway has a journal, and between the two lie the chip's own settings
(NVS).

The bootloader's header says for how much flash it was made; it starts with no table that needs
more, however large the flash is. So that decides the layout.
"""

import hashlib
import struct
from dataclasses import dataclass
from pathlib import Path

from esptool.bin_image import LoadFirmwareImage
from esptool.targets import CHIP_DEFS
from esptool.util import FatalError

from host_tools.errors import Kind, ToolError
from host_tools.partitions import MB, TABLE_OFFSET, Layout

APPLICATION_OFFSET = 0x10000
HEADER_BYTES = 4
_MAGIC = 0xE9


@dataclass(frozen=True)
class MicroPythonImage:
    """The file `path`, read; `chip` is what it is for, such as "esp32s3"."""

    path: Path
    content: bytes
    chip: str

    @classmethod
    def load(cls, path: Path, chip: str) -> "MicroPythonImage":
        """ToolError unless the file holds a whole image for that chip."""
        try:
            content = path.read_bytes()
        except OSError as error:
            raise ToolError(
                f"The image {path} cannot be read ({error.strerror}).", Kind.INPUT
            ) from error
        return cls.of(path, content, chip, str(path))

    @classmethod
    def of(cls, path: Path, content: bytes, chip: str, whence: str) -> "MicroPythonImage":
        """What came from somewhere and belongs at `path`; ToolError if it is not whole."""
        image = cls(path, content, chip)
        for content in (image.content, image.content[APPLICATION_OFFSET - image.begin :]):
            problem = _problem(content, CHIP_DEFS[chip])
            if problem:
                raise ToolError(
                    f"{whence} {problem}; nothing was written. Take the image of this board from "
                    "micropython.org, the file that ends in .bin, for a first installation.",
                    Kind.IMAGE,
                )
        return image

    @property
    def begin(self) -> int:
        """Where it is written."""
        return CHIP_DEFS[self.chip].BOOTLOADER_FLASH_OFFSET

    @property
    def digest(self) -> str:
        """Its SHA-256."""
        return hashlib.sha256(self.content).hexdigest()

    def parts(self, layout: Layout) -> list[tuple[int, bytes]]:
        """[(address, content)] of bootloader and application; ToolError if they are too large."""
        if self.begin + len(self.content) > layout.vfs:
            raise ToolError(
                f"{self.path} has {len(self.content)} bytes: it reaches into the file system, "
                f"which begins at {layout.vfs:#x}. Nothing was written.",
                Kind.IMAGE,
            )
        return [
            (self.begin, self.content[: TABLE_OFFSET - self.begin]),
            (APPLICATION_OFFSET, self.content[APPLICATION_OFFSET - self.begin :]),
        ]


def layout_mb(header: bytes, flash_bytes: int) -> int:
    """How much of a flash can be divided, with the bootloader that begins so; all without one."""
    flash_mb = flash_bytes // MB
    return min(flash_mb, 1 << (header[3] >> 4)) if header[0] == _MAGIC else flash_mb


def _problem(content: bytes, chip) -> str | None:
    """Why the image that the content begins with cannot run on that chip of esptool's."""
    try:
        image = LoadFirmwareImage(chip.CHIP_NAME, content)
        checksum = image.calculate_checksum()
    except (FatalError, RuntimeError, struct.error, LookupError):
        return "is no whole MicroPython image"
    if image.chip_id != chip.IMAGE_CHIP_ID:
        return f"is for another chip than an {chip.CHIP_NAME}"
    is_other = image.append_digest and image.stored_digest != image.calc_digest
    if image.checksum != checksum or is_other:
        return "is damaged: its checksum does not fit"
    return None
