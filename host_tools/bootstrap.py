"""Sets a fresh clone up: `.venv` with the pinned tools, the device packages, the interpreter.

Runs on the system's own Python with nothing installed, as `python3 -m host_tools.bootstrap`.
Each step leaves a stamp, a hash of all that went into it; a second run finds the stamps and does
nothing. A step that fails leaves none, so the next run takes it up again.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 this is what tells people so
    sys.exit(
        f"Limen needs Python 3.11 or newer and this is {sys.version.split()[0]}: install a newer "
        "one and name it, for example `make PYTHON=python3.12`."
    )

import hashlib
import importlib.util
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from host_tools import interpreter
from host_tools.errors import ToolError
from host_tools.paths import PROJECT, TOOLS, VENV, VENV_PYTHON

_LAST_LINES = 12
_PIP_INSTALL = [VENV_PYTHON, "-m", "pip", "--disable-pip-version-check", "install"]


@dataclass
class Step:
    """One part of the set-up: done again when an input changes or its stamp is gone."""

    title: str
    action: Callable[[], str]
    inputs: tuple[str, ...]
    stamp: Path

    def digest(self) -> str:
        """Return the hash of the inputs, of this Python and of the place of the project."""
        parts = [str(PROJECT).encode(), sys.version.encode()]
        parts += [(PROJECT / name).read_bytes() for name in self.inputs]
        return hashlib.sha256(b"\0".join(parts)).hexdigest()

    def is_done(self) -> bool:
        return self.stamp.exists() and self.stamp.read_text() == self.digest()

    def run(self) -> None:
        """Carry the step out, saying so in one line, and stamp it."""
        print(f"set-up: {self.title} ... ", end="", flush=True)
        print(self.action(), flush=True)
        self.stamp.parent.mkdir(parents=True, exist_ok=True)
        self.stamp.write_text(self.digest())


def _run(command: list, purpose: str) -> None:
    """Run a command of the set-up quietly; where it fails, show how its output ended."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        ending = "\n".join(done.stdout.splitlines()[-_LAST_LINES:])
        raise ToolError(f"Could not {purpose}. This is what was said:\n{ending}")


def _venv_command() -> list[str]:
    """Return the command that makes a virtual environment on this machine."""
    if importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip"):
        return [sys.executable, "-m", "venv", "--clear"]
    if importlib.util.find_spec("virtualenv"):
        return [sys.executable, "-m", "virtualenv", "--clear"]
    if shutil.which("virtualenv"):
        return ["virtualenv", "--clear", "--python", sys.executable]
    raise ToolError(
        f"The Python at {sys.executable} cannot make virtual environments: its venv or ensurepip "
        "module is missing. On Debian and Ubuntu: apt install python3-venv"
    )


def _make_environment() -> str:
    _run([*_venv_command(), VENV], "make the virtual environment .venv")
    _run([*_PIP_INSTALL, "-r", "requirements-dev.txt"], "install requirements-dev.txt into .venv")
    return "in .venv"


def _install_peers() -> str:
    _run([*_PIP_INSTALL, "--no-deps", "-r", "requirements-peers.txt"], "install the tests' peers")
    return "in .venv"


def _install_command() -> str:
    editable = ["--no-build-isolation", "--no-deps", "-e", "."]
    _run([*_PIP_INSTALL, *editable], "install the limen command")
    return ".venv/bin/limen"


def _fetch_device_packages() -> str:
    _run([VENV_PYTHON, "-m", "host_tools.device_packages"], "fetch the device packages")
    return f"in {TOOLS.name}/device_packages"


STEPS = (
    Step(
        "Python tools (a minute the first time)",
        _make_environment,
        ("requirements-dev.txt",),
        VENV / "tools-stamp",
    ),
    Step("peers of the tests", _install_peers, ("requirements-peers.txt",), VENV / "peers-stamp"),
    Step("limen command", _install_command, ("pyproject.toml",), VENV / "command-stamp"),
    Step(
        "device packages",
        _fetch_device_packages,
        ("device_packages.toml", "host_tools/device_packages.py", "host_tools/bytecode.py"),
        TOOLS / "device-packages-stamp",
    ),
    Step(
        "MicroPython interpreter",
        interpreter.install,
        ("host_tools/interpreter.py",),
        TOOLS / "interpreter-stamp",
    ),
)


def main() -> int:
    """Carry out the steps that are not done yet; return the exit status."""
    try:
        for step in STEPS:
            if not step.is_done():
                step.run()
    except ToolError as error:
        print(f"failed\n{error}", file=sys.stderr)
        return error.status
    return 0


if __name__ == "__main__":
    sys.exit(main())
