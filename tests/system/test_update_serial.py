"""Updates, backups and what goes wrong, over the serial port of a board that has a prompt."""

import shutil

import pytest

from emulated_port import served
from host_tools import interpreter
from host_tools.backup import read_backup, state_in
from host_tools.cli import main
from host_tools.emulation.serial_carriers import PtyCarrier
from host_tools.errors import ToolError
from host_tools.gateway_image import gateway_files
from host_tools.paths import PROJECT
from host_tools.prompt import Prompt
from host_tools.site import load_site
from host_tools.update import Cable, update
from served_board import ServedBoard, wait_for

pytestmark = pytest.mark.skipif(not interpreter.find_or_none(), reason="needs MicroPython")

PRESS = PROJECT / "examples/press"
BITS_OF_A_BYTE = 10
BAUD = 115200


@pytest.fixture
def site(tmp_path):
    for name in ("site.toml", "secrets.toml"):
        shutil.copy(PRESS / name, tmp_path)
    return tmp_path / "site.toml"


@pytest.fixture
def files(site):
    return gateway_files(load_site(site), "press-07")


@pytest.fixture
def board(tmp_path, files):
    with ServedBoard(tmp_path, files) as board:
        wait_for(lambda: "/state/values.json" in board.files())
        yield board


def limen_update(board, site, *options):
    return main(["update", "--site", str(site), "--gateway", "press-07", "--port", board.port,
                 *options])  # fmt: skip


def test_what_has_changed_is_written_and_what_the_gateway_keeps_stays(board, site, capsys):
    state = board.files()["/state/values.json"]
    with Prompt(board.port) as prompt:
        prompt.write("/lib/limen/drivers/old.mpy", b"of another site")
        prompt.write("/lib/old.mpy", b"of another site, too")
    site.write_text(site.read_text().replace("baud = 9600", "baud = 19200"))
    changed = gateway_files(load_site(site), "press-07")
    assert limen_update(board, site) == 0
    said = capsys.readouterr().out
    gone = said.partition("Not needed any more, and taken away: ")[2].partition("\n")[0]
    assert set(gone.split(", ")) == {"/lib/limen/drivers/old.mpy", "/lib/old.mpy"}
    assert "takes it back if it fails" in said
    wait_for(lambda: board.has(changed))
    wait_for(lambda: b'"trial"' in board.files()["/update.json"])
    assert state_in(board.files())["inc"] == state_in({"/state/values.json": state})["inc"]


def test_a_dry_run_only_says_what_has_changed(board, site, capsys):
    before = board.files()["/config.jsonl"]
    site.write_text(site.read_text().replace("baud = 9600", "baud = 19200"))
    assert limen_update(board, site, "--dry-run") == 0
    said = capsys.readouterr().out
    assert "1 of " in said and said.endswith("Nothing was written.\n")
    assert board.files()["/config.jsonl"] == before


def test_a_changed_module_takes_less_than_five_seconds_of_the_line(board, files):
    largest = max(files, key=lambda path: len(files[path]))
    with Prompt(board.port) as prompt:
        update(files, Cable(prompt))
        before = board.received
        update(files | {largest: files[largest][:-1] + b"\0"}, Cable(prompt))
        sent = board.received - before
    assert sent * BITS_OF_A_BYTE / BAUD < 5


def test_a_backup_of_a_running_gateway(board, tmp_path, capsys):
    path = tmp_path / "backup.zip"
    assert main(["backup", "--port", board.port, "--out", str(path)]) == 0
    assert "hall-2/press-07" in capsys.readouterr().out
    assert state_in(read_backup(path)) == state_in(board.files())


class Mute:
    """A chip that never says anything."""

    def receive(self, data, baud):
        return b""

    def let_go(self):
        pass


def test_a_port_without_a_prompt_is_told(monkeypatch):
    monkeypatch.setattr("host_tools.prompt._PATIENCE_S", 0.5)
    sentence = "No MicroPython prompt at /dev/.*; one without MicroPython needs `limen flash`"
    with served(PtyCarrier(Mute())) as port, pytest.raises(ToolError, match=sentence):
        with Prompt(port):
            pass


def test_what_the_gateway_refuses_is_told(board):
    with Prompt(board.port) as prompt, pytest.raises(ToolError, match="refuses: OSError"):
        prompt.rename("/none", "/other")


def test_a_full_file_system_is_told(board):
    with Prompt(board.port) as prompt:
        prompt._run("def folders(path): raise OSError(28)")
        with pytest.raises(ToolError, match="the file system is full"):
            prompt.write("/x.txt", b"x")
