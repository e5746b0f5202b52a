"""The runner of the core's tests: what fails under MicroPython alone is seen, and says where."""

import subprocess
import sys

import pytest

from host_tools import interpreter
from host_tools.paths import PROJECT

TESTS = """
import sys
import limen

def test_passes():
    assert limen.__name__ == "limen"

def test_fails_with_words():
    count = 5
    assert count == 6, "count was %d" % count

def test_fails_on_the_chip_only():
    small = 2
    assert sys.implementation.name == "cpython"

def test_sees_compiled_firmware():
    assert limen.__file__.endswith((".mpy", ".py"))
    assert limen.__file__.endswith(".mpy") or sys.implementation.name == "cpython"
"""
KILLS = "import sys\n\ndef test_kills():\n    sys.implementation.name == 'cpython' or sys.exit(3)\n"


def run_pytest(folder, tests, **environment):
    """Run pytest over a module of tests with the core's conftest; return its lines."""
    (folder / "pytest.ini").write_text(f"[pytest]\npythonpath={PROJECT}/firmware {PROJECT}/tests\n")
    (folder / "conftest.py").write_text((PROJECT / "tests/core/conftest.py").read_text())
    (folder / "test_sample.py").write_text(tests)
    command = [sys.executable, "-m", "pytest", "-v", "-p", "no:cacheprovider", str(folder)]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)
    return done.stdout.splitlines()


def ending_of(lines, test):
    """Return how a test ended, by the line that -v gave it."""
    return next(line.split()[1] for line in lines if f"::{test} " in line)


@pytest.fixture
def found():
    found = interpreter.find_or_none()
    if not found:
        pytest.skip("no MicroPython on this machine: run `make`")
    return found


def test_each_test_runs_under_both_pythons_and_failures_say_where(tmp_path, found):
    lines = run_pytest(tmp_path, TESTS)
    for name, on_cpython, on_micropython in (
        ("test_passes", "PASSED", "PASSED"),
        ("test_fails_with_words", "FAILED", "FAILED"),
        ("test_fails_on_the_chip_only", "PASSED", "FAILED"),
        ("test_sees_compiled_firmware", "PASSED", "PASSED"),
    ):
        assert ending_of(lines, f"{name}[cpython]") == on_cpython
        assert ending_of(lines, f"{name}[micropython]") == on_micropython
    place = lines.index('  File "test_sample.py", line 14, in test_fails_on_the_chip_only')
    assert lines[place + 1] == '    assert sys.implementation.name == "cpython"'
    assert "AssertionError: count was 5" in lines
    assert f"{found}: 2 passed, 2 failed" in lines


def test_a_test_that_kills_the_interpreter_fails(tmp_path, found):
    lines = run_pytest(tmp_path, KILLS)
    assert ending_of(lines, "test_kills[cpython]") == "PASSED"
    assert ending_of(lines, "test_kills[micropython]") == "FAILED"
    assert "The interpreter did not reach the end of test_kills." in lines
    assert "It ended with status 3." in lines
