"""Finding the interpreter: the 32-bit one first, then the one on PATH, else what to install."""

import subprocess

import pytest

from host_tools import interpreter
from host_tools.errors import ToolError


def fake(folder, answer):
    """Put a `micropython` into a folder that answers every start with this line."""
    folder.mkdir()
    program = folder / "micropython"
    program.write_text(f"#!/bin/sh\necho '{answer}'\n")
    program.chmod(0o755)
    return str(folder)


@pytest.fixture
def nothing_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(interpreter, "UNPACKED", tmp_path / "absent")


def test_the_unpacked_interpreter_comes_before_the_one_on_path(tmp_path, monkeypatch):
    if not interpreter.UNPACKED.exists():
        pytest.skip("no 32-bit MicroPython was fetched on this machine")
    monkeypatch.setenv("PATH", fake(tmp_path / "bin", "[true, [1, 25, 0]]"))
    found = interpreter.find()
    assert (found.word_bits, found.heap_factor, found.is_chip_like) == (32, 1, True)
    assert found.command[-1] == str(interpreter.UNPACKED / "usr/bin/micropython")


def test_the_heap_option_gives_the_chip_s_heap():
    found = interpreter.find_or_none()
    if not found or not found.is_chip_like:
        pytest.skip("no 32-bit MicroPython on this machine")
    script = "import gc; print(gc.mem_free() + gc.mem_alloc())"
    total = subprocess.check_output([*found.command, *found.heap_option(112640), "-c", script])
    assert 110_000 < int(total) < 112_640


def test_a_64_bit_interpreter_gets_twice_the_heap(tmp_path, monkeypatch, nothing_unpacked):
    monkeypatch.setenv("PATH", fake(tmp_path / "bin", "[true, [1, 24, 1]]"))
    found = interpreter.find()
    assert (found.word_bits, found.version, found.is_chip_like) == (64, (1, 24, 1), False)
    assert found.heap_option(1000) == ["-X", "heapsize=2000"]


def test_an_old_interpreter_is_refused(tmp_path, monkeypatch, nothing_unpacked):
    monkeypatch.setenv("PATH", fake(tmp_path / "bin", "[false, [1, 22, 2]]"))
    with pytest.raises(ToolError, match=r"is version 1\.22, older than 1\.23\. .*apt install"):
        interpreter.find()


def test_a_program_that_is_not_micropython_is_refused(tmp_path, monkeypatch, nothing_unpacked):
    monkeypatch.setenv("PATH", fake(tmp_path / "bin", "hello"))
    with pytest.raises(ToolError, match="micropython does not run on this machine"):
        interpreter.find()


def test_without_any_the_error_says_what_to_install(tmp_path, monkeypatch, nothing_unpacked):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolError, match="apt install micropython"):
        interpreter.find()


def test_set_up_falls_back_to_the_one_on_path_and_says_why(tmp_path, monkeypatch, nothing_unpacked):
    monkeypatch.setenv("PATH", fake(tmp_path / "bin", "[true, [1, 25, 0]]"))
    assert interpreter.install() == (
        "MicroPython 1.25.0, 64 bit from PATH; heap checks will be skipped "
        "(this machine has no apt-get)"
    )


def test_repositories_are_what_apt_is_configured_with(tmp_path, monkeypatch):
    folder = tmp_path / "bin"
    folder.mkdir()
    apt = folder / "apt-get"
    apt.write_text(
        "#!/bin/sh\n"
        "echo 'Packages main mirror+file:/etc/mirrors/a list'\n"
        "echo 'Packages main https://one.invalid/debian/'\n"
        "echo 'Translations main https://two.invalid/debian/'\n"
        "echo 'Packages contrib https://three.invalid/debian/'\n"
        "echo 'Packages main https://one.invalid/debian/'\n"
    )
    apt.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
    expected = ["mirror+file:/etc/mirrors/a list", "https://one.invalid/debian/"]
    assert interpreter._repositories() == expected


def test_apt_checks_signatures_with_the_keyring_of_the_machine(tmp_path, monkeypatch):
    monkeypatch.setattr(interpreter, "_KEYRING_FOLDER", tmp_path)
    (tmp_path / "debian-archive-keyring.pgp").touch()
    folder = tmp_path / "apt"
    interpreter._write_apt_configuration(folder, "https://one.invalid/debian/", "trixie")
    assert (folder / "sources.list").read_text() == (
        f"deb [arch=i386 target=Packages signed-by={tmp_path}/debian-archive-keyring.pgp] "
        "https://one.invalid/debian/ trixie main\n"
    )
    assert "insecure" not in (folder / "apt.conf").read_text().lower()
