"""`limen console`: bytes as they come, and tracebacks as in the sources."""

import re

import pytest
import serial

from host_tools.cli import main
from host_tools.console import Words, reset
from host_tools.errors import Kind
from host_tools.linker.link import Linked
from host_tools.paths import FIRMWARE

LINES = (FIRMWARE / "limen/service/store.py").read_text().splitlines()
SAVE = next(n for n, line in enumerate(LINES, 1) if "def save" in line)
LINKED = Linked({}, {"limen": {7: ("limen/service/store.py", SAVE + 2, SAVE + 2)}}, {})
SAID = (
    b"limen: store: OSError(28,)\r\nTraceback (most recent call last):\r\n"
    b'  File "limen", line 7, in fabs\r\n  File "main.py", line 5, in <module>\r\nOSError: 28\r\n'
)
READ = SAID.decode().replace(
    'File "limen", line 7, in fabs', f'File "limen/service/store.py", line {SAVE + 2}, in save'
)


@pytest.mark.parametrize("piece", [1, 2, 7, 1000])
def test_frames_become_those_of_the_sources_however_the_bytes_come(piece):
    words = Words(LINKED)
    said = [words.read(SAID[at : at + piece]) for at in range(0, len(SAID), piece)]
    assert "".join(said) == READ


def test_what_is_no_frame_is_shown_as_it_comes():
    words = Words(LINKED)
    assert words.read(b">>> ") == ">>> "
    assert words.read(b" ") == " "
    assert words.read(b'  File "') == '  File "'
    assert words.read(b"\r\n  ") == "\r\n"
    assert words.read(b"\xc3") == ""
    assert words.read(b"\xbc\xff\r\n") == "  ü\ufffd\r\n"


class Line:
    def __init__(self):
        self.told = []

    def __setattr__(self, name, value):
        if name in ("dtr", "rts"):
            self.told.append((name, value))
        super().__setattr__(name, value)


def test_a_reset_pulls_the_line_that_resets_and_not_the_one_of_the_loader():
    line = Line()
    reset(line)
    assert line.told == [("dtr", False), ("rts", True), ("rts", False)]


def test_a_cable_that_is_pulled_ends_in_a_sentence(monkeypatch, capsys):
    class Pulled:
        in_waiting = 1
        said = [SAID[:28]]

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def read(self, size):
            if self.said:
                return self.said.pop()
            raise serial.SerialException("device disconnected")

    monkeypatch.setattr("host_tools.console.open_port", lambda port, **settings: Pulled())
    monkeypatch.setattr("host_tools.console.linked_firmware", lambda: LINKED)
    assert main(["console", "--port", "/dev/ttyUSB0"]) == Kind.PORT
    out, err = capsys.readouterr()
    assert out == "limen: store: OSError(28,)\r\n"
    assert re.search("connection to /dev/ttyUSB0 was lost [(]device disconnected[)]", err)


def test_a_port_that_is_not_there_is_told(capsys):
    assert main(["console", "--port", "/dev/ttyNONE"]) == Kind.PORT
    assert "There is no port /dev/ttyNONE" in capsys.readouterr().err
