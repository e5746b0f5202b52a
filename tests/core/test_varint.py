from limen.core.varint import Reader, put_signed, put_unsigned

BUFFER = bytearray(16)


def test_small_numbers_take_one_byte():
    assert put_signed(BUFFER, 0, -64) == 1
    assert BUFFER[0] == 127
    assert Reader(BUFFER).signed() == -64


def test_folding_keeps_the_sign():
    for value, folded in ((0, 0), (-1, 1), (1, 2), (-2, 3), (63, 126)):
        put_signed(BUFFER, 0, value)
        assert BUFFER[0] == folded


def test_every_length_comes_back():
    for bits in range(0, 48):
        for value in (1 << bits, -(1 << bits), (1 << bits) - 1, 1 - (1 << bits)):
            end = put_signed(BUFFER, 3, value)
            reader = Reader(BUFFER)
            reader.at = 3
            assert reader.signed() == value
            assert reader.at == end


def test_unsigned_groups_are_least_significant_first():
    assert put_unsigned(BUFFER, 0, 300) == 2
    assert BUFFER[0] == 0xAC and BUFFER[1] == 2
    assert Reader(BUFFER).unsigned() == 300
