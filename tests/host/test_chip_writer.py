"""Real esptool, its command line and `limen flash`'s writer, against the emulated ROM loader."""

import dataclasses
import os
import random
import signal
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
import serial

from emulated_port import served
from host_tools.board import load_board
from host_tools.chip_writer import write_gateway
from host_tools.emulation import rom_loader
from host_tools.emulation.chips import CHIPS, ESP32
from host_tools.emulation.nor_flash import NorFlash
from host_tools.emulation.rom_loader import RomLoader
from host_tools.emulation.serial_carriers import PtyCarrier, Rfc2217Carrier
from host_tools.emulation.stand_in_image import stand_in_image
from host_tools.errors import Kind, ToolError
from host_tools.image import FILE_SYSTEM_OFFSET
from host_tools.micropython_image import MicroPythonImage
from host_tools.partitions import TABLE_OFFSET, layout_of

IMAGE = random.Random(1).randbytes(24_000) + b"\xff" * 72_000
BAUD = 921600
BOARD = load_board("espressif-esp32-devkitc")
MICROPYTHON = MicroPythonImage(
    Path("stand-in.bin"),
    stand_in_image(ESP32, "MicroPython v1.25.0 on 2025-04-15; a stand-in"),
    "esp32",
)


@pytest.fixture
def flash(tmp_path):
    flash = NorFlash(tmp_path / "flash.bin")
    yield flash
    flash.close()


def esptool(port, *arguments, baud=BAUD, chip="esp32"):
    command = [sys.executable, "-m", "esptool", "--chip", chip, "--no-stub"]
    return subprocess.run(
        [*command, "--port", port, "--baud", str(baud), *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=60,
    )


def write(port, board=BOARD, micropython=MICROPYTHON):
    write_gateway(port, lambda layout: IMAGE, board, BAUD, micropython)


def written(flash):
    return flash.read(FILE_SYSTEM_OFFSET, len(IMAGE))


class Disturbed(RomLoader):
    """Calls `disturb` with each request for a compressed block and takes what it gives instead."""

    def __init__(self, flash, disturb):
        super().__init__(flash)
        self._disturb = disturb
        self.blocks = 0

    def _answer(self, frame):
        if frame[1:2] == bytes([rom_loader.FLASH_DEFL_DATA]):
            self.blocks += 1
            frame = self._disturb(self.blocks, frame)
        return super()._answer(frame)


def test_esptool_writes_verifies_and_reads_back_over_a_pty(flash, tmp_path):
    blob, back = tmp_path / "blob", tmp_path / "back"
    blob.write_bytes(IMAGE)
    with served(PtyCarrier(RomLoader(flash))) as port:
        for option in ("--compress", "--no-compress"):
            done = esptool(port, "write-flash", option, hex(FILE_SYSTEM_OFFSET), blob)
            assert "Hash of data verified." in done.stdout
            assert written(flash) == IMAGE
        done = esptool(port, "verify-flash", hex(FILE_SYSTEM_OFFSET), blob)
        assert "Verification successful" in done.stdout
        done = esptool(port, "read-flash", hex(FILE_SYSTEM_OFFSET), len(IMAGE), back)
        assert done.returncode == 0
        assert back.read_bytes() == IMAGE
        assert esptool(port, "erase-region", hex(FILE_SYSTEM_OFFSET), 8192).returncode == 0
        assert written(flash) == b"\xff" * 8192 + IMAGE[8192:]


def test_esptool_is_told_which_chip_and_flash_it_has(flash):
    with served(PtyCarrier(RomLoader(flash))) as port:
        done = esptool(port, "flash-id")
    for line in (
        "ESP32-D0WD-V3 (revision v3.1)",
        "Crystal frequency:  40MHz",
        "02:4c:69:6d:65:6e",
        "Manufacturer: ef",
        "Detected flash size: 4MB",
    ):
        assert line in done.stdout


@pytest.mark.parametrize("carrier", [PtyCarrier, Rfc2217Carrier])
def test_the_image_is_written_and_verified(flash, carrier, capsys):
    with served(carrier(RomLoader(flash))) as port:
        write(port)
    assert written(flash) == IMAGE
    image, table = MICROPYTHON.content, layout_of(4).table()
    at = TABLE_OFFSET - 0x1000
    before = b"\xff" * 0x1000 + image[:at] + table + image[at + len(table) :]
    assert flash.read(0, FILE_SYSTEM_OFFSET) == before.ljust(FILE_SYSTEM_OFFSET, b"\xff")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == (f"Chip at {port}: ESP32-D0WD-V3 (revision v3.1), MAC 02:4c:69:6d:65:6e.")
    assert lines[1].startswith(
        "Wrote 28672 bytes at 0x1000, 128 bytes at 0x10000, 96000 bytes at 0x200000, 3072 bytes at "
        "0x8000 in "
    )
    assert lines[1].endswith(" s at 921600 baud; MD5 verified.")


def test_over_rfc2217_the_chip_is_reset_into_its_loader_and_out_of_it(flash):
    loader = RomLoader(flash)
    loader.reset(download=False)
    with served(Rfc2217Carrier(loader)) as port:
        write(port)
        assert not loader.listening
    assert written(flash) == IMAGE


def test_micropython_on_the_chip_can_be_kept(flash):
    flash.program(0x10000, b"\xe9")
    with served(PtyCarrier(RomLoader(flash))) as port:
        write(port, micropython=None)
    assert written(flash) == IMAGE
    assert flash.read(0x10000, 2) == b"\xe9\xff"


def test_what_is_not_there_cannot_be_kept(flash):
    with served(PtyCarrier(RomLoader(flash))) as port, pytest.raises(ToolError) as refused:
        write(port, micropython=None)
    assert "MicroPython is not on this chip" in str(refused.value)
    assert refused.value.status == Kind.BOARD
    assert set(flash.read(0, len(flash))) == {0xFF}


def test_the_chip_s_own_settings_are_kept(flash):
    flash.program(0x9000, b"settings")
    with served(PtyCarrier(RomLoader(flash))) as port:
        write(port)
    assert flash.read(0x9000, 8) == b"settings"


@pytest.mark.parametrize("carrier", [PtyCarrier, Rfc2217Carrier])
def test_a_run_that_was_cut_off_is_made_good_by_the_next(flash, carrier, tmp_path):
    program = "import sys, test_chip_writer; test_chip_writer.write(sys.argv[1])"
    running = []

    def kill_at_the_fifteenth(number, frame):
        if number == 15:
            running[0].kill()
        return frame

    with served(carrier(Disturbed(flash, kill_at_the_fifteenth))) as port:
        command = [sys.executable, "-c", program, port]
        environment = os.environ | {
            "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])
        }
        running.append(subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment))
        assert running[0].wait(60) == -signal.SIGKILL
        assert written(flash)[:8192] == IMAGE[:8192]
        assert written(flash) != IMAGE
        assert set(flash.read(TABLE_OFFSET, 4096)) == {0xFF}
        write(port)
    assert written(flash) == IMAGE


