from limen.core.calendar import seconds_of
from limen.service.ds3231 import decode_date, encode_date

# Saturday, 2026-11-21 20:48:45, as the data sheet's table of registers has it.
REGISTERS = b"\x45\x48\x20\x06\x21\x11\x26"


def test_a_date():
    assert encode_date(848609325) == REGISTERS
    assert decode_date(REGISTERS) == 848609325


def test_every_part_of_a_century_comes_back():
    for s in range(0, seconds_of(2100, 1, 1), 86400 * 13 + 3671):
        assert decode_date(encode_date(s)) == s
    assert decode_date(encode_date(seconds_of(2099, 12, 31, 23, 59, 59))) == 3155759999
    assert decode_date(encode_date(seconds_of(2034, 1, 9, 13, 37, 4))) == 1 << 30


def test_a_chip_that_somebody_set_to_twelve_hours():
    def at(hour):
        return decode_date(b"\x00\x00" + bytes([hour]) + REGISTERS[3:]) - seconds_of(2026, 11, 21)

    assert at(0x52) == 0  # 12 AM
    assert at(0x41) == 3600
    assert at(0x72) == 12 * 3600  # 12 PM
    assert at(0x71) == 23 * 3600
    assert decode_date(b"\x00\x00\x53" + REGISTERS[3:]) is None
    assert decode_date(b"\x00\x00\x40" + REGISTERS[3:]) is None


def test_what_is_no_date():
    for place, byte in (
        (0, 0x60),
        (0, 0x1A),
        (1, 0x99),
        (2, 0x24),
        (4, 0x31),
        (4, 0),
        (5, 0x13),
        (5, 0x00),
        (6, 0xFF),
    ):
        registers = bytearray(REGISTERS)
        registers[place] = byte
        assert decode_date(registers) is None, (place, byte)
    assert decode_date(b"\xff" * 7) is None
    assert decode_date(b"\x00\x00\x00\x01\x29\x82\x28") == seconds_of(2028, 2, 29)
