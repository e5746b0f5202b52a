"""A press on a working day: warm-up, two shifts with breaks, a jam, and a cooler that silts up."""

from host_tools.emulation.model import Chance, Modelled, Moment, Pace, between

START = "2026-03-02T05:00:00+01:00"
HOURS = 12
DEMO = Pace(from_s=24_000, compress=15)

_DAY = 86_400
_CYCLE_S = 15
_PRESSING_S = 9
_PROGRAM = (
    (0, "off"),
    (2700, "warm-up"),
    (3600, "cycles"),
    (16_200, "break"),
    (17_100, "cycles"),
    (24_300, "jam"),
    (24_900, "break"),
    (25_500, "cycles"),
    (39_600, "off"),
)
_OIL = [(0, 24.0), (3600, 38.0), (14_400, 47.0), (25_200, 60.0), (32_400, 69.0), (36_000, 58.0)]
"""°C over the day: from second 14,400 on the cooler gives way; somebody cleans it at 32,400."""


class Press:
    """What the press does in every second."""

    def __init__(self, seed: int, program):
        self._chance = Chance(seed)
        self._program = program
        self._counted = [(0, 0, 0)]

    def phase(self, s: int) -> str:
        return [name for begin, name in self._program if begin <= s % _DAY][-1]

    def power_w(self, now: Moment) -> float:
        phase, within = self.phase(now.s), now.s % _CYCLE_S
        stroke_w = 21_000 + 18_000 * (within in (2, 3)) if within < _PRESSING_S else 6_200
        watts = {"off": 120, "warm-up": 12_000, "break": 5_800, "jam": 51_000}.get(phase, stroke_w)
        return watts + self._chance.noise("watt", now.s, watts / 60)

    def parts(self, now: Moment) -> int:
        return self._counts(now.s)[1]

    def rejects(self, now: Moment) -> int:
        return self._counts(now.s)[2]

    def _counts(self, s: int) -> tuple[int, int, int]:
        """(second, parts, rejects) until then; walks on from where it was."""
        if s < self._counted[-1][0]:
            self._counted = [(0, 0, 0)]
        at, parts, rejects = self._counted[-1]
        while at < s:
            at += 1
            if at % _CYCLE_S == _PRESSING_S and self.phase(at) == "cycles":
                parts += 1
                rejects += self._chance.noise("reject", at, 1) > 0.94
        self._counted = [(at, parts, rejects)]
        return self._counted[-1]

    def oil_c(self, now: Moment) -> float:
        return between(now.s % _DAY, _OIL) + self._chance.noise("oil", now.s // 10, 0.2)


def devices(seed: int, pace: Pace, outputs) -> dict:
    press = Press(seed, _PROGRAM)
    return {
        "meter": Modelled({"power_active_total": (press.power_w, 0)}, pace),
        "oil-tank": Modelled({"temperature": (press.oil_c, 2)}, pace),
        "part-sensor": Modelled({"pulse_count": (press.parts, 0)}, pace),
        "reject-sensor": Modelled({"pulse_count": (press.rejects, 0)}, pace),
    }
