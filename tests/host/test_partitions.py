"""Partition tables: written by Espressif's own code, held against their documented bytes."""

import hashlib
import re
import struct

import pytest

from host_tools.partitions import MB, TABLE_OFFSET, layout_of, partition_of
from host_tools.paths import PROJECT
from limen.delivery.segments import BLOCK, HEAD

EVERY = [(size, slots) for size in (4, 8, 16) for slots in (False, True)]
TYPICAL_SAMPLE_BYTES = 5
HEAD_BYTES = 64
"""More than a segment's head takes of its 4096 bytes."""


def entries(table: bytes) -> dict[str, tuple]:
    """{label: (type, subtype, offset, size)}, read as ESP-IDF's documentation has the format."""
    found = {}
    for at in range(0, len(table), 32):
        magic, kind, subtype, offset, size, label, _ = struct.unpack_from("<HBBII16sI", table, at)
        if magic != 0x50AA:
            assert table[at : at + 16] == b"\xeb\xeb" + b"\xff" * 14
            assert table[at + 16 : at + 32] == hashlib.md5(table[:at]).digest()
            return found
        found[label.rstrip(b"\0").decode()] = (kind, subtype, offset, size)
    raise AssertionError("the table has no MD5")


def test_a_4_mb_board_keeps_its_file_system_where_stock_images_have_it():
    table = layout_of(4).table()
    assert len(table) == 0xC00
    assert entries(table) == {
        "nvs": (1, 2, 0x9000, 0x6000),
        "phy_init": (1, 1, 0xF000, 0x1000),
        "factory": (0, 0, 0x10000, 0x1F0000),
        "vfs": (1, 0x81, 0x200000, 0xA0000),
        "journal": (1, 0x40, 0x2A0000, 0x160000),
    }


@pytest.mark.parametrize(("flash_mb", "two_slots"), EVERY)
def test_partitions_fill_the_flash_and_do_not_overlap(flash_mb, two_slots):
    places = sorted((at, at + size) for _, _, at, size in entries_of(flash_mb, two_slots).values())
    assert all(end <= start for (_, end), (start, _) in zip(places, places[1:], strict=False))
    assert places[-1][1] == flash_mb * MB


@pytest.mark.parametrize(("flash_mb", "two_slots"), EVERY)
def test_what_can_be_started_comes_last_in_the_table(flash_mb, two_slots):
    kinds = [kind for kind, *_ in entries_of(flash_mb, two_slots).values()]
    assert kinds == sorted(kinds, reverse=True) and kinds[-1] == 0


@pytest.mark.parametrize("flash_mb", [4, 8, 16])
def test_two_slots_are_equal_and_told_apart_by_otadata(flash_mb):
    found = entries_of(flash_mb, True)
    assert found["ota_0"][3] == found["ota_1"][3] >= 0x180000
    assert found["otadata"] == (1, 0, 0xD000, 0x2000)


def test_a_4_mb_board_with_one_slot_holds_72_hours_of_a_record_a_second():
    segments = entries(layout_of(4).table())["journal"][3] // 4096 - 2
    assert segments * (4096 - HEAD_BYTES) // TYPICAL_SAMPLE_BYTES >= 72 * 3600


def test_the_documentation_says_how_long_each_holds():
    """5.2 bytes for a sample, as measured on the emulated board with the power of a press; what is
    kept free, and the configuration's table, take some segments."""
    page = (PROJECT / "docs/delivery.md").read_text()
    row = r"^\| (4|8|16) MB \| (one|two) .* \| (\d+) (KB|MB) \| (.*) \|$"
    for flash_mb, slots, size, unit, told in re.findall(row, page, re.M):
        layout = layout_of(int(flash_mb), slots == "two")
        assert layout.journal_bytes == int(size) << (10 if unit == "KB" else 20)
        hours = int((layout.journal_bytes // BLOCK - 5) * (BLOCK - HEAD) / 5.2 / 3600)
        assert told == (f"{hours} h" if hours < 96 else f"{hours // 24} days")
    assert page.count("| one | ") == page.count("| two of ") == 3


def test_sizes_between_take_the_next_smaller_layout():
    assert layout_of(32) == layout_of(16)
    with pytest.raises(ValueError, match="needs 4 MB"):
        layout_of(2)


def test_the_table_in_a_flash_says_where_a_partition_is():
    flash = b"\xff" * TABLE_OFFSET + layout_of(4, True).table()
    assert partition_of(flash, "vfs") == (0x310000, 0xA0000)
    assert partition_of(flash, "spiffs") is None
    assert partition_of(flash.replace(b"vfs", b"fvs"), "vfs") is None, "the MD5 is wrong"
    assert partition_of(b"\xff" * 0x10000, "vfs") is None
    assert partition_of(flash.replace(b"vfs", b"\xa0fs"), "vfs") is None


def entries_of(flash_mb, two_slots):
    return entries(layout_of(flash_mb, two_slots).table())
