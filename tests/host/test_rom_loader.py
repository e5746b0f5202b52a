"""The ROM loader's protocol, frame by frame. Real esptool against it: test_flash.py."""

import dataclasses
import hashlib
import struct
import zlib

import pytest

from host_tools.emulation import rom_loader, slip
from host_tools.emulation.chips import ESP32
from host_tools.emulation.nor_flash import NorFlash
from host_tools.emulation.rom_loader import AutoReset, RomLoader

SYNC_BODY = bytes.fromhex("07071220") + b"\x55" * 32
BAUD = 115200
BASE = 0x200000


@pytest.fixture
def flash(tmp_path):
    flash = NorFlash(tmp_path / "flash.bin")
    yield flash
    flash.close()


@pytest.fixture
def loader(flash):
    return RomLoader(flash)


@pytest.fixture
def attached(loader):
    """A loader that knows its 4 MB of flash."""
    assert status(loader, rom_loader.SPI_ATTACH, bytes(8)) == 0
    assert status(loader, rom_loader.SPI_SET_PARAMS, words(0, 4 << 20, 65536, 4096, 256, 0)) == 0
    return loader


def words(*values):
    return struct.pack(f"<{len(values)}I", *values)


def frame(command, body=b"", check=0):
    return slip.encode(struct.pack("<BBHI", 0, command, len(body), check) + body)


def ask(loader, command, body=b"", check=0, baud=BAUD):
    """(value, data, status) of the one answer."""
    (answer,) = slip.Decoder().decode(loader.receive(frame(command, body, check), baud))
    direction, echoed, length, value = struct.unpack_from("<BBHI", answer)
    assert (direction, echoed, length) == (1, command, len(answer) - 8)
    data, failed, reason = answer[8:-4], answer[-4], answer[-3]
    assert failed == (1 if reason else 0)
    return value, data, reason


def status(loader, command, body=b"", check=0):
    return ask(loader, command, body, check)[2]


def send_block(loader, command, number, block):
    return status(
        loader, command, words(len(block), number, 0, 0) + block, rom_loader.checksum(block)
    )


def test_sync_is_answered_eight_times_with_a_value_that_is_not_zero(loader):
    answers = slip.Decoder().decode(loader.receive(frame(rom_loader.SYNC, SYNC_BODY), BAUD))
    assert answers == [bytes.fromhex("0108040007071220 00000000")] * 8


def test_chip_magic_and_mac_are_read_from_registers(loader):
    def read(address):
        return ask(loader, rom_loader.READ_REG, words(address))[0]

    assert read(0x40001000) == 0x00F01D83
    assert read(0x3FF5A004) == 0x696D656E
    assert read(0x3FF5A008) & 0xFFFF == 0x024C


def test_a_register_keeps_the_bits_outside_the_mask(loader):
    for value, mask in ((0xABCD1234, 0xFFFFFFFF), (0xFFFFFFFF, 0x00FF0000)):
        body = words(0x3FF48074, value, mask, 0)
        assert status(loader, rom_loader.WRITE_REG, body) == 0
    assert ask(loader, rom_loader.READ_REG, words(0x3FF48074))[0] == 0xABFF1234


def test_a_plain_transfer_erases_and_programs(attached, flash):
    flash.program(BASE, b"\x00" * 8192)
    assert status(attached, rom_loader.FLASH_BEGIN, words(5, 2, 4, BASE)) == 0
    assert send_block(attached, rom_loader.FLASH_DATA, 0, b"abcd") == 0
    assert send_block(attached, rom_loader.FLASH_DATA, 1, b"e\xff\xff\xff") == 0
    assert flash.read(BASE, 4096) == b"abcde".ljust(4096, b"\xff")
    assert flash.read(BASE + 4096, 4096) == b"\x00" * 4096


def test_a_compressed_transfer_programs_what_it_inflates_to(attached, flash):
    data = bytes(range(256)) * 40
    packed = zlib.compress(data)
    cut = len(packed) // 2
    body = words(len(data), 2, cut + 1, BASE)
    assert status(attached, rom_loader.FLASH_DEFL_BEGIN, body) == 0
    assert send_block(attached, rom_loader.FLASH_DEFL_DATA, 0, packed[:cut]) == 0
    assert send_block(attached, rom_loader.FLASH_DEFL_DATA, 1, packed[cut:]) == 0
    assert flash.read(BASE, len(data)) == data
    md5 = ask(attached, rom_loader.SPI_FLASH_MD5, words(BASE, len(data), 0, 0))[1]
    assert md5.decode() == hashlib.md5(data).hexdigest()


