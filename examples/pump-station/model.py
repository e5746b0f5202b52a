"""A well pump over a day: the level falls, the pump cavitates, somebody throttles it."""

from host_tools.emulation.model import Chance, Modelled, Moment, Pace, between

START = "2026-07-14T04:00:00+02:00"
HOURS = 10
DEMO = Pace(from_s=18_400, compress=80)

_H = 3600
_RUNS = [(0.5 * _H, 9.5 * _H)]
_SUCTION = [(0, 0.35), (2 * _H, 0.3), (6.5 * _H, -0.62), (7 * _H, -0.62), (7.2 * _H, -0.1)]
"""bar at the suction flange: the well is drawn down until the pump is throttled."""

_CAVITATES_BAR = -0.42


class Pump:
    """Below a suction pressure bubbles form: head and power fall and flutter, the casing shakes."""

    def __init__(self, seed: int):
        self._chance = Chance(seed)

    def runs(self, s: int) -> bool:
        return any(begin <= s < end for begin, end in _RUNS)

    def bubbles(self, s: int) -> float:
        """0 without cavitation, 1 when it is bad."""
        return max(0.0, min(1.0, (_CAVITATES_BAR - between(s, _SUCTION)) / 0.2))

    def suction_bar(self, now: Moment) -> float:
        level = between(now.s, _SUCTION) if self.runs(now.s) else 0.4
        return level + self._chance.noise("suction", now.s, 0.006)

    def discharge_bar(self, now: Moment) -> float:
        if not self.runs(now.s):
            return 1.0
        bubbles = self.bubbles(now.s)
        return 4.8 - 2.2 * bubbles + self._chance.noise("discharge", now.s, 0.03 + 0.3 * bubbles)

    def power_w(self, now: Moment) -> float:
        if not self.runs(now.s):
            return 40
        bubbles = self.bubbles(now.s)
        return 11_000 - 2200 * bubbles + self._chance.noise("watt", now.s, 80 + 900 * bubbles)

    def shake(self, now: Moment) -> float:
        if not self.runs(now.s):
            return 0.1
        bubbles = self.bubbles(now.s)
        return 2.5 + 11 * bubbles + self._chance.noise("shake", now.s // 30, 0.3 + bubbles)


def devices(seed: int, pace: Pace, outputs) -> dict:
    pump = Pump(seed)
    return {
        "pump": Modelled({"power_active_total": (pump.power_w, 0)}, pace),
        "suction": Modelled({"pressure": (pump.suction_bar, 4)}, pace),
        "discharge": Modelled({"pressure": (pump.discharge_bar, 3)}, pace),
        "casing": Modelled({"vibration_acceleration": (pump.shake, 2)}, pace),
    }
