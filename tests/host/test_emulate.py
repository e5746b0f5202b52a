"""`limen emulate`: the port it prints is there, and what is written is in the file."""

import contextlib
import signal
import socket
import subprocess
import sys

import pytest

from host_tools.board import load_board
from host_tools.chip_writer import write_gateway
from host_tools.cli import main
from host_tools.emulation.chips import ESP32
from host_tools.emulation.stand_in_image import stand_in_image
from host_tools.errors import ToolError
from host_tools.micropython_image import MicroPythonImage
from host_tools.partitions import TABLE_OFFSET, layout_of

IMAGE = b"limen" * 2000
BOARD = "espressif-esp32-devkitc"
EMULATE = [sys.executable, "-m", "host_tools", "emulate"]


@contextlib.contextmanager
def emulated(*arguments):
    command = [*EMULATE, *map(str, arguments)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        lines = [process.stdout.readline() for _ in range(2)]
        try:
            yield process, lines[0], lines[1].strip().removeprefix("PORT=")
        finally:
            process.send_signal(signal.SIGINT)


@pytest.mark.parametrize("carrier", [[], ["--rfc2217", "0"]])
def test_what_is_written_at_the_port_is_in_the_file(tmp_path, carrier):
    flash = tmp_path / "flash.bin"
    stand_in = stand_in_image(ESP32, "MicroPython v1.25.0 on 2025-04-15; a stand-in")
    micropython = MicroPythonImage(tmp_path / "image", stand_in, "esp32")
    with emulated("--flash", flash, *carrier) as (process, greeting, port):
        assert greeting.startswith(f"Emulated Espressif ESP32-DevKitC V4 with flash {flash}; ")
        write_gateway(port, lambda layout: IMAGE, load_board(BOARD), 921600, micropython)
    assert process.returncode == 130
    content = flash.read_bytes()
    assert len(content) == 4 << 20
    layout = layout_of(4)
    assert content[layout.vfs :].replace(b"\xff", b"") == IMAGE
    assert content[TABLE_OFFSET:].startswith(layout.table())
    assert content.index(IMAGE) == 0x200000


def refusal(*arguments):
    done = subprocess.run([*EMULATE, *map(str, arguments)], capture_output=True, text=True)
    return done.returncode, done.stderr


def test_a_flash_file_of_the_wrong_size_is_refused(tmp_path):
    flash = tmp_path / "flash.bin"
    flash.write_bytes(b"short")
    sentence = f"{flash} has 5 bytes; this flash has 4194304."
    assert refusal("--flash", flash) == (
        2,
        f"limen emulate: The flash file cannot be used: {sentence}\n",
    )


def test_a_tcp_port_in_use_is_named(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]
        status, sentence = refusal("--flash", tmp_path / "flash.bin", "--rfc2217", number)
    assert status == 1
    assert sentence.startswith("limen emulate: The port cannot be opened: ")
    assert str(number) in sentence


@pytest.mark.parametrize("board", ["espressif-esp32-s3-devkitc-1", "lilygo-t-can485"])
def test_a_stand_in_is_an_image_for_the_chip_of_the_board(tmp_path, capsys, board):
    path = tmp_path / "stand-in.bin"
    assert main(["emulate", "--board", board, "--stand-in", str(path)]) == 0
    assert f"{path} stands in for MicroPython" in capsys.readouterr().out
    assert MicroPythonImage.load(path, load_board(board)["chip"]).begin < 0x2000
    with pytest.raises(ToolError, match="nothing was written"):
        MicroPythonImage.load(path, "esp32c3")


def test_a_stand_in_that_cannot_be_written_is_told(tmp_path, capsys):
    assert main(["emulate", "--stand-in", str(tmp_path / "no/folder.bin")]) == 2
    assert "cannot be written: No such file or directory." in capsys.readouterr().err
