"""The figures of the Modbus line, as `limen bench` takes them, on the line alone."""

import pytest

from host_tools import interpreter
from host_tools.bench import line
from host_tools.errors import ToolError

pytestmark = pytest.mark.skipif(not interpreter.find_or_none(), reason="needs MicroPython")


@pytest.mark.parametrize("baud", line.BAUDS)
@pytest.mark.parametrize("registers", [20, 80, 125])
def test_the_line_is_used_and_never_before_its_silence_is_over(baud, registers):
    assert 0.97 <= line.line_use(baud, registers, requests=40) <= 1


@pytest.mark.parametrize("baud", line.BAUDS)
def test_other_tasks_wait_for_milliseconds_only(baud):
    assert line.longest_stall_us(baud) < 3000


def test_a_program_that_fails_is_shown(monkeypatch):
    monkeypatch.setattr(line, "program_files", lambda name: {"/main.py": b"print('oops')"})
    with pytest.raises(ToolError, match="oops"):
        line.line_use(9600)
