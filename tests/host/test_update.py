"""What goes wrong with an update at a cable, each with its sentence; `test_update_serial` has a
whole board at a whole one."""

from types import SimpleNamespace

import pytest
import serial

from host_tools.errors import Kind, ToolError
from host_tools.prompt import Prompt
from host_tools.update import Cable, digest, update

FILES = {"/main.py": b"new main", "/lib/limen/__init__.mpy": b"new package"}


class Board:
    """Stands for the prompt of a board with these files."""

    def __init__(self, files, free_bytes=10**6):
        self.files = dict(files)
        self._free_bytes = free_bytes

    def digests(self, paths):
        return {path: self.files.get(path) and digest(self.files[path]) for path in paths}

    def below(self, folder):
        return [path for path in self.files if path.startswith(folder)]

    def free_bytes(self):
        return self._free_bytes

    def write(self, path, content):
        self.files[path] = content

    def rename(self, path, to):
        self.files[to] = self.files.pop(path)


def refusal(board):
    before = dict(board.files)
    with pytest.raises(ToolError) as refused:
        update(FILES, Cable(board))
    assert "/update.json" not in board.files  # so nothing that runs is touched
    assert {path: board.files[path] for path in before} == before
    return refused.value.status, str(refused.value)


def test_a_file_system_without_room():
    assert refusal(Board({"/main.py": b"old"}, 1000)) == (
        Kind.BOARD,
        "The gateway's file system has 1000 bytes left, too few for /new/main.py. Back it up "
        "(`limen backup`), then write it anew with `limen flash`.",
    )


def test_a_file_that_did_not_arrive_whole():
    board = Board({})
    board.write = lambda path, content: Board.write(board, path, content[:-1])
    assert refusal(board) == (
        Kind.BOARD,
        "/main.py, /lib/limen/__init__.mpy did not arrive whole; run it again.",
    )


@pytest.mark.parametrize(
    ("what", "kind", "sentence"),
    [
        (
            serial.SerialException("device disconnected"),
            Kind.PORT,
            "The connection to /dev/ttyUSB0 was lost (device disconnected). Plug the board in and "
            "run it again: it goes on from there.",
        ),
        (
            b"Traceback (most recent call last):\r\n  File ...\r\nMemoryError: \r\n",
            Kind.BOARD,
            "The gateway at /dev/ttyUSB0 refuses: the gateway has no memory left; run it again.",
        ),
        (
            b"",
            Kind.BOARD,
            "The gateway at /dev/ttyUSB0 answers something else than it was asked; run it again.",
        ),
    ],
)
def test_what_comes_between_at_the_prompt(what, kind, sentence):
    def exec_raw(command, timeout):
        if isinstance(what, Exception):
            raise what
        return b"noise", what

    prompt = Prompt("/dev/ttyUSB0")
    prompt._line = SimpleNamespace(exec_raw=exec_raw)
    with pytest.raises(ToolError) as refused:
        prompt.digests(["/main.py"])
    assert (refused.value.status, str(refused.value)) == (kind, sentence)
