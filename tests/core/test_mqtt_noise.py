"""Any bytes from a broker end in a named cause. The long run is in tests/campaigns."""

from fake_broker import CAUSES, check_packets, read


def test_what_is_right_is_taken_whole():
    assert read(b"\x20\x02\x00\x00\x40\x02\x00\x01\x30\x07\x00\x01ahell") == (3, None)


def test_each_cause_comes_and_no_other():
    ends = check_packets(1, 1500)
    assert sum(ends.values()) == 1500
    assert sorted(ends) == sorted(CAUSES + ("whole", "refused"))
