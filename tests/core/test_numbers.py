from limen.core.numbers import nearest, number

try:
    from micropython import heap_lock, heap_unlock
except ImportError:

    def heap_lock():
        pass

    heap_unlock = heap_lock


def decoded(kind, order, registers, numerator=1, denominator=1, sentinels=()):
    """Decode registers given in hex as they come on the wire."""
    decoder = number(kind, order, numerator, denominator, sentinels)
    wire = bytes(int(registers[i : i + 2], 16) for i in range(0, len(registers), 2))
    assert len(wire) == 2 * decoder.words
    return decoder.decode(b"\xff\xff\xff" + wire + b"\xff\xff", 3)


def test_a_voltage_at_a_tenth_of_a_volt():
    assert decoded("f32", "ABCD", "436C7E6E", 10) == 2365  # 236.494 V
    assert decoded("u16", "ABCD", "08D1") == 2257


def test_sixteen_bits():
    assert decoded("u16", "ABCD", "FFFF") == 65535
    assert decoded("s16", "ABCD", "FFFF") == -1
    assert decoded("s16", "ABCD", "8000") == -32768
    assert decoded("s16", "ABCD", "7FFF") == 32767
    assert decoded("s16", "BADC", "FEFF") == -2


def test_word_orders():
    assert decoded("u32", "ABCD", "01020304") == 0x01020304
    assert decoded("u32", "CDAB", "03040102") == 0x01020304
    assert decoded("u32", "BADC", "02010403") == 0x01020304
    assert decoded("u32", "DCBA", "04030201") == 0x01020304
    assert decoded("u64", "ABCD", "0102030405060708") == 0x0102030405060708
    assert decoded("u64", "CDAB", "0708050603040102") == 0x0102030405060708
    assert decoded("u64", "BADC", "0201040306050807") == 0x0102030405060708
    assert decoded("u64", "DCBA", "0807060504030201") == 0x0102030405060708


def test_wide_integers():
    assert decoded("s32", "ABCD", "FFFFFF38") == -200
    assert decoded("s32", "CDAB", "00008000") == -2147483648
    assert decoded("u32", "ABCD", "FFFFFFFF") == 4294967295
    assert decoded("u48", "CDAB", "000300020001") == 0x000100020003
    assert decoded("s48", "ABCD", "FFFFFFFFFFFE") == -2
    assert decoded("s64", "ABCD", "FFFFFFFFFFFFFFFC") == -4
    assert decoded("s64", "ABCD", "8000000000000000") == -(1 << 63)
    assert decoded("u64", "ABCD", "FFFFFFFFFFFFFFFF") == (1 << 64) - 1


def test_scales_round_to_the_nearest_and_ties_away_from_zero():
    assert decoded("s16", "ABCD", "0005", 1, 10) == 1
    assert decoded("s16", "ABCD", "0004", 1, 10) == 0
    assert decoded("s16", "ABCD", "FFFB", 1, 10) == -1
    assert decoded("s16", "ABCD", "FFFC", 1, 10) == 0
    assert decoded("s16", "ABCD", "FFF1", 1, 10) == -2
    assert decoded("u16", "ABCD", "0007", 2, 3) == 5
    assert decoded("s32", "ABCD", "FFFFFFFF", 1000) == -1000
    assert decoded("u32", "ABCD", "3FFFFFFF", 1, 7) == 153391689


def test_singles():
    assert decoded("f32", "ABCD", "43710000") == 241
    assert decoded("f32", "CDAB", "00004371") == 241
    assert decoded("f32", "BADC", "71430000") == 241
    assert decoded("f32", "DCBA", "00007143") == 241
    assert decoded("f32", "ABCD", "C1114E2F", 1000) == -9082
    assert decoded("f32", "ABCD", "4577CFB2", 100) == 396498
    assert decoded("f32", "ABCD", "00000000", 1000) == 0
    assert decoded("f32", "ABCD", "80000000", 1000) == 0


def test_singles_are_rounded_once():
    assert decoded("f32", "ABCD", "3F000000") == 1  # 0.5
    assert decoded("f32", "ABCD", "BF000000") == -1
    assert decoded("f32", "ABCD", "3EFFFFFF") == 0  # the largest below 0.5
    assert decoded("f32", "ABCD", "BEFFFFFF") == 0
    assert decoded("f32", "ABCD", "3D4CCCCD", 10) == 1  # 0.05 is stored a little above
    assert decoded("f32", "ABCD", "3EFFFFFF", 1, 1) == 0
    assert decoded("f32", "ABCD", "4AFFFFFF", 1, 2) == 4194304  # 8388607.5 / 2 = 4194303.75
    assert decoded("f32", "ABCD", "41200000", 1, 4) == 3  # 10 / 4


def test_the_ends_of_the_singles():
    assert decoded("f32", "ABCD", "00000001", 131071) == 0
    assert decoded("f32", "ABCD", "7F7FFFFF") == 0xFFFFFF << 104
    assert decoded("f32", "ABCD", "FF7FFFFF") == -0xFFFFFF << 104
    assert decoded("f32", "ABCD", "4E7FFFFF") == 1073741760
    assert decoded("f32", "ABCD", "00800000", 1 << 126) == 1
    assert decoded("f32", "ABCD", "00400000", 1 << 126) == 1  # a half, denormal
    assert decoded("f32", "ABCD", "003FFFFF", 1 << 126) == 0


