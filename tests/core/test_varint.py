from limen.core.varint import Reader, put_number

BUFFER = bytearray(16)


def number_at(at):
    reader = Reader()
    reader.buffer = BUFFER
    reader.at = at
    return reader.number(), reader.at


def test_small_numbers_take_one_byte():
    assert put_number(BUFFER, 0, -64) == 1
    assert BUFFER[0] == 127
    assert number_at(0) == (-64, 1)


def test_folding_keeps_the_sign():
    for value, folded in ((0, 0), (-1, 1), (1, 2), (-2, 3), (63, 126)):
        put_number(BUFFER, 0, value)
        assert BUFFER[0] == folded


def test_every_length_comes_back():
    for bits in range(0, 48):
        for value in (1 << bits, -(1 << bits), (1 << bits) - 1, 1 - (1 << bits)):
            end = put_number(BUFFER, 3, value)
            assert number_at(3) == (value, end)


def test_groups_are_least_significant_first():
    assert put_number(BUFFER, 0, 300) == 2
    assert BUFFER[0] == (300 & 63) << 1 | 128 and BUFFER[1] == 300 >> 6
