"""Lets a property hold under both Pythons: `play(name, *arguments)` runs a function of `plays`.

Under MicroPython it runs in one process of the 32-bit interpreter, from the modules compiled as on
the chip, so that an example costs no start; without that interpreter it is skipped.
"""

import json
import subprocess
from pathlib import Path

import pytest

import plays
from host_tools import interpreter
from host_tools.errors import ToolError
from host_tools.image import library_files, write_files
from host_tools.paths import TOOLS

_SERVER = "import sys; sys.path[:] = ['.frozen', {folders}]; import plays; plays.serve()"


def _here(name, *arguments):
    """As JSON sees it, so that what is compared is the same."""
    return json.loads(json.dumps(getattr(plays, name)(*arguments)))


@pytest.fixture(scope="module", params=["cpython", "micropython"])
def play(request, tmp_path_factory):
    if request.param == "cpython":
        yield _here
        return
    try:
        found = interpreter.find()
    except ToolError as error:
        pytest.skip(str(error))
    library = tmp_path_factory.mktemp("library")
    write_files(library_files() | {"plays.py": Path(plays.__file__).read_bytes()}, library)
    folders = (library, TOOLS / "frozen")
    code = _SERVER.format(folders=", ".join(repr(str(folder)) for folder in folders))
    command = [*found.command, "-X", "heapsize=4m", "-c", code]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:

        def there(name, *arguments):
            process.stdin.write(json.dumps([name, arguments]) + "\n")
            process.stdin.flush()
            answer = json.loads(process.stdout.readline())
            assert "result" in answer, f"{name}{arguments}: {answer['error']}"
            return answer["result"]

        yield there
        process.stdin.close()
