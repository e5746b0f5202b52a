"""README and docs stay true: what they tell to type is typed here, what they link to is there.

Commands of a page run in the order of the page, in a copy of the project, where its files lie that
begin with a comment of their path; a `text` block right behind a command is what it prints. What
is too long to run, or needs hardware, is listed below with the reason; it is still parsed, as is
every command in running text: its make target exists, and `limen` takes its arguments.
"""

import importlib
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass

import pytest

from host_tools import cli
from host_tools.paths import PROJECT

PAGES = [PROJECT / "README.md", *sorted((PROJECT / "docs").glob("*.md"))]

NOT_RUN = {
    "make demo": "takes 75 s; tests/system/test_demo.py plays its world",
    "make test": "is what runs this test",
    ".venv/bin/limen tail": "needs a broker; tests/host/test_tail.py has one",
    ".venv/bin/limen record": "needs a broker; tests/host/test_recorder.py has one",
    ".venv/bin/limen send": "needs a gateway; tests/host/test_send.py has one's place taken",
    ".venv/bin/limen update": "needs a gateway; tests/system/test_update.py has an emulated one",
    ".venv/bin/limen listen": "needs a line; tests/host/test_listen.py has a terminal",
    ".venv/bin/limen backup": "needs a gateway; tests/host/test_backup.py has one's files",
    ".venv/bin/limen restore": "needs a gateway; tests/host/test_backup.py has one's files",
    ".venv/bin/limen console": "needs a gateway, and does not end",
    ".venv/bin/limen emulate": "does not end; tests/host/test_emulate.py ends it",
    "make flash": "needs a board; tests/host/test_flash.py has an emulated one",
    ".venv/bin/limen doctor": "needs a line; tests/system/test_doctor.py has emulated ones",
}
"""Beginning of a command → why it is parsed only."""

COPIED = ("host_tools", "firmware", "boards", "examples", "docs", "README.md", "Makefile")
LIMEN = ".venv/bin/limen"
COMMAND_S = 300


@dataclass(frozen=True)
class Block:
    """A fenced block, and whether nothing but blank lines is between it and the one before."""

    language: str
    text: str
    follows: bool


def blocks(page: str) -> list[Block]:
    found, end = [], 0
    for match in re.finditer(r"^```(\w*)\n(.*?)^```$", page, re.MULTILINE | re.DOTALL):
        follows = bool(found) and not page[end : match.start()].strip()
        found.append(Block(match[1], match[2], follows))
        end = match.end()
    return found


def commands(block: Block) -> list[str]:
    """The commands of an `sh` block, without comments; a line may go on behind a backslash."""
    lines = block.text.replace("\\\n", " ").splitlines()
    stripped = [re.sub(r"(^|\s)#.*", "", line).strip() for line in lines]
    return [" ".join(line.split()) for line in stripped if line]


def fenced(page: str) -> list[str]:
    return [c for block in blocks(page) if block.language == "sh" for c in commands(block)]


