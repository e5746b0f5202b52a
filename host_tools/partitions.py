"""How a gateway's flash is divided: a table for each size, with one slot for MicroPython or two.

The file system has the label that MicroPython mounts, "vfs"; where there is one slot it begins
where stock images of 4 MB have it. What is left is the journal's, which keeps records on raw flash.
Its type is "data" with a subtype of our own. Slots are as large as those of MicroPython's own
tables for that flash (ports/esp32/partitions-4MiB.csv, -4MiB-ota.csv, -16MiB-ota.csv; 8 MB: as
documented for its OTA images). A board that keeps the table of its stock image has no journal.

MicroPython's slots come last in the table: of one that was written in part only, its MD5 not yet,
the chip's bootloader takes what is there. So it finds nothing to start before all else is there.
"""

from dataclasses import dataclass

from esp_idf_defs.partitions import APP_TYPE, InputError, PartitionTable
from esp_idf_defs.partitions import PARTITION_TABLE_OFFSET as TABLE_OFFSET

MB = 1 << 20
FILE_SYSTEM = "vfs"
JOURNAL = "journal"

TABLE_BYTES = 0xC00

_ONE_SLOT = """
nvs,      data, nvs,     0x9000,  0x6000
phy_init, data, phy,     0xf000,  0x1000
factory,  app,  factory, 0x10000, 0x1f0000
"""
_TWO_SLOTS = """
nvs,      data, nvs,   0x9000,  0x4000
otadata,  data, ota,   0xd000,  0x2000
phy_init, data, phy,   0xf000,  0x1000
ota_0,    app,  ota_0, 0x10000, {slot:#x}
ota_1,    app,  ota_1, ,        {slot:#x}
"""
_OURS = """
vfs,      data, fat,   {vfs:#x},     {vfs_bytes:#x}
journal,  data, 0x40,  {journal:#x}, {journal_bytes:#x}
"""


@dataclass(frozen=True)
class Layout:
    """The division of a flash of `flash_mb`; `slot_bytes` is 0 where MicroPython has one slot."""

    flash_mb: int
    slot_bytes: int
    vfs: int
    journal: int

    @property
    def vfs_bytes(self) -> int:
        return self.journal - self.vfs

    @property
    def journal_bytes(self) -> int:
        return self.flash_mb * MB - self.journal

    def table(self) -> bytes:
        """The partition table as it lies at TABLE_OFFSET."""
        head = _TWO_SLOTS.format(slot=self.slot_bytes) if self.slot_bytes else _ONE_SLOT
        ours = _OURS.format(
            vfs=self.vfs,
            vfs_bytes=self.vfs_bytes,
            journal=self.journal,
            journal_bytes=self.journal_bytes,
        )
        table = PartitionTable.from_csv(head + ours)
        table.verify()
        table.verify_size_fits(self.flash_mb * MB)
        table.sort(key=lambda entry: entry.type == APP_TYPE)
        return table.to_binary()


_LAYOUTS = {
    (layout.flash_mb, bool(layout.slot_bytes)): layout
    for layout in (
        Layout(4, 0, vfs=0x200000, journal=0x2A0000),
        Layout(4, 0x180000, vfs=0x310000, journal=0x3B0000),
        Layout(8, 0, vfs=0x200000, journal=0x400000),
        Layout(8, 0x270000, vfs=0x4F0000, journal=0x600000),
        Layout(16, 0, vfs=0x200000, journal=0x800000),
        Layout(16, 0x280000, vfs=0x510000, journal=0x800000),
    )
}


def layout_of(flash_mb: int, two_slots: bool = False) -> Layout:
    """The layout for a flash of that size, or of the next smaller one that has a layout.

    ValueError below 4 MB.
    """
    fitting = [size for size, _ in _LAYOUTS if size <= flash_mb]
    if not fitting:
        raise ValueError(f"a gateway needs 4 MB of flash, not {flash_mb} MB")
    return _LAYOUTS[max(fitting), two_slots]


def read_table(content: bytes) -> PartitionTable:
    """The partition table that is so stored; one without entries where none is whole."""
    try:
        return PartitionTable.from_binary(content)
    except (InputError, ValueError):  # the latter for a name that is no text
        return PartitionTable()


def partition_of(flash: bytes, label: str) -> tuple[int, int] | None:
    """(address, size) of the partition that the table in a flash's content names so.

    None if there is no such one, or no whole table.
    """
    found = read_table(flash[TABLE_OFFSET : TABLE_OFFSET + TABLE_BYTES]).find_by_name(label)
    return (found.offset, found.size) if found else None
