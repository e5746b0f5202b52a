"""The constants of the firmware, and the interpreter they are meant for."""

from limen.core.compat import const

_WIDTH = const(12)


def test_a_constant_is_its_value():
    assert const(-7) == -7


def test_a_private_constant_can_be_used_where_it_is_defined():
    assert _WIDTH + 1 == 13