def test_doubles():
    assert decoded("f64", "ABCD", "40A0BA8E0051B26F", 1000) == 2141277
    assert decoded("f64", "ABCD", "BFE0000000000000") == -1
    assert decoded("f64", "ABCD", "3FDFFFFFFFFFFFFF") == 0
    assert decoded("f64", "DCBA", "000000000000F07F") is None
    assert decoded("f64", "CDAB", "0000000000003FF8", 1, 3) == 1  # 1.5 / 3 is a tie
    assert decoded("f64", "ABCD", "7FEFFFFFFFFFFFFF") == ((1 << 53) - 1) << 971
    assert decoded("f64", "ABCD", "0000000000000001", 1 << 1073) == 1


def test_floats_without_a_value():
    assert decoded("f32", "ABCD", "7FC00000") is None
    assert decoded("f32", "ABCD", "FFC00001") is None
    assert decoded("f32", "ABCD", "7F800000") is None
    assert decoded("f32", "ABCD", "FF800000") is None
    assert decoded("f64", "ABCD", "7FF8000000000000") is None
    assert decoded("f64", "ABCD", "FFF0000000000000") is None


def test_sentinels():
    assert decoded("s16", "ABCD", "7FFF", 1, 1, (0x7FFF,)) is None
    assert decoded("s16", "ABCD", "8000", 1, 1, (0x7FFF, 0x8000)) is None
    assert decoded("s16", "ABCD", "8001", 1, 1, (0x7FFF, 0x8000)) == -32767
    assert decoded("u16", "ABCD", "FFFF", 1, 1, (0xFFFF,)) is None
    assert decoded("s32", "ABCD", "80000000", 1, 1, (0x80000000,)) is None
    assert decoded("u32", "CDAB", "FFFFFFFF", 10, 1, (0xFFFFFFFF,)) is None
    assert decoded("s64", "ABCD", "7FFFFFFFFFFFFFFF", 1, 1, ((1 << 63) - 1,)) is None
    assert decoded("f32", "ABCD", "7F7FFFFF", 1, 1, (0x7F7FFFFF,)) is None
    assert decoded("f32", "ABCD", "FF7FFFFF", 0, 1, (0x7F7FFFFF,)) == 0


def test_binary_coded_decimals():
    assert decoded("bcd16", "ABCD", "1234") == 1234
    assert decoded("bcd32", "CDAB", "56781234", 1, 10) == 1234568
    assert decoded("bcd32", "DCBA", "78563412") == 12345678
    assert decoded("bcd48", "ABCD", "000000000907") == 907
    assert decoded("bcd64", "ABCD", "9999999999999999") == 9999999999999999
    assert decoded("bcd16", "ABCD", "12A4") is None
    assert decoded("bcd16", "ABCD", "FFFF") is None
    assert decoded("bcd16", "ABCD", "9999", 1, 1, (0x9999,)) is None
    assert decoded("bcd16", "ABCD", "9998", 1, 1, (0x9999,)) == 9998


def test_four_quadrant_power_factors():
    assert decoded("pf32", "ABCD", "3F733333", 1000) == 950  # 0.95, the power factor itself
    assert decoded("pf32", "ABCD", "BF733333", 1000) == -950
    assert decoded("pf32", "ABCD", "3F866666", 1000) == 950  # 1.05
    assert decoded("pf32", "ABCD", "BF866666", 1000) == -950
    assert decoded("pf32", "CDAB", "6666BF86", 1000) == -950
    assert decoded("pf32", "ABCD", "3F800000", 1000) == 1000
    assert decoded("pf32", "ABCD", "BF800000", 1000) == -1000
    assert decoded("pf32", "ABCD", "40000000", 1000) == 0
    assert decoded("pf32", "ABCD", "C0000000", 1000) == 0
    assert decoded("pf32", "ABCD", "00000000", 1000) == 0
    assert decoded("pf32", "ABCD", "3F880000", 1000) == 938  # 1.0625: 0.9375 is a tie
    assert decoded("pf32", "ABCD", "40000001", 1000) is None  # beyond 2
    assert decoded("pf32", "ABCD", "C0800000", 1000) is None
    assert decoded("pf32", "ABCD", "7F7FFFFF", 1000) is None
    assert decoded("pf32", "ABCD", "7FC00000", 1000) is None


def derived(kind, registers, numerator=1, denominator=1, fields=(), sentinels=()):
    """Fields: offset, words, at, exponent_at, lowest bit, number of bits."""
    return decoded(kind + "*", "ABCD", registers, numerator, denominator, fields + sentinels)