def inline(page: str) -> list[str]:
    """Commands in running text: `make …` and `limen …`, but for forms such as [--option]."""
    prose = re.sub(r"^```.*?^```$", "", page, flags=re.MULTILINE | re.DOTALL)
    spans = [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", prose)]
    names = [span for span in spans if re.match(rf"(make|limen|{re.escape(LIMEN)}) ", span)]
    return [span for span in names if not re.search(r"[\[…]|\.\.\.", span)]


def reason_not_to_run(command: str) -> str | None:
    words = command.split()
    return next((why for what, why in NOT_RUN.items() if what.split() == words[:2]), None)


def expected_output(following: Block | None) -> str | None:
    is_output = following and following.follows and following.language == "text"
    return following.text.strip() if is_output else None


def path_named_in(block: Block) -> str | None:
    """The file that a block shows: its first line is `# path/to/file.toml`."""
    match = re.match(r"# (\S+\.\w+)\n", block.text)
    return match[1] if match else None


def clean_environment(**variables: str) -> dict[str, str]:
    """Without what an outer make hands down."""
    kept = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    return kept | variables


def limen_lines(command: str) -> list[str]:
    """The `limen` commands in a command: itself, or what make would run for it."""
    if not command.startswith("make"):
        return [command]
    done = subprocess.run(
        ["make", "-n", *shlex.split(command)[1:]],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        env=clean_environment(),
    )
    assert done.returncode == 0, f"{command}: {done.stderr}"
    lines = done.stdout.replace("\\\n", " ").splitlines()
    return [line for line in lines if line.startswith(LIMEN)]


def require_parses(line: str, monkeypatch) -> None:
    """Take a `limen` command line up to where its command would begin to run."""
    words = shlex.split(line.partition(" > ")[0])[1:]
    module = importlib.import_module(cli.COMMANDS[words[0]][0])
    monkeypatch.setattr(module, "run", lambda args: 0)
    assert cli.main(words) == 0


@pytest.fixture
def copy(tmp_path):
    """A copy of the project that a page may change, with this set-up."""
    for name in COPIED:
        source = PROJECT / name
        if source.is_dir():
            shutil.copytree(source, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, tmp_path)
    (tmp_path / ".venv").symlink_to(sys.prefix)
    (tmp_path / ".tools").symlink_to(PROJECT / ".tools")
    return tmp_path


def run_in(folder, command: str) -> str:
    """Run a command of a page; return what it prints."""
    done = subprocess.run(
        command,
        shell=True,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=COMMAND_S,
        env=clean_environment(PYTHONPATH=str(folder), PYTHONIOENCODING="utf-8"),
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


def named(path):
    return path.name


def on_all_pages(commands_of) -> list[str]:
    return sorted({command for path in PAGES for command in commands_of(path.read_text())})


@pytest.mark.parametrize("command", on_all_pages(fenced))
def test_a_command_is_one_that_there_is(command, monkeypatch):
    assert command.split()[0] in ("make", LIMEN), "is neither make nor limen: check it otherwise"
    for line in limen_lines(command):
        require_parses(line, monkeypatch)


@pytest.mark.parametrize("command", on_all_pages(inline))
def test_a_command_in_running_text_is_one_that_there_is(command, monkeypatch):
    name, *arguments = command.split()
    if name != "make" and len(arguments) == 1:
        assert arguments[0] in cli.COMMANDS  # named, not told to be typed
    else:
        for line in limen_lines(command):
            require_parses(line, monkeypatch)


@pytest.mark.parametrize(
    "path",
    [p for p in PAGES if any(not reason_not_to_run(c) for c in fenced(p.read_text()))],
    ids=named,
)
def test_a_page_does_what_it_says(path, copy):
    found = blocks(path.read_text())
    for block, following in zip(found, [*found[1:], None], strict=True):
        if block.language == "sh":
            to_run = [c for c in commands(block) if not reason_not_to_run(c)]
            printed = "".join(run_in(copy, command) for command in to_run).strip()
            expected = expected_output(following)
            assert expected is None or printed == expected
        elif name := path_named_in(block):
            (copy / name).write_text(block.text)


@pytest.mark.parametrize("path", PAGES, ids=named)
def test_what_a_page_links_to_is_there(path):
    targets = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", path.read_text())
    files = [target for target in targets if "://" not in target]
    assert [target for target in files if not (path.parent / target).exists()] == []


def test_every_page_is_linked_from_the_first_one():
    readme = PAGES[0].read_text()
    assert [path.name for path in PAGES[1:] if f"(docs/{path.name}" not in readme] == []


def test_every_reason_not_to_run_is_needed():
    typed = [command for path in PAGES for command in fenced(path.read_text())]
    unused = [w for w in NOT_RUN if not any(c.split()[:2] == w.split() for c in typed)]
    assert unused == []


PAGE = """
Say `limen config
check x.toml` or `make size`, not `limen [--x]` or `makeup`.
```sh
make demo  # the whole
limen replay \\
  --recording a#1.csv
```

```text
 12 rows
```
more
```toml
# sites/x.toml
[site]
```
"""


def test_blocks_commands_and_prose_are_told_apart():
    shell, output, file = blocks(PAGE)
    assert commands(shell) == ["make demo", "limen replay --recording a#1.csv"]
    assert inline(PAGE) == ["limen config check x.toml", "make size"]
    assert (expected_output(output), expected_output(file)) == ("12 rows", None)
    assert (path_named_in(file), path_named_in(shell)) == ("sites/x.toml", None)
    assert (
        reason_not_to_run("make demo SITE=x")
        == "takes 75 s; tests/system/test_demo.py plays its world"
    )
    assert reason_not_to_run("make size") is None


def test_a_command_that_there_is_not_fails(monkeypatch):
    with pytest.raises(AssertionError, match="No rule to make target"):
        limen_lines("make dmeo")
    with pytest.raises(SystemExit):
        require_parses("limen demo --recroding x.csv", monkeypatch)
    with pytest.raises(KeyError):
        require_parses("limen dmeo", monkeypatch)
