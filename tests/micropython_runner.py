"""Runs a test module on the 32-bit interpreter, one process for the module, one result per test.

The firmware comes from compiled .mpy files, as on the chip; the test module is compiled too, with
its asserts kept. The interpreter prints one line of JSON per test; a test without its line is one
that the interpreter did not survive, and fails.
"""

import json
import subprocess
from pathlib import Path

from host_tools.bytecode import compile_module
from host_tools.image import library_files, write_files
from host_tools.interpreter import Interpreter
from host_tools.paths import PROJECT, TOOLS

_ASSERTS_KEPT = 0
_DEADLINE_S = 300
_MARK = "limen-test-result "
_DRIVER = """
import io, json, sys
sys.path[:] = ['.frozen', {folders}]
def run(module, name):
    try:
        getattr(module, name)()
    except Exception as error:
        text = io.StringIO()
        sys.print_exception(error, text)
        return text.getvalue()
    return ''
module = __import__({module!r})
for name in {names}:
    print({mark!r} + json.dumps([name, run(module, name)]))
"""


class ModuleRunner:
    """Runs test modules from a scratch folder, each at most once; keeps what they said."""

    def __init__(self, interpreter: Interpreter, scratch: Path):
        self._interpreter = interpreter
        self._scratch = scratch
        self._results = {}
        write_files(library_files(), scratch / "lib")

    def failure(self, path: Path, test: str, tests: list[str]) -> str:
        """Return what went wrong in one test of the module at path, "" when it passed.

        `tests` names the tests of the module that run together in its one process.
        """
        if path not in self._results:
            self._results[path] = self._run(path, tests)
        results, ending = self._results[path]
        return results.get(test, f"The interpreter did not reach the end of {test}.\n{ending}")

    def _run(self, path: Path, tests: list[str]) -> tuple[dict[str, str], str]:
        """Run the tests of one module; return {test: traceback or ""} and the other output."""
        folder = self._scratch / "tests"
        shown = path.relative_to(PROJECT) if path.is_relative_to(PROJECT) else path.name
        beside = {other.name: other for other in path.parent.glob("fake_*.py")}
        files = {
            name.replace(".py", ".mpy"): compile_module(other.read_bytes(), name, _ASSERTS_KEPT)
            for name, other in beside.items()
        }
        bytecode = compile_module(path.read_bytes(), str(shown), level=_ASSERTS_KEPT)
        write_files(files | {f"{path.stem}.mpy": bytecode}, folder)
        output = self._execute(self._driver(folder, path.stem, tests))
        lines = output.splitlines()
        results = [json.loads(line[len(_MARK) :]) for line in lines if line.startswith(_MARK)]
        ending = [line for line in lines if not line.startswith(_MARK)]
        return {name: with_source(text, path) for name, text in results}, "\n".join(ending)

    def _driver(self, folder: Path, module: str, tests: list[str]) -> str:
        folders = [self._scratch / "lib", TOOLS / "frozen", folder]
        quoted = ", ".join(repr(str(folder)) for folder in folders)
        return _DRIVER.format(folders=quoted, module=module, names=tests, mark=_MARK)

    def _execute(self, script: str) -> str:
        try:
            done = subprocess.run(
                [*self._interpreter.command, "-c", script],
                cwd=PROJECT,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=_DEADLINE_S,
            )
        except subprocess.TimeoutExpired as error:
            said = (error.stdout or b"").decode(errors="replace")
            return f"{said}\nIt was stopped after {_DEADLINE_S} s."
        ending = f"\nIt ended with status {done.returncode}." if done.returncode else ""
        return done.stdout.decode(errors="replace") + ending


def with_source(traceback: str, path: Path) -> str:
    """Return a MicroPython traceback with the source line under each frame of the test module."""
    source = path.read_text().splitlines()
    lines = []
    for line in traceback.splitlines():
        lines.append(line)
        place, _, number = line.partition(f'{path.name}", line ')
        if place != line and number:
            lines.append("    " + source[int(number.split(",")[0]) - 1].strip())
    return "\n".join(lines)
