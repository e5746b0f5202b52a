"""Shortened sources do the same as the originals."""

import pytest

from host_tools.linker.shorten import shorten

ONE = """
from micropython import const

_LIMIT = const(3)
_table = [1, 2]


class Base:
    def __init__(self, first, second):
        self._first = first
        self.second = second

    def _twice(self, amount):
        try:
            return [(lambda amount: amount + self._first)(item) for item in (amount, _LIMIT)]
        except ValueError as error:
            return error

    async def wait(self, timeout):
        return timeout


def make(first, second=None):
    def inner(factor):
        return first * factor

    return Base(inner(2), second)._twice(first), _table
"""
TWO = """
from limen.one import Base, make


class Derived(Base):
    def __init__(self, first):
        super().__init__(first, second=9)
        self._third = self._first + 1
        self.outside._io_queue = first
"""


@pytest.fixture
def short():
    return shorten({"limen/one.py": ONE, "limen/two.py": TWO})


def test_it_does_the_same(short):
    spaces = []
    for text in (ONE, short["limen/one.py"]):
        space = {}
        exec(text.replace("from micropython import const", "const = int"), space)
        spaces.append(space["make"](5, second=1))
    assert spaces[0] == spaces[1] == ([15, 13], [1, 2])


def test_private_names_and_parameters_are_gone_and_lines_stay(short):
    text = short["limen/one.py"]
    for name in ("_first", "_twice", "_table", "amount", "factor", "timeout"):
        assert name not in text
    assert len(text.splitlines()) == len(ONE.splitlines())
    assert "def __init__(self, _p0, second):" in text


def test_names_that_others_use_stay(short):
    assert "second=None" in short["limen/one.py"]  # a call names it
    assert "_LIMIT = const(3)" in short["limen/one.py"]  # costs nothing
    assert "as error" in short["limen/one.py"]


def test_a_subclass_shares_the_numbering_of_its_base(short):
    first = short["limen/one.py"].split("self.")[1].split(" =")[0]
    assert f"= self.{first} + 1" in short["limen/two.py"]
    third = short["limen/two.py"].split("self.")[1].split(" =")[0]
    assert third != first


def test_parameters_that_others_name_can_be_kept():
    text = shorten({"limen/one.py": ONE}, parameters=False)["limen/one.py"]
    assert "_twice" not in text
    assert "self, first, second" in text and "lambda amount" in text
