"""What ROM and bootloader look at before they start what is in a chip's flash.

The bootloader's image and the application's: magic number, chip, checksum and digest; between them
the partition table. MicroPython's application names itself in one text, which its prompt shows.
"""

import dataclasses
import re
import struct

from esptool.bin_image import LoadFirmwareImage
from esptool.util import FatalError

from host_tools.emulation.chips import Chip
from host_tools.emulation.nor_flash import NorFlash
from host_tools.partitions import TABLE_BYTES, TABLE_OFFSET, read_table

_MAGIC = 0xE9
_MS = 65  # the bootloader's own time, always the same
_BOOTLOADER_BYTES = 0x7000
_APPLICATION = 0
_FACTORY = 0
_BANNER = re.compile(rb"MicroPython v[^\0\r\n;]+ on \d{4}-\d\d-\d\d; [^\0\r\n]+")


class Refused(Exception):
    """The chip does not start; says what it prints."""


@dataclasses.dataclass(frozen=True)
class Program:
    """An application that can be started."""

    address: int
    banner: str


def find_program(flash: NorFlash, chip: Chip) -> Program:
    """The application that a chip of this kind would start, or Refused."""
    header = flash.read(chip.bootloader_address, 4)
    if header[0] != _MAGIC:
        raise Refused(f"invalid header: {int.from_bytes(header, 'little'):#010x}")
    problem = _problem(flash.read(chip.bootloader_address, _BOOTLOADER_BYTES), chip)
    if problem:
        raise Refused(problem)
    problems = []
    for partition in _applications(flash):
        content = flash.read(partition.offset, partition.size)
        problem = _problem(content, chip)
        if not problem:
            found = _BANNER.search(content)
            banner = found[0].decode() if found else "An application that is not MicroPython"
            return Program(partition.offset, banner)
        problems += [_error("esp_image", problem), _error("boot", _unbootable(partition))]
    nothing = _error("boot", "No bootable app partitions in the partition table")
    raise Refused("\r\n".join([*problems, nothing]))


def _error(tag: str, text: str) -> str:
    return f"E ({_MS}) {tag}: {text}"


def _applications(flash: NorFlash) -> list:
    table = read_table(flash.read(TABLE_OFFSET, TABLE_BYTES))
    if not table:
        raise Refused(_error("boot", "load partition table error!"))
    return [entry for entry in table if entry.type == _APPLICATION]


def _unbootable(partition) -> str:
    if partition.subtype == _FACTORY:
        return "Factory app partition is not bootable"
    return f"OTA app partition slot {partition.subtype & 0xF} is not bootable"


def _problem(content: bytes, chip: Chip) -> str | None:
    """Why the image that the content begins with cannot be started by this chip."""
    try:
        image = LoadFirmwareImage(chip.name, content)
        checksum = image.calculate_checksum()
    except (FatalError, RuntimeError, struct.error, LookupError) as error:
        return f"image is invalid ({error})"
    if image.chip_id != chip.image_id:
        return f"mismatch chip ID, expected {chip.image_id}, found {image.chip_id}"
    if image.checksum != checksum:
        return f"Checksum failed. Calculated {checksum:#x} read {image.checksum:#x}"
    if image.append_digest and image.stored_digest != image.calc_digest:
        return "Image hash failed - image is corrupt"
    return None
