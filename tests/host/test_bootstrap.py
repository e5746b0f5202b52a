"""Set-up: each step once, again when an input changes, and words for people when it cannot."""

import subprocess
import sys

import pytest

from host_tools import bootstrap
from host_tools.errors import ToolError


@pytest.fixture
def step(tmp_path, monkeypatch):
    """Give a step whose action fails until told otherwise, and the list of its runs."""
    monkeypatch.setattr(bootstrap, "PROJECT", tmp_path)
    (tmp_path / "input").write_text("one")
    runs = []

    def action():
        runs.append("run")
        return "done"

    return bootstrap.Step("a step", action, ("input",), tmp_path / "deep/stamp"), runs


def test_a_step_is_done_once(step, monkeypatch, capsys):
    step, runs = step
    monkeypatch.setattr(bootstrap, "STEPS", (step,))
    assert [bootstrap.main(), bootstrap.main()] == [0, 0]
    assert runs == ["run"]
    assert capsys.readouterr().out == "set-up: a step ... done\n"


def test_a_changed_input_does_it_again(step, tmp_path):
    step, _ = step
    step.run()
    (tmp_path / "input").write_text("two")
    assert not step.is_done()


def test_a_step_that_fails_is_taken_up_again(step, monkeypatch, capsys):
    step, _ = step

    def fail():
        raise ToolError("There is no network.", status=1)

    step.action = fail
    monkeypatch.setattr(bootstrap, "STEPS", (step,))
    assert bootstrap.main() == 1
    assert not step.is_done()
    assert capsys.readouterr().err == "failed\nThere is no network.\n"


def test_a_command_that_fails_shows_how_its_output_ended():
    script = "print('first'); import sys; sys.exit('the reason')"
    with pytest.raises(ToolError, match=r"Could not try\. .*\nfirst\nthe reason"):
        bootstrap._run([sys.executable, "-u", "-c", script], "try")


def test_without_the_venv_module_it_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setattr(bootstrap.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolError, match="apt install python3-venv"):
        bootstrap._venv_command()


def test_virtualenv_takes_the_place_of_a_missing_venv_module(monkeypatch):
    monkeypatch.setattr(
        bootstrap.importlib.util, "find_spec", lambda name: name == "virtualenv" or None
    )
    assert bootstrap._venv_command() == [sys.executable, "-m", "virtualenv", "--clear"]


def test_an_older_python_is_told_what_is_needed():
    script = (
        "import sys; sys.version_info = (3, 9, 2); sys.version = '3.9.2 (main)'; "
        "import host_tools.bootstrap"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith("Limen needs Python 3.11 or newer and this is 3.9.2: install")
