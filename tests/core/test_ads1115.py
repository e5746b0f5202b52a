"""The ADS1115: what its counts mean, and when there are none."""

from fake_i2c import Channel, Port, device
from fake_turn import run

from limen.core.quality import BAD, GOOD

LIMITS = (-40000, -40000, 40000, 40000)


def ads1115_of(word, config=b"\xc3\x83", mux=4, gain=1):
    """An input whose line is that of volts at the gain 1: 125 µV a count."""
    port = Port({0: word, 1: config})
    settings = {"mux": mux, "gain": gain, "line": (1250, 0, 1), "limits": LIMITS}
    return device("ads1115", port, [Channel("voltage_dc", 7)], **settings)


def voltage(one):
    run(one.read())
    return one.channels[0].result()


def test_ads1115_counts():
    # Data sheet, table 7-3: output codes for input signals, here at ±4.096 V.
    assert voltage(ads1115_of(b"\x00\x00")) == (0, GOOD)
    assert voltage(ads1115_of(b"\x00\x01")) == (1250, GOOD)
    assert voltage(ads1115_of(b"\xff\xff")) == (-1250, GOOD)
    assert voltage(ads1115_of(b"\x7f\xfe")) == (32766 * 1250, GOOD)
    assert voltage(ads1115_of(b"\x80\x01")) == (-32767 * 1250, GOOD)


def test_ads1115_at_the_end_of_its_range_has_no_value():
    assert voltage(ads1115_of(b"\x7f\xff")) == (None, BAD)
    assert voltage(ads1115_of(b"\x80\x00")) == (None, BAD)


def test_ads1115_starts_a_conversion_of_its_input():
    one = ads1115_of(b"\x00\x01", b"\xf7\x83", mux=7, gain=3)
    assert voltage(one) == (1250, GOOD)
    assert one.bus.port.written == [(1, b"\xf7\x83")]


def test_ads1115_that_is_busy_or_was_reset_has_no_value():
    assert voltage(ads1115_of(b"\x00\x01", b"\x43\x83")) == (None, BAD)
    one = ads1115_of(b"\x00\x01", b"\x85\x83")
    assert voltage(one) == (None, BAD)
    assert one.bus.counters() == {"ok": 0, "no_answer": 0, "bad_data": 1}
    one.bus.port.dead = True
    assert voltage(one) == (None, BAD)
    assert one.bus.no_answer == 1
