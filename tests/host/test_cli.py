"""The limen command: one table, modules imported on demand, errors as sentences."""

import importlib
import re
import subprocess
import sys
import types

import pytest

from host_tools import cli
from host_tools.errors import Kind, ToolError
from host_tools.paths import PROJECT


def run_failing(args):
    raise ToolError(f"The file {args.file} has no rows.", status=2)


@pytest.fixture
def command(monkeypatch):
    """Put one command, `count`, into an otherwise empty table."""
    module = types.ModuleType("fake_count")
    module.add_arguments = lambda parser: parser.add_argument("file")
    module.run = lambda args: len(args.file)
    monkeypatch.setitem(sys.modules, "fake_count", module)
    monkeypatch.setattr(cli, "COMMANDS", {"count": ("fake_count", "count letters")})
    return module


def test_a_command_gets_its_arguments_and_gives_the_status(command):
    assert cli.main(["count", "abcd"]) == 4


def test_an_error_is_a_sentence_and_a_status(command, capsys):
    command.run = run_failing
    assert cli.main(["count", "x.csv"]) == 2
    assert capsys.readouterr().err == "limen count: The file x.csv has no rows.\n"


def test_an_unknown_command_is_refused_with_the_known_ones(command, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(["cuont"])
    assert ended.value.code == 2
    assert "choose from count" in capsys.readouterr().err.replace("'", "")


def test_help_names_every_command_and_imports_none():
    script = "import sys; from host_tools.cli import main\ntry: main(['--help'])\n" + (
        "finally: print(*sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True).stdout
    imported = set(said.splitlines()[-1].split())
    assert "host_tools.cli" in imported
    assert imported & {module for module, _ in cli.COMMANDS.values()} == set()
    assert [name for name in cli.COMMANDS if f"    {name}" not in said] == []


@pytest.mark.parametrize("name", sorted(cli.COMMANDS))
def test_every_command_of_the_table_has_its_two_functions(name):
    module = importlib.import_module(cli.COMMANDS[name][0])
    assert callable(module.add_arguments) and callable(module.run)


def test_each_exit_status_is_in_the_page():
    page = (PROJECT / "docs/flash.md").read_text()
    rows = re.findall(r"^\| (\d+) \|", page, re.MULTILINE)
    assert [int(row) for row in rows] == [0, *Kind, 130]
