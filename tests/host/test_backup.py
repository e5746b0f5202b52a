"""`limen backup` and `limen restore`, with a gateway's files in the place of its prompt."""

import json
import shutil
import stat

import pytest

from host_tools import backup, config_command, restore
from host_tools.cli import main
from host_tools.errors import Kind
from host_tools.gateway_image import gateway_files
from host_tools.paths import PROJECT
from host_tools.site import load_site
from host_tools.update import digest
from limen.service.store import Store

PRESS = PROJECT / "examples/press"
STATE = {"inc": "9f03a1c4", "boot": 7, "restart": "x", "count.main-meter.energy_import": [1, 2, 3]}


class Board:
    """Stands for the prompt of a gateway."""

    def __init__(self, files):
        self.files = dict(files)

    def __call__(self, port):
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def read(self, path):
        return self.files.get(path)

    def write(self, path, content):
        self.files[path] = content

    def rename(self, path, to):
        self.files[to] = self.files.pop(path)

    def digests(self, paths):
        return {path: digest(self.files[path]) if path in self.files else None for path in paths}


@pytest.fixture
def board(monkeypatch, tmp_path):
    """A gateway that has run for a while."""
    board = Board(gateway_files(load_site(PRESS / "site.toml"), "press-07"))
    board.files["/state/values.json"] = backup.state_file(STATE)
    plug_in(monkeypatch, board)
    monkeypatch.chdir(tmp_path)
    return board


def plug_in(monkeypatch, board):
    for module in (backup, restore, config_command):
        monkeypatch.setattr(module, "Prompt", board)


def limen(*arguments):
    return main([*map(str, arguments), "--port", "/dev/ttyUSB0"])


def test_a_dead_board_gets_a_successor(board, tmp_path, monkeypatch, capsys):
    path = tmp_path / "press-07.zip"
    assert limen("backup", "--out", path) == 0
    assert "hall-2/press-07: 3 files, 1 totals of counters." in capsys.readouterr().out
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    successor = Board(gateway_files(load_site(PRESS / "site.toml"), "press-07"))
    configured = dict(successor.files)
    plug_in(monkeypatch, successor)
    assert limen("restore", path) == 0
    assert "as a new incarnation" in capsys.readouterr().out
    (tmp_path / "values.json").write_bytes(successor.files.pop("/state/values.json"))
    store = Store(str(tmp_path / "values.json"))
    assert store.values == {"count.main-meter.energy_import": [1, 2, 3]}
    assert not store.corrupt
    assert successor.files == configured


def test_secrets_are_saved_only_if_asked_for_and_then_loudly(board, tmp_path, capsys):
    assert limen("backup", "--out", "plain.zip") == 0
    assert "WARNING" not in capsys.readouterr().out
    assert "/secrets.json" not in backup.read_backup(tmp_path / "plain.zip")
    assert limen("backup", "--out", "all.zip", "--secrets") == 0
    said = capsys.readouterr().out
    assert "WARNING: all.zip HOLDS PASSWORDS AND KEYS" in said
    secrets = backup.read_backup(tmp_path / "all.zip")["/secrets.json"]
    assert secrets == board.files["/secrets.json"]
    assert json.loads(secrets)["wifi"][0]["password"] not in said


def test_a_board_without_configuration_gets_that_too(board, tmp_path, monkeypatch, capsys):
    limen("backup", "--out", "all.zip", "--secrets")
    bare = Board({})
    plug_in(monkeypatch, bare)
    assert limen("restore", "all.zip", "--dry-run") == 0
    assert capsys.readouterr().out.endswith("Nothing was written.\n")
    assert bare.files == {}
    assert limen("restore", "all.zip") == 0
    for name in ("/config.jsonl", "/birth.json", "/secrets.json"):
        assert bare.files[name] == board.files[name]


def test_a_board_of_another_gateway_is_left_alone(board, tmp_path, monkeypatch, capsys):
    limen("backup", "--out", "press-07.zip")
    text = (PRESS / "site.toml").read_text().replace("press-07", "press-08")
    (tmp_path / "site.toml").write_text(text)
    shutil.copy(PRESS / "secrets.toml", tmp_path)
    other = Board(gateway_files(load_site(tmp_path / "site.toml"), "press-08"))
    before = dict(other.files)
    plug_in(monkeypatch, other)
    assert limen("restore", "press-07.zip") == Kind.BOARD
    said = capsys.readouterr().err
    assert "is hall-2/press-08, the backup is of hall-2/press-07; nothing was written" in said
    assert other.files == before


def test_what_is_saved_and_what_is_held_are_compared_with_a_site_file(board, monkeypatch, capsys):
    limen("backup", "--out", "press-07.zip")
    capsys.readouterr()
    site = PRESS / "site.toml"
    assert main(["config", "diff", str(site), "press-07.zip"]) == 0
    assert limen("config", "diff", site) == 0
    board.files["/config.jsonl"] = board.files["/config.jsonl"].replace(b"9600", b"19200")
    assert limen("config", "diff", site) == 1
    assert "press-07:   bus.rs485.baud: 9600 -> 19200" in capsys.readouterr().out
    del board.files["/birth.json"]
    assert limen("config", "diff", site) == 1
    assert "The configuration of /dev/ttyUSB0 is broken" in capsys.readouterr().err


def test_a_dry_run_reads_all_and_writes_no_file(board, tmp_path, capsys):
    assert limen("backup", "--dry-run") == 0
    assert "Nothing was written; press-07-" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_backup_or_no_gateway_is_told(board, tmp_path, monkeypatch, capsys):
    assert limen("restore", "none.zip") == 2
    assert "none.zip cannot be read: No such file" in capsys.readouterr().err
    (tmp_path / "text.zip").write_text("no zip")
    assert limen("restore", "text.zip") == 2
    assert "text.zip is no backup, or is damaged" in capsys.readouterr().err
    assert limen("backup", "--out", "none/x.zip") == 1
    assert "none/x.zip cannot be written: No such file" in capsys.readouterr().err
    board.files["/state/values.json"] = b"{}\n00000000"
    assert limen("backup") == 1
    assert "/state/values.json is broken: its check sum does not fit." in capsys.readouterr().err
    plug_in(monkeypatch, Board({}))
    assert limen("backup") == 1
    assert "has no configuration of a gateway" in capsys.readouterr().err