def test_a_corrupted_block_is_sent_again(flash):
    loader = Disturbed(
        flash, lambda number, frame: frame[:-1] + b"?" if number in (3, 7) else frame
    )
    with served(PtyCarrier(loader)) as port:
        write(port)
    assert written(flash) == IMAGE
    layout = layout_of(4)
    parts = [b"\xff" * 32, *dict(MICROPYTHON.parts(layout)).values(), IMAGE, layout.table()]
    assert loader.blocks == sum(-(-len(zlib.compress(part, 9)) // 1024) for part in parts) + 2


def test_blocks_that_never_arrive_whole_end_in_a_sentence(flash):
    loader = Disturbed(flash, lambda number, frame: frame[:-1] + bytes([frame[-1] ^ 1]))
    with served(PtyCarrier(loader)) as port, pytest.raises(ToolError) as refused:
        write(port)
    assert loader.blocks == 3
    assert "did not take what was written" in str(refused.value)
    assert "Checksum error" in str(refused.value)
    assert "Run it again" in str(refused.value)


def test_another_chip_is_left_alone(flash):
    s2 = dataclasses.replace(ESP32, magic=0x7C6)
    with served(PtyCarrier(RomLoader(flash, s2))) as port, pytest.raises(ToolError) as refused:
        write(port)
    assert str(refused.value) == (
        "The board of this gateway, Espressif ESP32-DevKitC V4, has the chip esp32, but plugged in "
        "is an ESP32-S2; nothing was written. No board here has that: plug in the right board, or "
        "correct the board in the site file."
    )
    assert written(flash) == b"\xff" * len(IMAGE)


def test_a_board_of_another_chip_is_told_what_it_looks_like(flash):
    with served(PtyCarrier(RomLoader(flash, CHIPS["esp32c3"]))) as port:
        with pytest.raises(ToolError, match="It looks like espressif-esp32-c3-devkitm-1: plug"):
            write(port)
    assert written(flash) == b"\xff" * len(IMAGE)


def test_a_flash_that_is_smaller_than_the_board_s_is_another_board(flash):
    wrover = load_board("espressif-esp32-devkitc-ve")
    with served(PtyCarrier(RomLoader(flash))) as port, pytest.raises(ToolError) as refused:
        write(port, wrover)
    assert "has 8MB of flash, but plugged in is one with 4MB" in str(refused.value)
    assert "It looks like espressif-esp32-devkitc or lilygo-t-can485 or " in str(refused.value)
    assert set(flash.read(0, len(flash))) == {0xFF}


def test_a_flash_that_is_too_small_is_left_alone(tmp_path):
    flash = NorFlash(tmp_path / "small.bin", 2 << 20)
    with served(PtyCarrier(RomLoader(flash))) as port, pytest.raises(ToolError) as refused:
        write(port)
    assert str(refused.value) == (
        "The chip's flash has 2MB; a gateway needs 4MB. Nothing was written."
    )
    flash.close()


def test_a_chip_that_does_not_answer_ends_in_a_sentence(flash):
    class Silent(RomLoader):
        def receive(self, data, line_baud):
            return b""

    with served(PtyCarrier(Silent(flash))) as port, pytest.raises(ToolError) as refused:
        write(port)
    assert str(refused.value).startswith(f"No answer from a chip at {port}. Check that the cable")


def refusal(port):
    with pytest.raises(ToolError) as refused:
        write(str(port))
    assert refused.value.status == Kind.PORT
    return str(refused.value)


def test_a_port_that_is_not_there_is_named(tmp_path):
    port = tmp_path / "ttyUSB7"
    assert refusal(port).startswith(f"There is no port {port}; check the cable and the name.")
    assert "Nothing answers at rfc2217://127.0.0.1:1" in refusal("rfc2217://127.0.0.1:1")


def test_a_port_without_permission_names_its_group(tmp_path, monkeypatch):
    # Root may open anything, so the refusal is made here.
    def refuse(*_args, **_kwargs):
        raise PermissionError(13, "Permission denied")

    port = tmp_path / "ttyUSB0"
    port.touch()
    monkeypatch.setattr("serial.serial_for_url", refuse)
    monkeypatch.setattr(os, "access", lambda *_: False)
    group = port.group()
    assert refusal(port) == (
        f"You may not use {port}: it belongs to the group {group}. Join it with "
        f'"sudo usermod -aG {group} $USER", then log out and in again.'
    )


def test_a_port_in_use_and_a_file_that_is_no_port_are_told_apart(flash, tmp_path):
    file = tmp_path / "plain"
    file.touch()
    assert "cannot be opened as a serial port" in refusal(file)
    with served(PtyCarrier(RomLoader(flash))) as port:
        with serial.Serial(port, exclusive=True):
            assert refusal(port) == (
                f"{port} is in use by another program; close it and try again."
            )


@pytest.mark.parametrize(("name", "size_mb"), [("esp32s3", 8), ("esp32c3", 4)])
def test_esptool_knows_the_chip_by_itself_and_writes_it(tmp_path, name, size_mb):
    flash = NorFlash(tmp_path / "flash.bin", size_mb << 20)
    (tmp_path / "image").write_bytes(IMAGE)
    with served(PtyCarrier(RomLoader(flash, CHIPS[name], mac=bytes(range(6))))) as port:
        done = esptool(port, "write-flash", FILE_SYSTEM_OFFSET, tmp_path / "image", chip="auto")
        asked = esptool(port, "flash-id", chip="auto")
    assert done.returncode == 0, done.stdout
    assert written(flash) == IMAGE
    assert f"{CHIPS[name].name} " in asked.stdout
    assert "00:01:02:03:04:05" in asked.stdout
    assert f"Detected flash size: {size_mb}MB" in asked.stdout
    flash.close()
