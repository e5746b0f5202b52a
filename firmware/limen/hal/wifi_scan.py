"""Orders known Wi-Fi networks by what a scan finds; loaded only where there are several.

A scan blocks the interpreter for about two seconds, so it takes place only before joining.
"""

from limen.core.compat import const

_GOOD_DBM = const(-75)
_SSID = const(0)
_RSSI = const(3)
_UNSEEN = const(-127)  # or hidden


def by_reach(wlan, networks):
    """The networks in the order to try them: those with a good signal in the order of preference,
    then the weaker ones by signal, then those that were not seen."""
    try:
        found = wlan.scan()
    except OSError:
        return networks
    signals = {}
    for access_point in found:
        ssid = str(access_point[_SSID], "utf-8")
        signals[ssid] = max(access_point[_RSSI], signals.get(ssid, _UNSEEN))
    return order(networks, signals)


def order(networks, signals):
    """`signals` are the best RSSI by SSID."""
    ranks = []
    for place in range(len(networks)):
        rssi = signals.get(networks[place]["ssid"], _UNSEEN)
        ranks.append((0 if rssi >= _GOOD_DBM else -rssi, place))
    ranks.sort()
    return [networks[place] for _, place in ranks]
