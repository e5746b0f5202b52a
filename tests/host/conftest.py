"""What tests of host tools share."""

import pytest

from client_scene import Scene, birth


@pytest.fixture
def write(tmp_path):
    """Write a file, a recording unless it is named, and return its path."""

    def write_file(text, name="recording.csv"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write_file


@pytest.fixture
def scene():
    """A client's delivery that knows the birth of its gateway."""
    scene = Scene()
    scene.put("birth", birth())
    scene.get()
    return scene
