"""What a message of the plain dialect is read with: a JSON object, taken key by key.

What is missing, left over or of another type is a ContractError that says where.
"""

import json
from decimal import Decimal
from typing import NamedTuple, Self

GOOD, UNCERTAIN, BAD, STALE = range(4)
QUALITY_NAMES = ("good", "uncertain", "bad", "stale")
_LONGEST_ID = 64


class ContractError(ValueError):
    """A message that the contract does not allow; the text says what is wrong with it."""


class Boot(NamedTuple):
    """One boot of one incarnation of a gateway: within it, seq names a record."""

    inc: str
    number: int

    def __str__(self) -> str:
        return f"{self.inc}/{self.number}"


def decoded(payload: bytes) -> dict:
    """The object of a payload; numbers with a point come as Decimals. Raises ContractError."""
    try:
        return _JSON.decode(payload.decode())
    except (ValueError, RecursionError) as error:
        raise ContractError(f"not JSON: {error}") from None


def _refuse_constant(text: str):
    raise ValueError(f"{text} is no number")


_JSON = json.JSONDecoder(parse_float=Decimal, parse_constant=_refuse_constant)


class Table:
    """A JSON object whose keys are taken one by one; what is left at the end was not allowed."""

    def __init__(self, value, where: str):
        if not isinstance(value, dict):
            raise ContractError(f"{where} is no object")
        self._left = dict(value)
        self._where = where

    def get(self, key: str, *types):
        """Take a key whose value is of one of the types; None among them allows null."""
        if key not in self._left:
            raise ContractError(f"{self._where} lacks {key!r}")
        value = self._left.pop(key)
        return value if _type(value) in types else typed(value, types, f"{key!r} of {self._where}")

    def has(self, key: str) -> bool:
        return key in self._left

    def table(self, key: str) -> Self:
        return Table(self._left.pop(key, None), f"{key!r} of {self._where}")

    def tables(self, key: str) -> list[Self]:
        where = f"{key!r} of {self._where}"
        return [Table(value, f"an entry of {where}") for value in self.get(key, list)]

    def natural(self, key: str, *types) -> int | None:
        """Take an integer that is not negative."""
        value = self.get(key, int, *types)
        return natural_of(value, f"{key!r} of {self._where}") if value else value

    def naturals(self, key: str, count: int) -> tuple[int, ...]:
        """Take a list of so many integers that are not negative."""
        where = f"an entry of {key!r} of {self._where}"
        return tuple(natural_of(typed(n, (int,), where), where) for n in self._list(key, count))

    def pairs(self, key: str, largest: int) -> tuple[tuple[int, int], ...]:
        """Take a list of pairs of integers from 0 to `largest`."""
        where = f"an entry of {key!r} of {self._where}"
        return tuple(_pair(entry, largest, where) for entry in self.get(key, list))

    def decimal(self, key: str, *types) -> Decimal | None:
        """Take a number."""
        return _decimal(self.get(key, int, Decimal, *types))

    def decimals(self, key: str, count: int, *types) -> tuple[Decimal | None, ...]:
        """Take a list of so many numbers."""
        where = f"an entry of {key!r} of {self._where}"
        types = (int, Decimal, *types)
        return tuple(_decimal(typed(one, types, where)) for one in self._list(key, count))

    def _list(self, key: str, count: int) -> list:
        found = self.get(key, list)
        if len(found) != count:
            raise ContractError(f"{key!r} of {self._where} has {len(found)} entries, not {count}")
        return found

    def one_of(self, key: str, words: tuple[str, ...]) -> str:
        return one_of(self.get(key, str), words, f"{key!r} of {self._where}")

    def is_given(self, key: str) -> bool:
        """Whether a key is there and not null, which is taken."""
        if key in self._left and self._left[key] is None:
            del self._left[key]
            return False
        return True

    def name(self, key: str) -> str:
        """Take a text that is not empty."""
        text = self.get(key, str)
        if not text:
            raise ContractError(f"{key!r} of {self._where} is empty")
        return text

    def identity(self) -> str | int | None:
        """Take what a request calls itself."""
        name = self.get("id", str, int, None)
        if isinstance(name, str) and len(name) > _LONGEST_ID:
            raise ContractError(f"the id of {self._where} has more than {_LONGEST_ID} characters")
        return name

    def boot(self) -> Boot:
        return Boot(self.name("inc"), self.natural("boot"))

    def quality(self, key: str) -> int:
        return quality_of(self.get(key, int), f"{key!r} of {self._where}")

    def rest(self) -> dict:
        """Everything that was not taken."""
        left, self._left = self._left, {}
        return left

    def end(self) -> None:
        if self._left:
            raise ContractError(f"{self._where} has unknown {', '.join(map(repr, self._left))}")


def typed(value, types: tuple, where: str):
    """The value, if it is of one of the types; None among them allows null."""
    if _type(value) in types:
        return value
    names = " or ".join("null" if one is None else one.__name__ for one in types)
    raise ContractError(f"{where} is {value!r}, not {names}")


def _type(value) -> type | None:
    """The exact type, as a JSON true is an int to Python's isinstance; None of null."""
    return None if value is None else type(value)


def natural_of(value: int | None, where: str) -> int | None:
    """The number, if it is not negative; null passes."""
    if value is not None and value < 0:
        raise ContractError(f"{where} is {value}, less than 0")
    return value


def _pair(entry, largest: int, where: str) -> tuple[int, int]:
    numbers = [natural_of(typed(n, (int,), where), where) for n in typed(entry, (list,), where)]
    if len(numbers) != 2 or max(numbers) > largest:
        raise ContractError(f"{where} is {entry!r}, not two integers of at most {largest}")
    return tuple(numbers)


def quality_of(value: int, where: str) -> int:
    """The number, if it is a quality, GOOD to STALE."""
    if not GOOD <= value <= STALE:
        raise ContractError(f"{where} is {value}, not a quality from 0 to 3")
    return value


def _decimal(number: int | Decimal | None) -> Decimal | None:
    return None if number is None else Decimal(number)


def number_of(value, where: str) -> Decimal | None:
    """An exact number, or None for null."""
    number = typed(value, (int, Decimal, None), where)
    return None if number is None else Decimal(number)


def one_of(word: str, words: tuple[str, ...], where: str) -> str:
    """The word, if it is one of these."""
    if word not in words:
        raise ContractError(f"{where} is {word!r}, not {' or '.join(words)}")
    return word
