"""Any bytes give a counted result, and nothing else. The long runs are in tests/campaigns."""

from fake_noise import Noise, check_bus, check_rtu, check_tcp

from limen.core import modbus


def test_noise_on_a_line():
    counts = check_rtu(Noise(1), 600)
    assert sum(counts) == 600
    unseen = [name for name, count in zip(modbus.RESULTS, counts) if not count]
    assert unseen == ["no_link"]


def test_noise_on_a_connection():
    counts = check_tcp(Noise(2), 600)
    assert sum(counts) == 600
    assert counts[modbus.GARBAGE] > 0


def test_noise_through_the_whole_master():
    counts = check_bus(Noise(3), 60)
    assert sum(counts) == 60
