"""A hydraulic press as a load: off, warming up, pressing, idling, jammed and cleared.

The power of a stroke peaks above 45 kW for less than a second; in the jam it stays there until
somebody clears it. Voltages sag with the load. Everything is a function of the seed and the time.
"""

import bisect
import itertools
import random
import zlib
from decimal import Decimal

from host_tools.emulation.ratios import Ratio, Value
from host_tools.emulation.signals import Signals

STEP_US = 200_000

PROGRAM_S = (
    ("off", 60),
    ("warm-up", 180),
    ("cycles", 400),
    ("idling", 160),
    ("cycles", 240),
    ("jam", 160),
    ("idling", 160),
    ("cycles", 240),
)
"""The phases in order, with seconds; after the last the first follows."""

_QUANTITIES = frozenset(
    f"{stem}_l{phase}"
    for stem in ("voltage", "power_active", "power_reactive")
    for phase in (1, 2, 3)
) | {"power_active_total", "power_reactive_total", "frequency"}
# A stroke: its parts, what they draw and for how many steps. The rest of it is loading the part.
_STROKE = (("close", 14_000, 4), ("press", 46_500, 4), ("hold", 21_000, 5), ("open", 9_500, 4))
_PRESSING_STEPS = sum(steps for _, _, steps in _STROKE)
_REJECT_ONE_IN = 9
_LOADING_W = 6_200
_STEADY_W = {"off": 120, "idling": 5_800, "jam": 50_500}
_LOADING_STEPS = (3, 8)
_LINE_SHARE_PERMILLE = (340, 331, 329)
_VOLTAGE_DECIVOLT = (2312, 2305, 2318)
_SAG_DECIVOLT_PER_10_KW = 11


class PressModel(Signals):
    """The press on a three-phase supply. `compress` shortens all phases, but not the strokes.

    With `compress=20` the whole program takes 80 s, of which the jam takes 8.
    """

    def __init__(self, seed: int = 0, compress: int = 1):
        self._seed = seed
        steps = [max(1, s * 1_000_000 // (compress * STEP_US)) for _, s in PROGRAM_S]
        self._ends = list(itertools.accumulate(steps))
        self._strokes: dict[tuple[int, int], list[int]] = {}
        self._step, self._power_w = -1, 0

    def quantities(self) -> frozenset[str]:
        return _QUANTITIES

    def step_at(self, time_us: int) -> int:
        return time_us // STEP_US

    def step_start_us(self, step: int) -> int:
        return step * STEP_US

    def phase(self, time_us: int) -> str:
        """What the press is doing."""
        return PROGRAM_S[self._place(self.step_at(time_us))[1]][0]

    def step_value(self, quantity: str, step: int) -> Value:
        count, scale = self.step_ratio(quantity, step)
        return count if scale == 1 else Decimal(count) / scale

    def step_ratio(self, quantity: str, step: int) -> Ratio:
        if quantity == "frequency":
            return 50_000 + self._noise("hertz", step // 25, 15), 1000
        stem, _, end = quantity.rpartition("_")
        total_w = self.power_w(step)
        if stem == "power_active":
            return _share_of(end, total_w), 1
        if stem == "power_reactive":
            return _share_of(end, self._reactive_var(total_w)), 1
        return self._decivolt(total_w, int(end[1:]), step), 10

    def power_w(self, step: int) -> int:
        """The active power of all lines, in whole watts."""
        if step != self._step:
            self._step, self._power_w = step, self._find_power_w(step)
        return self._power_w

    def _find_power_w(self, step: int) -> int:
        lap, index, step_in_phase = self._place(step)
        match PROGRAM_S[index][0]:
            case "warm-up":
                length = self._ends[index] - (self._ends[index - 1] if index else 0)
                load_w = 5_000 + 13_000 * step_in_phase // length
            case "cycles":
                load_w = self._stroke_w(lap, index, step_in_phase)
            case name:
                load_w = _STEADY_W[name]
        return load_w + self._noise("watt", step, load_w // 60)

    def part_after_us(self, time_us: int) -> int:
        """When the next part is done: with the end of a stroke."""
        step = self.step_at(time_us) + 1
        while not self._is_end_of_stroke(step):
            step += 1
        return self.step_start_us(step)

    def is_reject(self, time_us: int) -> bool:
        """Whether the part that was done then is none to sell."""
        return not self._noise("reject", self.step_at(time_us), _REJECT_ONE_IN // 2)

    def _is_end_of_stroke(self, step: int) -> bool:
        lap, index, within = self._place(step)
        if PROGRAM_S[index][0] != "cycles":
            return False
        return self._step_of_stroke(lap, index, within) == _PRESSING_STEPS

    def _place(self, step: int) -> tuple[int, int, int]:
        """Which lap of the program, which phase of it, and which step of that phase."""
        lap, within = divmod(step, self._ends[-1])
        index = bisect.bisect_right(self._ends, within)
        return lap, index, within - (self._ends[index - 1] if index else 0)

    def _stroke_w(self, lap: int, index: int, step_in_phase: int) -> int:
        within = self._step_of_stroke(lap, index, step_in_phase)
        for _, load_w, steps in _STROKE:
            if within < steps:
                return load_w
            within -= steps
        return _LOADING_W

    def _step_of_stroke(self, lap: int, index: int, step_in_phase: int) -> int:
        """Which step of its stroke a step of a phase is."""
        begins = self._stroke_begins(lap, index)
        return step_in_phase - begins[bisect.bisect_right(begins, step_in_phase) - 1]

    def _stroke_begins(self, lap: int, index: int) -> list[int]:
        """Where the strokes of one phase begin, in steps, as many as fill it."""
        if (lap, index) not in self._strokes:
            draw = random.Random(f"{self._seed} {lap} {index}")
            count = 1 + self._ends[-1] // _PRESSING_STEPS
            lengths = [_PRESSING_STEPS + draw.randint(*_LOADING_STEPS) for _ in range(count)]
            self._strokes[lap, index] = list(itertools.accumulate(lengths, initial=0))
        return self._strokes[lap, index]

    def _reactive_var(self, total_w: int) -> int:
        """Motors magnetise whether loaded or not."""
        return 0 if total_w < 1_000 else 3_200 + total_w * 28 // 100

    def _decivolt(self, total_w: int, line: int, step: int) -> int:
        sag = round(_SAG_DECIVOLT_PER_10_KW * total_w / 10_000)
        noise = self._noise(f"volt {line}", step // 5, 4)
        return _VOLTAGE_DECIVOLT[line - 1] - sag + noise

    def _noise(self, name: str, step: int, reach: int) -> int:
        """A whole number from -reach to reach, the same for the same name and step."""
        drawn = zlib.crc32(f"{self._seed} {name} {step}".encode())
        return drawn % (2 * reach + 1) - reach


def _share_of(end: str, total: int) -> int:
    """What "l1", "l2" or "l3" carries of a total, or all of it; the three add up to it exactly."""
    if end == "total":
        return total
    if end == "l3":
        return total - _share_of("l1", total) - _share_of("l2", total)
    return total * _LINE_SHARE_PERMILLE[int(end[1:]) - 1] // 1000
