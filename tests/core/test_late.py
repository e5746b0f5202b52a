"""What is borrowed is usable, and its module is gone."""

import sys

from limen.core.late import Borrowed

BORROWED = "limen.core.elapsed"


def test_what_was_taken_from_a_borrowed_module_stays():
    before = sys.modules.pop(BORROWED, None)
    with Borrowed():
        from limen.core.elapsed import elapsed_ms

        assert BORROWED in sys.modules
    assert BORROWED not in sys.modules
    assert elapsed_ms(1, 200, 2, 100) == 900
    if before:  # other tests in this process have it
        sys.modules[BORROWED] = sys.modules["limen.core"].elapsed = before


def test_who_was_there_before_stays():
    from limen.core import elapsed

    with Borrowed():
        from limen.core.elapsed import elapsed_ms
    assert sys.modules[BORROWED] is elapsed
    assert elapsed.elapsed_ms is elapsed_ms
