"""Mutations of right input, from a seed: enough for a run in the tests, where no fuzzer watches."""

import random
from collections.abc import Iterator


def mutations(seeds: list[bytes], count: int, seed: int) -> Iterator[bytes]:
    """So many inputs; the same for the same seed."""
    dice = random.Random(seed)
    for _ in range(count):
        data = bytearray(dice.choice(seeds))
        for _ in range(dice.randint(1, 4)):
            dice.choice(_CHANGES)(data, dice, seeds)
        yield bytes(data)


def _flip(data: bytearray, dice: random.Random, seeds: list[bytes]) -> None:
    if data:
        data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)


def _overwrite(data: bytearray, dice: random.Random, seeds: list[bytes]) -> None:
    at = dice.randint(0, len(data))
    data[at : at + dice.randint(0, 4)] = dice.choice(_TELLING)


def _cut(data: bytearray, dice: random.Random, seeds: list[bytes]) -> None:
    at = dice.randint(0, len(data))
    del data[at : at + dice.randint(1, 20)]


def _end(data: bytearray, dice: random.Random, seeds: list[bytes]) -> None:
    del data[dice.randint(0, len(data)) :]


def _repeat(data: bytearray, dice: random.Random, seeds: list[bytes]) -> None:
    at = dice.randint(0, len(data))
    data[at:at] = data[at : at + dice.randint(1, 30)]


def _cross(data: bytearray, dice: random.Random, seeds: list[bytes]) -> None:
    other = dice.choice(seeds)
    at = dice.randint(0, len(other))
    data[dice.randint(0, len(data)) :] = other[at:]


_CHANGES = (_flip, _overwrite, _cut, _end, _repeat, _cross)
_TELLING = (
    b"", b"\0", b"\xff", b"\x80", b"-1", b"0", b"99999999999999999999", b"nan", b"1e999", b'"',
    b"[", b"{", b"\n", b"\xef\xbb\xbf", b"=", b"''", b"true", b"[[", b",,", b"\xc3", b"/", b"!",
)  # fmt: skip