def test_programming_only_clears_bits_and_says_when_that_is_not_enough(attached, flash):
    assert status(attached, rom_loader.FLASH_BEGIN, words(4, 1, 4, BASE)) == 0
    assert send_block(attached, rom_loader.FLASH_DATA, 0, b"\x0f\x0f\x0f\x0f") == 0
    assert send_block(attached, rom_loader.FLASH_DATA, 0, b"\x0f\x0f\x0f\x0f") == 0
    assert send_block(attached, rom_loader.FLASH_DATA, 0, b"\xf1\xff\x0f\x0f") == (
        rom_loader.WRITE_FAILED
    )
    assert flash.read(BASE, 4) == b"\x01\x0f\x0f\x0f"


def test_a_read_gives_64_bytes_whatever_was_asked_for(attached, flash):
    flash.program(BASE, b"hello")
    value, data, reason = ask(attached, rom_loader.READ_FLASH, words(BASE, 5))
    assert (value, data, reason) == (0, b"hello".ljust(64, b"\0"), 0)
    assert status(attached, rom_loader.READ_FLASH, words(BASE, 65)) == rom_loader.READ_TOO_LONG


@pytest.mark.parametrize(
    ("command", "body", "reason"),
    [
        (0x14, b"", rom_loader.INVALID_MESSAGE),
        (0xD0, b"", rom_loader.INVALID_MESSAGE),
        (rom_loader.SYNC, SYNC_BODY[:-1], rom_loader.INVALID_MESSAGE),
        (rom_loader.READ_REG, b"\1\2\3", rom_loader.INVALID_MESSAGE),
        (rom_loader.WRITE_REG, b"\1" * 15, rom_loader.INVALID_MESSAGE),
        (rom_loader.FLASH_BEGIN, words(1, 1, 1), rom_loader.INVALID_MESSAGE),
        (rom_loader.FLASH_DATA, b"", rom_loader.INVALID_MESSAGE),
        (rom_loader.FLASH_DATA, words(9, 0, 0, 0), rom_loader.INVALID_MESSAGE),
        (rom_loader.FLASH_DATA, words(0, 0, 0, 0), rom_loader.WRONG_CHECKSUM),
        (rom_loader.FLASH_BEGIN, words(1, 1, 1, 4 << 20), rom_loader.FAILED_TO_ACT),
        (rom_loader.FLASH_DEFL_BEGIN, words(2**32 - 1, 1, 1, 0), rom_loader.FAILED_TO_ACT),
        (rom_loader.FLASH_END, words(0), rom_loader.FAILED_TO_ACT),
        (rom_loader.CHANGE_BAUDRATE, words(0, 0), rom_loader.FAILED_TO_ACT),
        (rom_loader.READ_FLASH, words(2**32 - 1, 64), rom_loader.READ_FAILED),
        (rom_loader.SPI_FLASH_MD5, words(0, 2**32 - 1, 0, 0), rom_loader.READ_FAILED),
    ],
)
def test_what_cannot_be_done_has_the_status_of_the_rom(attached, command, body, reason):
    assert status(attached, command, body) == reason


def test_flash_commands_want_the_flash_attached_and_its_size_told(loader):
    assert status(loader, rom_loader.READ_FLASH, words(0, 4)) == rom_loader.READ_FAILED
    assert status(loader, rom_loader.SPI_ATTACH, bytes(8)) == 0
    assert status(loader, rom_loader.READ_FLASH, words(0, 4)) == 0
    assert status(loader, rom_loader.READ_FLASH, words(BASE, 4)) == rom_loader.READ_FAILED


def test_data_out_of_place_is_refused(attached):
    for command in (rom_loader.FLASH_DATA, rom_loader.FLASH_DEFL_DATA):
        assert send_block(attached, command, 0, b"data") == rom_loader.FAILED_TO_ACT
    assert status(attached, rom_loader.FLASH_BEGIN, words(4, 1, 4, BASE)) == 0
    assert send_block(attached, rom_loader.FLASH_DEFL_DATA, 0, b"data") == rom_loader.FAILED_TO_ACT
    assert send_block(attached, rom_loader.FLASH_DATA, 1, b"data") == rom_loader.FAILED_TO_ACT
    assert send_block(attached, rom_loader.FLASH_DATA, 0, b"longer") == rom_loader.FAILED_TO_ACT


def test_a_bad_stream_is_refused_and_a_bad_checksum_leaves_it_intact(attached, flash):
    packed = zlib.compress(b"good" * 100)
    begin = words(400, 1, len(packed), BASE)
    assert status(attached, rom_loader.FLASH_DEFL_BEGIN, begin) == 0
    body = words(len(packed), 0, 0, 0) + packed
    assert status(attached, rom_loader.FLASH_DEFL_DATA, body, 1) == rom_loader.WRONG_CHECKSUM
    assert send_block(attached, rom_loader.FLASH_DEFL_DATA, 0, packed) == 0
    assert flash.read(BASE, 400) == b"good" * 100
    for data in (b"no stream", zlib.compress(bytes(401))):
        assert status(attached, rom_loader.FLASH_DEFL_BEGIN, words(400, 1, 99, BASE)) == 0
        assert send_block(attached, rom_loader.FLASH_DEFL_DATA, 0, data) == (
            rom_loader.INFLATE_FAILED
        )