def test_offsets():
    plain = (1, 0, -1, 0, 0)
    assert derived("u16", "0190", 1, 1, (-400,) + plain) == 0
    assert derived("u16", "0000", 1, 1, (-400,) + plain) == -400
    assert derived("s16", "FFFF", 1, 10, (-5,) + plain) == -1  # -0.1 - 0.5 = -0.6
    assert derived("u16", "000B", 10, 100, (-27315,) + plain) == -272  # 1.1 - 273.15 = -272.05
    assert derived("s16", "8000", 1, 1, (7,) + plain, (0x8000,)) is None
    assert derived("bcd16", "0250", 1, 1, (-273,) + plain) == -23


def test_offsets_of_floats():
    assert derived("f32", "43889333", 100, 100, (-27315, 2, 0, -1, 0, 0)) == 0  # 273.15
    assert derived("f32", "43889333", 1000, 100, (-2731500, 2, 0, -1, 0, 0)) == -24584
    assert derived("f32", "C0200000", 1, 1, (1, 2, 0, -1, 0, 0)) == -2  # -2.5 + 1 is a tie
    assert derived("f32", "4E7FFFFF", 1, 1, (-1, 2, 0, -1, 0, 0)) == 1073741759
    assert derived("f32", "00000001", 1, 1, (3, 2, 0, -1, 0, 0)) == 3
    assert derived("f32", "7FC00000", 1, 1, (3, 2, 0, -1, 0, 0)) is None
    assert derived("f32", "7F7FFFFF", 1, 1, (3, 2, 0, -1, 0, 0), (0x7F7FFFFF,)) is None
    assert derived("f64", "3FF8000000000000", 10, 10, (-20, 4, 0, -1, 0, 0)) == -1  # 1.5 - 2
    assert derived("f64", "FFF0000000000000", 1, 1, (3, 4, 0, -1, 0, 0)) is None


def test_exponents_in_another_register():
    behind = (0, 2, 0, 1, 0, 0)
    assert derived("s16", "04D20000", 1, 1, behind) == 1234
    assert derived("s16", "04D2FFFF", 1, 1, behind) == 123
    assert derived("s16", "04D3FFFE", 100, 1, behind) == 1235
    assert derived("s16", "FB2E0002", 1, 1, behind) == -123400
    assert derived("s16", "FB2EFFFE", 1, 1, behind) == -12
    assert derived("u32", "0002" + "FFFF" + "0001E240", 1, 1000, (0, 4, 2, 0, 0, 0)) == 12346
    assert derived("s16", "04D28000", 1, 1, behind) is None  # SunSpec: not implemented
    assert derived("s16", "04D2000D", 1, 1, behind) is None
    assert derived("s16", "80000000", 1, 1, behind, (0x8000,)) is None
    assert derived("f32", "3FC0000000000001", 1, 1, (5, 4, 0, 3, 0, 0)) == 20  # 1.5 * 10 + 5


def test_parts_of_the_bits():
    assert derived("u16", "1234", 1, 1, (0, 1, 0, -1, 0, 4)) == 4
    assert derived("u16", "1234", 1, 1, (0, 1, 0, -1, 8, 8)) == 0x12
    assert derived("u16", "8000", 1, 1, (0, 1, 0, -1, 15, 1)) == 1
    assert derived("u32", "00018000", 1, 1, (0, 2, 0, -1, 15, 2)) == 3
    assert derived("u16", "FFFF", 1, 1, (0, 1, 0, -1, 15, 1), (0xFFFF,)) is None


def test_nearest():
    assert nearest(0, 0, 1) == 0
    assert nearest(14, 1, 10) == 1
    assert nearest(15, 0, 10) == 2
    assert nearest(2, 1, 5) == 1  # 2.5 / 5


def test_decoding_allocates_nothing():
    decoders = [
        (number("f32", "ABCD", 131071, 1), b"\x45\xff\xf0\x00", 8190 * 131071),
        (number("f32", "CDAB", 1000, 1), b"\x7e\x6e\xc3\x6c", -236494),
        (number("f32", "ABCD", 1, 10), b"\x45\x10\x00\x00", 230),
        (number("u32", "ABCD", 10, 3), b"\x06\x00\x00\x00", 335544320),
        (number("s64", "ABCD", -1, 1), b"\xff\xff\xff\xff\xff\xff\xff\xfc", 4),
        (number("s16", "BADC", 1, 1, (0x7FFF,)), b"\xfe\xff", -2),
        (number("bcd32", "ABCD", 10, 1), b"\x01\x23\x45\x67", 12345670),
        (number("pf32", "ABCD", 1000, 1, ()), b"\xbf\x86\x66\x66", -950),
        (number("s16*", "ABCD", 10, 1, (0, 2, 0, 1, 0, 0, 0x8000)), b"\xfb\x2e\xff\xfe", -123),
        (number("s16*", "ABCD", 1, 1, (0, 2, 0, 1, 0, 0, 0x8000)), b"\xfb\x2e\0\3", -1234000),
    ]
    results = [0] * len(decoders)
    heap_lock()
    try:
        for index in range(len(decoders)):
            decoder, wire, _ = decoders[index]
            results[index] = decoder.decode(wire, 0)
    finally:
        heap_unlock()
    assert results == [expected for _, _, expected in decoders]
