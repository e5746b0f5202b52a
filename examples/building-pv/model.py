"""A building on a day in spring: offices, sun with clouds, a charger and a heater that obey."""

from host_tools.emulation.model import Chance, Modelled, Moment, Pace, bell, between

START = "2026-04-14T05:00:00+02:00"
HOURS = 14
DEMO = Pace(from_s=11_640)

_H = 3600
_FIRST_HOUR = 5
_OFFICES = [(5, 6), (6.5, 9), (8, 28), (9, 34), (12, 30), (13, 33), (16, 27), (18, 14), (20, 8)]
"""kW by the hour of the day."""

_CHARGER_W, _HEATER_W, _ROOF_W = 22_000, 9_000, 32_000
_CHARGES = ((7.5, 11.0), (15.5, 18.0))
_HEATS = ((5.5, 10.0), (16.0, 19.0))


class Building:
    """The grid gives what the loads take beyond what the roof makes. Loads that are shed draw
    nothing."""

    def __init__(self, seed: int, outputs):
        self._chance = Chance(seed)
        self._outputs = outputs

    def roof_w(self, now: Moment) -> float:
        hour = _FIRST_HOUR + now.hour
        passing = self._chance.noise("cloud", now.s // 420, 1) > 0.2
        return _ROOF_W * bell(hour, 6.4, 20.2) * (0.35 if passing else 1.0)

    def load_w(self, now: Moment) -> float:
        hour = _FIRST_HOUR + now.hour
        watts = 1000 * between(hour, _OFFICES)
        watts += self._chance.noise("lift", now.s // 20, 1500)
        watts += self._switched("charger", hour, _CHARGES, _CHARGER_W, now)
        return watts + self._switched("heater", hour, _HEATS, _HEATER_W, now)

    def grid_w(self, now: Moment) -> float:
        return self.load_w(now) - self.roof_w(now)

    def _switched(self, device: str, hour: float, times, watts: int, now: Moment) -> int:
        wanted = any(begin <= hour < end for begin, end in times)
        return watts if wanted and self._outputs.is_on(device, now.world_us) else 0


def devices(seed: int, pace: Pace, outputs) -> dict:
    building = Building(seed, outputs)
    return {
        "grid": Modelled({"power_active_total": (building.grid_w, 0)}, pace),
        "roof": Modelled({"power_active_total": (building.roof_w, 0)}, pace),
    }
