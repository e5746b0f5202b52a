from limen.core.modbus_values import encode
from limen.core.numbers import number


def register(kind, order="ABCD", numerator=1, denominator=1, *rest):
    return [100, kind, order, numerator, denominator] + list(rest)


def refused(*arguments):
    try:
        encode(*arguments)
    except ValueError as error:
        return str(error)
    raise AssertionError("was not refused")


def test_a_setpoint():
    assert encode(register("s16", "ABCD", 1, 1), 235) == (100, b"\x00\xeb")
    assert encode(register("s16", "ABCD", 1, 1), -235) == (100, b"\xff\x15")
    assert encode(register("u32", "CDAB", 10, 1), 655370) == (100, b"\x00\x01\x00\x01")


def test_what_is_written_is_what_is_read():
    for kind in ("u16", "s16", "u32", "s32", "u48", "s64", "bcd16", "bcd32", "f32", "f64"):
        for order in ("ABCD", "BADC", "CDAB", "DCBA"):
            for count in (0, 1, 1234, 9999, -1, -1234):
                if count < 0 and kind[0] in "ub":
                    continue
                spec = register(kind, order, 1, 1)
                _, data = encode(spec, count)
                assert number(*spec[1:5]).decode(data, 0) == count, (kind, order, count)


def test_steps_that_are_finer_than_the_register_s_are_rounded():
    spec = register("u16", "ABCD", 10, 1)  # the register counts tens of ours
    assert [encode(spec, count)[1][1] for count in (14, 15, 16, 24, 25)] == [1, 2, 2, 2, 3]


def test_an_offset():
    # count = (raw * 10 - 400) / 1, one register at the second place of a run
    spec = register("u16*", "ABCD", 10, 1, -400, 2, 1, -1, 0, 0)
    assert encode(spec, 0) == (101, b"\x00\x28")


def test_what_cannot_be_written():
    assert refused(register("u16"), 65536) == "65536 does not fit into u16"
    assert refused(register("u16"), -1) == "-1 does not fit into u16"
    assert refused(register("s16"), 32768) == "32768 does not fit into s16"
    assert refused(register("bcd16"), 10000) == "10000 does not fit into 4 digits"
    assert refused(register("f32"), 10**39).startswith("the value is too large")
    assert refused(register("pf32"), 1) == "1 does not fit into pf32"
    part = register("u16*", "ABCD", 1, 1, 0, 1, 0, -1, 3, 1)
    assert refused(part, 1).startswith("a part of a register")


def test_floats():
    assert encode(register("f32", "ABCD", 10, 1), 2301) == (100, b"\x43\x66\x19\x9a")  # 230.1
    assert encode(register("f64", "ABCD", 1, 1), -2) == (100, b"\xc0" + bytes(7))
