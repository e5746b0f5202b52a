"""The size table: every module once, after what it imports, and sums that add up."""

import pytest

from host_tools import interpreter, size
from host_tools.errors import ToolError

SOURCES = {
    "limen": "",
    "limen.core": "",
    "limen.core.a": "import json\nfrom limen.core import b\n",
    "limen.core.b": "import machine\ndef late():\n    from limen.core import a\n",
}


def test_modules_come_after_what_they_import():
    stock, order = size.import_order(SOURCES)
    assert order == ["limen", "limen.core", "limen.core.b", "limen.core.a"]
    assert stock == ["json"]


def test_a_circle_of_imports_is_named():
    circle = SOURCES | {"limen.core.b": "from limen.core.a import x\n"}
    with pytest.raises(ToolError, match="in a circle: .*limen.core.a"):
        size.import_order(circle)


def test_each_module_bears_its_own_heap():
    found = interpreter.find_or_none()
    if not found or not found.is_chip_like:
        pytest.skip("no 32-bit MicroPython on this machine: heap checks are skipped")
    heap = size.measure_heap(["limen.core.compat", "limen.core.compat"], found)
    assert heap["limen.core.compat"] == 0
    heap = size.measure_heap(["limen", "limen.core", "limen.core.calendar"], found)
    assert 0 < heap["limen.core"] < 1000 < heap["limen.core.calendar"] < 4000


def test_the_table_has_the_core_first_and_adds_up():
    sizes = [
        size.Size("limen.app", 10, 300, 900),
        size.Size("limen.core.b", 2, 30, 64),
        size.Size("limen.core.a", 1, 20, 32),
    ]
    lines = size.table(sizes, size.Size("stock", 0, 0, 1000))
    assert [line.split() for line in lines if line] == [
        ["module", "lines", "bytecode", "heap"],
        ["limen.core.a", "1", "20", "32"],
        ["limen.core.b", "2", "30", "64"],
        ["core,", "2", "modules", "3", "50", "96"],
        ["limen.app", "10", "300", "900"],
        ["limen,", "1", "modules", "10", "300", "900"],
        ["firmware", "13", "350", "996"],
        ["stock", "1000"],
        ["together", "13", "350", "1996"],
    ]


def test_heap_that_was_not_measured_is_a_dash():
    total = size.total("core", [size.Size("a", 1, 2, None), size.Size("b", 1, 2, None)])
    assert str(total).split() == ["core", "2", "4", "-"]
