"""A stand-in for a MicroPython image: what an emulated chip needs to start, and nothing to run.

As in a real one, bootloader, partition table and application follow one another, to be written to
the bootloader's address; each has a true header, checksum and digest. The application holds no
more than the text by which MicroPython names itself, so the emulated board shows it.
"""

import io

from esp_idf_defs.partitions import PARTITION_TABLE_OFFSET, PartitionTable
from esptool.bin_image import ELFSection
from esptool.targets import CHIP_DEFS
from esptool.util import strip_chip_name

from host_tools.emulation.chips import Chip
from host_tools.partitions import MB

_RAM = 0x3FFB0000
_FLASH_MODE_DIO, _FLASH_40_MHZ = 2, 0
_SIZE_CODES = {4: 2, 8: 3, 16: 4}
_STOCK_TABLE = """
nvs,      data, nvs,     0x9000,   0x6000
phy_init, data, phy,     0xf000,   0x1000
factory,  app,  factory, 0x10000,  0x1f0000
vfs,      data, fat,     0x200000, {vfs:#x}
"""


BANNER = "MicroPython v1.25.0 on 2025-04-15; a stand-in"
"""How the MicroPython of such an image presents itself, as a rule."""


def stand_in_image(chip: Chip, banner: str, flash_mb: int = 4, table: bytes | None = None) -> bytes:
    """An image whose MicroPython calls itself so: "MicroPython v1.25.0 on 2025-04-15; a board".

    The table is that of a stock image for such a flash, if no other is given.
    """
    parts = {
        chip.bootloader_address: _image(chip, b"bootloader", flash_mb),
        PARTITION_TABLE_OFFSET: table or stock_table(flash_mb),
    }
    whole = PartitionTable.from_binary(parts[PARTITION_TABLE_OFFSET])
    application = next(entry for entry in whole if entry.type == 0)
    parts[application.offset] = _image(chip, banner.encode(), flash_mb)
    content = io.BytesIO()
    for address, part in parts.items():
        content.write(b"\xff" * (address - chip.bootloader_address - content.tell()) + part)
    return content.getvalue()


def stock_table(flash_mb: int) -> bytes:
    """The partition table of a stock image with one slot."""
    table = PartitionTable.from_csv(_STOCK_TABLE.format(vfs=flash_mb * MB - 0x200000))
    return table.to_binary()


def _image(chip: Chip, text: bytes, flash_mb: int) -> bytes:
    image = CHIP_DEFS[strip_chip_name(chip.name)].BOOTLOADER_IMAGE()
    image.flash_mode = _FLASH_MODE_DIO
    image.flash_size_freq = _SIZE_CODES[flash_mb] << 4 | _FLASH_40_MHZ
    image.entrypoint = _RAM
    image.segments = [ELFSection(b".rodata", _RAM, text + b"\0", flags=0)]
    return image.save(None)
