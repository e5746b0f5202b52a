"""The order in which known Wi-Fi networks are tried."""

from limen.hal.wifi_scan import by_reach, order

NETWORKS = [{"ssid": name} for name in ("first", "second", "third", "hidden")]


def names(signals):
    return [known["ssid"] for known in order(NETWORKS, signals)]


def test_preference_counts_among_good_signals():
    signals = {"first": -70, "second": -40, "third": -60}
    assert names(signals) == ["first", "second", "third", "hidden"]


def test_a_weak_signal_comes_after_the_good_ones_and_before_the_unseen():
    signals = {"first": -88, "third": -60}
    assert names(signals) == ["third", "first", "second", "hidden"]
    assert names({"first": -88, "second": -80}) == ["second", "first", "third", "hidden"]


class Scan:
    """A station that finds two access points of one network."""

    def scan(self):
        return [
            (b"second", b"", 1, -90, 3, False),
            (b"second", b"", 6, -50, 3, False),
            (b"first", b"", 6, -77, 3, False),
        ]


class Deaf:
    def scan(self):
        raise OSError("STA must be active")


def test_the_nearest_access_point_of_a_network_counts():
    assert [known["ssid"] for known in by_reach(Scan(), NETWORKS)][:2] == ["second", "first"]


def test_a_scan_that_fails_leaves_the_order():
    assert by_reach(Deaf(), NETWORKS) is NETWORKS
