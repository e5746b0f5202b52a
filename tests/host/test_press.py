"""The press: its program, its alarm, and that it depends on seed and time alone."""

import itertools
import random

from host_tools.emulation.completed import Completed
from host_tools.emulation.press import PROGRAM_S, STEP_US, PressModel

SECOND_US = 1_000_000
LIMIT_W = 45_000


def stays_above(press, seconds, limit_w):
    """How many steps each stay above the limit takes."""
    steps = range(seconds * SECOND_US // STEP_US)
    groups = itertools.groupby(steps, lambda step: press.power_w(step) > limit_w)
    return [len(list(stay)) for above, stay in groups if above]


def test_all_phases_pass_within_the_demo():
    press = PressModel(seed=1, compress=20)
    phases = [press.phase(second * SECOND_US) for second in range(80)]
    seen = [phase for i, phase in enumerate(phases) if i == 0 or phases[i - 1] != phase]
    assert seen == [name for name, _ in PROGRAM_S]
    assert press.phase(80 * SECOND_US) == "off"


def test_only_the_jam_stays_above_the_limit():
    for seed in range(20):
        stays = stays_above(PressModel(seed, compress=20), 80, LIMIT_W)
        strokes = [steps for steps in stays if steps * STEP_US < SECOND_US]
        jams = [steps for steps in stays if steps * STEP_US >= 8 * SECOND_US]
        assert len(strokes) >= 8 and len(jams) == 1 and len(stays) == len(strokes) + 1


def test_phases_keep_their_length_without_compression():
    press = PressModel(seed=3)
    assert press.phase(59 * SECOND_US) == "off"
    assert press.phase(60 * SECOND_US) == "warm-up"
    assert press.phase(1041 * SECOND_US) == "jam"


def test_voltage_sags_with_the_load():
    press = Completed(PressModel(seed=2, compress=20))
    idle = press.value("voltage_l2", 35 * SECOND_US)
    jammed = press.value("voltage_l2", 55 * SECOND_US)
    assert 229 < idle < 231 and 4 < idle - jammed < 6


def test_lines_add_up_to_the_total():
    model = PressModel(seed=2, compress=20)
    press = Completed(model)
    for step in range(0, 400, 3):
        total_w = press.value("power_active_total", step * STEP_US)
        assert total_w == model.power_w(step)
        assert 0 < press.value("power_factor_total", step * STEP_US) <= 1


def test_a_seed_is_a_run_and_another_seed_another():
    def powers(seed):
        return [PressModel(seed, compress=20).power_w(step) for step in range(400)]

    assert powers(5) == powers(5)
    assert powers(5) != powers(6)


def test_the_order_of_asking_changes_nothing():
    steps = list(range(0, 2000, 13))
    shuffled = random.Random(1).sample(steps, len(steps))
    one, other = PressModel(8, compress=20), PressModel(8, compress=20)
    assert {s: one.power_w(s) for s in steps} == {s: other.power_w(s) for s in shuffled}
