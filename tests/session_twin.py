"""The 32-bit interpreter as what plays scenes of the MQTT session (`device/session_scenes.py`)."""

import json
import socket
import subprocess
import time
from contextlib import closing
from pathlib import Path

import pytest

from host_tools import authority, interpreter
from host_tools.device_packages import FROZEN
from host_tools.errors import ToolError
from host_tools.image import library_files, write_files

SCENES = Path(__file__).parent / "system/device/session_scenes.py"
DEADLINE_S = 120
_START_S = 20
HEAP_BYTES = 110 * 1024


@pytest.fixture(scope="module")
def twin(tmp_path_factory):
    """The command that plays a scene on the 32-bit interpreter, up to the scene's name."""
    try:
        found = interpreter.find()
    except ToolError as error:
        pytest.skip(str(error))
    library = tmp_path_factory.mktemp("library")
    write_files(library_files(), library)
    heap = found.heap_option(HEAP_BYTES)
    return [*found.command, *heap, str(SCENES), f"{FROZEN}:{library}"]


def free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        return server.getsockname()[1]


def play(twin, scene: str, **arguments) -> dict:
    """Play a scene and return everything that it said."""
    done = subprocess.run(
        [*twin, scene],
        input=json.dumps(arguments) + "\n",
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return said_in(done.stdout)


def said_in(output: str) -> dict:
    facts = {}
    for line in output.splitlines():
        facts |= json.loads(line)
    return facts


def await_port(port):
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(f"nobody listens at port {port}")


def keys_for(own, name, folder):
    """The DER files of a gateway of that name, in a folder of their own; None: without a key."""
    folder.mkdir()
    (folder / "ca").write_bytes(authority.certificate_der(own.certificate))
    if name:
        identity = own.identity_of(name)
        (folder / "own").write_bytes(authority.certificate_der(identity.certificate()))
        (folder / "key").write_bytes(authority.key_der(identity.key()))
    return str(folder)
