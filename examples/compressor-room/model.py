"""Two compressors over a night and a morning: a leak after midnight, a cooler and a bearing."""

from host_tools.emulation.model import Chance, Modelled, Moment, Pace, between

START = "2026-03-02T20:00:00+01:00"
HOURS = 14
DEMO = Pace(from_s=42_000, compress=30)

_H = 3600
_DEMAND = [(0, 9), (2 * _H, 9), (2.2 * _H, 1.2), (4 * _H, 1.2), (4.1 * _H, 3.2), (9.5 * _H, 3.2)]
_DEMAND += [(10 * _H, 11), (12 * _H, 16.4), (12.4 * _H, 16.4), (12.6 * _H, 10)]
"""m³/min that the net takes: production until 22:00, then leaks, one more from midnight on."""

_FULL_M3, _LOAD_W, _IDLE_W = 6.5, 37_000, 9_500
_LAGS = {1: 0, 2: 90}
_PERIOD_S = 180
_OIL = [(0, 78), (9 * _H, 78), (10 * _H, 80), (12 * _H, 97), (12.5 * _H, 98), (13 * _H, 84)]
_SHAKE = [(0, 2.2), (8 * _H, 2.6), (11 * _H, 5.0), (12 * _H, 8.5), (14 * _H, 9.0)]


class Room:
    """Compressor 1 takes what there is, compressor 2 the rest; each loads a part of every cycle."""

    def __init__(self, seed: int):
        self._chance = Chance(seed)

    def share(self, number: int, s: int) -> float:
        """How much of the time it is under load."""
        demand = between(s, _DEMAND) - _FULL_M3 * (number - 1)
        return max(0.0, min(1.0, demand / _FULL_M3))

    def power_w(self, number: int, now: Moment) -> float:
        share = self.share(number, now.s)
        if not share:
            return 150
        watts = _LOAD_W if (now.s + _LAGS[number]) % _PERIOD_S < share * _PERIOD_S else _IDLE_W
        return watts + self._chance.noise(f"watt {number}", now.s, watts / 80)

    def pressure_bar(self, now: Moment) -> float:
        """Between the two set points while the compressors follow; it sags when they cannot."""
        missing = max(0.0, between(now.s, _DEMAND) - 2 * _FULL_M3)
        swing = 0.25 * (1 - 2 * (now.s % _PERIOD_S) / _PERIOD_S)
        return 7.2 + swing - 0.45 * missing + self._chance.noise("bar", now.s, 0.02)

    def oil_c(self, now: Moment) -> float:
        return between(now.s, _OIL) + self._chance.noise("oil", now.s // 10, 0.4)

    def shake(self, now: Moment) -> float:
        running = self.share(1, now.s) > 0
        return (between(now.s, _SHAKE) + self._chance.noise("shake", now.s // 60, 0.3)) * running


def devices(seed: int, pace: Pace, outputs) -> dict:
    room = Room(seed)
    meters = {
        f"compressor-{n}": Modelled(
            {"power_active_total": (lambda now, n=n: room.power_w(n, now), 0)}, pace
        )
        for n in _LAGS
    }
    return meters | {
        "net": Modelled({"pressure": (room.pressure_bar, 3)}, pace),
        "oil-1": Modelled({"temperature": (room.oil_c, 2)}, pace),
        "bearing-1": Modelled({"vibration_acceleration": (room.shake, 2)}, pace),
    }
