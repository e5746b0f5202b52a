"""The real mpremote at an emulated board's port, and what the board says when it cannot start."""

import time

import pytest
import serial

from emulated_chip import PATIENCE_S, mpremote, served_chip
from host_tools import interpreter
from host_tools.emulation.chips import CHIPS, ESP32
from host_tools.emulation.serial_carriers import PtyCarrier, Rfc2217Carrier
from host_tools.emulation.stand_in_image import stand_in_image
from host_tools.image import build_image

pytestmark = pytest.mark.skipif(not interpreter.find_or_none(), reason="needs MicroPython")

BANNER = "MicroPython v1.25.0 on 2025-04-15; Generic ESP32 module with ESP32"
MAIN = """
import time
print("main runs")
while True:
    time.sleep_ms(20)
"""


def write_flash(path, chip=ESP32, files=None, image=None):
    content = bytearray(b"\xff" * (4 << 20))
    image = image or stand_in_image(chip, BANNER)
    content[chip.bootloader_address : chip.bootloader_address + len(image)] = image
    content[0x200000:] = build_image(files or {"/main.py": MAIN.encode()})
    path.write_bytes(content)
    return path


def read_until(port, text):
    seen = b""
    end = time.monotonic() + PATIENCE_S
    while text not in seen:
        assert time.monotonic() < end, seen
        seen += port.read(max(1, port.in_waiting))
    return seen


@pytest.mark.parametrize("carrier", [Rfc2217Carrier, PtyCarrier])
def test_mpremote_does_all_it_can_do_on_a_chip(tmp_path, carrier):
    flash = write_flash(tmp_path / "flash.bin")
    here, there = tmp_path / "here", tmp_path / "there"
    here.write_bytes(bytes(range(256)) * 3)
    mounted = tmp_path / "mounted"
    mounted.mkdir()
    (mounted / "beside.py").write_text('TEXT = "\\x03 is no Ctrl-C here"\n')
    with served_chip(flash, carrier=carrier) as chip:
        chip.wait_for(b"main runs")  # a board that is just starting hears nothing
        # One session for most of it: each start of mpremote takes long.
        said = mpremote(
            *(chip.url, "exec", "print(1 + 1)"),
            *("+", "fs", "mkdir", ":folder", "+", "fs", "cp", here, ":folder/it"),
            *("+", "fs", "ls", ":folder", "+", "fs", "cat", ":main.py"),
            *("+", "fs", "cp", ":folder/it", there, "+", "fs", "rm", ":folder/it"),
            *("+", "mount", mounted, "exec", "import beside; print(beside.TEXT)"),
        )
        assert mpremote(chip.url, "fs", "ls").split() == ["ls", ":", "0", "folder/", str(
            len(MAIN)), "main.py"]  # fmt: skip
        mpremote(chip.url, "soft-reset")
        mpremote(chip.url, "reset")
        chip.wait_for(b"rst:0xc (SW_CPU_RESET)")
    assert said.startswith("2\n")
    assert "768 it" in said
    assert MAIN.strip() in said.replace("\r", "")
    assert "\x03 is no Ctrl-C here" in said
    assert there.read_bytes() == here.read_bytes()
    assert b"MPY: soft reboot" in chip.said


def test_the_prompt_is_a_person_s_too(tmp_path):
    flash = write_flash(tmp_path / "flash.bin")
    with served_chip(flash, carrier=PtyCarrier) as chip, serial.Serial(chip.url, 115200) as port:
        port.timeout = 1
        chip.wait_for(b"main runs")  # a board that is just starting hears nothing
        port.write(b"\x03")
        assert BANNER.encode() in read_until(port, b">>> ")
        port.write(b"6 * 8\x087\r")
        assert b"\r\n42\r\n>>> " in read_until(port, b">>> ")
        port.write(b"for i in range(2):\r    print(i)\r\r")
        assert b"\r\n0\r\n1\r\n>>> " in read_until(port, b"1\r\n>>> ")
        port.write(b"\x05a = 5\rprint(a)\r\x04")
        assert b"\r\n5\r\n>>> " in read_until(port, b"5\r\n>>> ")
        port.write(b"1 / 0\r")
        assert b"ZeroDivisionError" in read_until(port, b">>> ")
        port.write(b"for n in range(10**9): n or print('it', 'runs')\r\r")
        read_until(port, b"it runs\r\n")  # before it does, Ctrl-C is a byte, as on the chip
        port.write(b"\x03")
        assert b"KeyboardInterrupt" in read_until(port, b">>> ")
        port.write(b"\x04")
        assert b"MPY: soft reboot\r\nmain runs\r\n" in read_until(port, b"main runs\r\n")


@pytest.mark.parametrize(
    ("first", "said"),
    [(b"\xff", b"Performing initial setup"), (b"\x00", b"filesystem appears to be corrupted")],
)
def test_a_blank_file_system_is_made_and_a_broken_one_left(tmp_path, first, said):
    flash = write_flash(tmp_path / "flash.bin")
    content = bytearray(flash.read_bytes())
    content[0x200000:] = first * (len(content) - 0x200000)
    flash.write_bytes(content)
    with served_chip(flash, carrier=PtyCarrier) as chip:
        chip.wait_for(said)
        if first == b"\xff":
            assert mpremote(chip.url, "exec", "import os; print(os.listdir())") == "[]\n"
        else:
            assert flash.read_bytes()[0x200000:] == content[0x200000:]


def spoil(image, at):
    return image[:at] + bytes([image[at] ^ 1]) + image[at + 1 :]


GOOD = stand_in_image(ESP32, BANNER)
APPLICATION = 0x10000 - ESP32.bootloader_address


@pytest.mark.parametrize(
    ("image", "said"),
    [
        (b"\xff", b"invalid header: 0xffffffff"),
        (spoil(GOOD, 33), b"Checksum failed. "),
        (stand_in_image(CHIPS["esp32s3"], BANNER), b"mismatch chip ID, expected 0, found 9"),
        (spoil(GOOD, 0x7000), b"boot: load partition table error!"),
        (spoil(GOOD, APPLICATION), b"boot: Factory app partition is not bootable"),
        (spoil(GOOD, len(GOOD) - 1), b"Image hash failed - image is corrupt"),
        (GOOD[:APPLICATION], b"No bootable app partitions in the partition table"),
    ],
)
def test_what_is_not_whole_does_not_start(tmp_path, image, said):
    flash = write_flash(tmp_path / "flash.bin", image=image)
    with served_chip(flash) as chip:
        chip.wait_for(said)
        assert not chip.board.is_running
