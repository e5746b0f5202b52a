"""Collects each test of the firmware's core twice: for CPython and for the 32-bit MicroPython.

The second kind is run by `micropython_runner` in the interpreter that stands for the chip. Without
that interpreter it is skipped, and the summary says so.
"""

import platform

import pytest

from host_tools import interpreter
from host_tools.errors import ToolError
from micropython_runner import ModuleRunner

_PYTHONS = ("cpython", "micropython")
_OUTCOMES = ("passed", "failed", "error", "skipped")


@pytest.fixture(scope="session")
def module_runner(tmp_path_factory):
    """Run test modules under MicroPython; skip where the machine has none."""
    try:
        return ModuleRunner(interpreter.find(), tmp_path_factory.mktemp("micropython"))
    except ToolError as error:
        pytest.skip(str(error))


@pytest.fixture(autouse=True, params=_PYTHONS)
def runner(request):
    """Give what runs the test in the place of this Python, if anything does."""
    return request.getfixturevalue("module_runner") if request.param == "micropython" else None


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    """Take the result of a `[micropython]` test from the interpreter instead of calling it."""
    runner = pyfuncitem.funcargs["runner"]
    if runner is None:
        return None
    failure = runner.failure(pyfuncitem.path, pyfuncitem.originalname, _tests_beside(pyfuncitem))
    if failure:
        pytest.fail(failure, pytrace=False)
    return True


def _tests_beside(item) -> list[str]:
    """Return the names of the tests of this module that this run has selected, in their order."""
    beside = [other for other in item.session.items if other.path == item.path]
    return list(dict.fromkeys(other.originalname for other in beside))


def pytest_terminal_summary(terminalreporter):
    """Say how the tests of the core ended under each Python."""
    names = (f"CPython {platform.python_version()}", interpreter.find_or_none() or "MicroPython")
    terminalreporter.section("the firmware's core, under each Python")
    for python, name in zip(_PYTHONS, names, strict=True):
        counts = [
            f"{len(reports)} {outcome}"
            for outcome in _OUTCOMES
            if (reports := _core_reports(terminalreporter, outcome, python))
        ]
        terminalreporter.write_line(f"{name}: {', '.join(counts)}")


def _core_reports(terminalreporter, outcome: str, python: str) -> list:
    """Return the reports of the core's tests that ended so under one Python."""
    reports = terminalreporter.stats.get(outcome, [])
    return [report for report in reports if report.nodeid.endswith(f"[{python}]")]
