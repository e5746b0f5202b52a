"""Text against Python's own formatting."""

import json
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from limen.core.text import Text

counts = st.one_of(st.integers(-(1 << 31), 1 << 31), st.integers())


def written(method: str, *arguments) -> str:
    text = Text(bytearray(2000))
    getattr(text, method)(*arguments)
    assert not text.overflow
    return bytes(text.buffer[: text.at]).decode()


@given(counts)
def test_integers(number):
    assert written("put_int", number) == str(number)


@given(counts, st.integers(-6, 20))
def test_decimals(count, places):
    exact = written("put_decimal", count, places)
    assert Fraction(exact) == Fraction(count) * Fraction(10) ** -places
    assert len(exact.partition(".")[2]) == max(places, 0)
    assert exact.startswith("-") == (count < 0)
    assert Fraction(json.loads(exact, parse_int=str, parse_float=str)) == Fraction(exact)


@given(st.integers(0, 1 << 33), st.integers(0, 999))
def test_utc(s, ms):
    assert written("put_utc_ms", s, ms) == str((s + 946684800) * 1000 + ms)


@given(st.text(st.characters(exclude_categories=("Cs",))))
def test_json_strings(string):
    assert json.loads(written("put_json_string", string)) == string


@given(st.integers(0, 40), st.lists(counts, max_size=8))
def test_what_is_written_is_a_prefix_of_the_whole(size, numbers):
    short, whole = Text(bytearray(size)), Text(bytearray(2000))
    for number in numbers:
        for text in (short, whole):
            text.put_decimal(number, 1)
            text.put(b",")
    assert bytes(whole.buffer[: whole.at]).startswith(bytes(short.buffer[: short.at]))
    assert short.overflow == (whole.at > size)