def test_broken_frames_get_silence_and_the_next_one_an_answer(loader):
    whole = frame(rom_loader.READ_REG, words(0x40001000))
    wrong_escape = b"\xc0\x00\x0a\x04\x00\xdb\x01\xc0"
    for broken in (wrong_escape, b"noise\xc0", b"\xc0\x00\xc0", b"\xc0\xc0", whole[:7] + b"\xc0"):
        assert loader.receive(broken, BAUD) == b""
        assert ask(loader, rom_loader.READ_REG, words(0x40001000))[0] == 0x00F01D83
    assert loader.receive(b"\x00" * 100_000, BAUD) == b""
    assert loader.receive(b"\xc0", BAUD) == b""
    assert len(loader.receive(whole, BAUD)) == 14


def test_a_length_that_does_not_fit_the_body_is_refused(loader):
    raw = slip.encode(struct.pack("<BBHI", 0, rom_loader.READ_REG, 5, 0) + words(0))
    (answer,) = slip.Decoder().decode(loader.receive(raw, BAUD))
    assert answer == bytes.fromhex("010a0400 00000000 01050000")


def test_the_frames_may_come_in_pieces(loader):
    whole = frame(rom_loader.READ_REG, words(0xC0DBC0DB))
    answers = [loader.receive(whole[i : i + 1], BAUD) for i in range(len(whole))]
    assert answers[:-1] == [b""] * (len(whole) - 1)
    assert len(answers[-1]) == 14


def test_the_first_rate_heard_holds_until_it_is_changed(loader):
    ping = frame(rom_loader.READ_REG, words(0))
    assert loader.receive(ping, 57600) != b""
    assert loader.receive(ping, 115200) == b""
    assert ask(loader, rom_loader.CHANGE_BAUDRATE, words(921600, 0), baud=57600)[2] == 0
    assert loader.receive(ping, 57600) == b""
    assert loader.receive(ping, 921600) != b""
    loader.reset(download=True)
    assert loader.receive(ping, 115200) != b""


def test_the_end_of_a_transfer_leaves_the_loader(attached):
    assert status(attached, rom_loader.FLASH_BEGIN, words(0, 0, 1024, 0)) == 0
    assert status(attached, rom_loader.FLASH_END, words(0)) == 0
    assert attached.receive(frame(rom_loader.SYNC, SYNC_BODY), BAUD) == b""
    attached.reset(download=True)
    assert attached.receive(frame(rom_loader.SYNC, SYNC_BODY), BAUD) != b""


def test_dtr_at_the_release_of_rts_chooses_the_loader(loader):
    lines = AutoReset(loader)
    assert [lines.set_dtr(True), lines.set_rts(True), lines.set_rts(False)] == [b""] * 3
    assert [lines.set_dtr(False), lines.set_rts(True), lines.set_dtr(True)] == [b""] * 3
    assert lines.set_rts(False).endswith(b"waiting for download\r\n")
    assert lines.set_dtr(False) == b""
    assert loader.listening
    assert lines.set_rts(True) == b""
    assert lines.set_rts(False).endswith(b"(SPI_FAST_FLASH_BOOT)\r\n")
    assert not loader.listening


def test_a_chip_is_its_table(flash):
    chip = dataclasses.replace(ESP32, magic=0x7C6, begin_words=5)
    loader = RomLoader(flash, chip, mac=bytes(6))
    assert ask(loader, rom_loader.READ_REG, words(0x40001000))[0] == 0x7C6
    assert ask(loader, rom_loader.READ_REG, words(0x3FF5A008))[0] == 0
    status(loader, rom_loader.SPI_ATTACH, bytes(8))
    assert status(loader, rom_loader.FLASH_BEGIN, words(1, 1, 1, 0)) == rom_loader.INVALID_MESSAGE
    assert status(loader, rom_loader.FLASH_BEGIN, words(1, 1, 1, 0, 0)) == 0


def test_the_file_holds_what_was_programmed_and_its_size_is_checked(tmp_path):
    path = tmp_path / "new" / "flash.bin"
    flash = NorFlash(path, 8192)
    assert flash.program(4094, b"ab")
    assert flash.program(4096, b"cd")
    flash.erase(4096, 1)
    flash.close()
    assert path.read_bytes() == b"\xff" * 4094 + b"ab" + b"\xff" * 4096
    with pytest.raises(ValueError, match="has 8192 bytes; this flash has 4096"):
        NorFlash(path, 4096)
