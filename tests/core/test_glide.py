from limen.core.drift import learn, restart
from limen.core.glide import Glide


class Run:
    """A clock that is steered, beside one that is not; errors in µs."""

    def __init__(self, ppm, error_ms=0):
        self.glide = Glide()
        self.s = 0
        self.ppm = ppm
        self.error_us = error_ms * 1000  # true time less the clock
        self.moves = []

    def poll(self):
        end_s = self.s + learn(self.glide, (self.error_us + 500) // 1000, self.s)
        while self.s < end_s:
            passed_s = min(self.glide.next_s(), end_s - self.s)
            self.s += passed_s
            ms = self.glide.correct(passed_s)
            self.moves.append((passed_s, ms))
            self.error_us += self.ppm * passed_s - ms * 1000


def test_a_small_error_glides_away_at_500_ppm():
    run = Run(0, error_ms=100)
    run.poll()
    assert run.glide.pause_s == 64
    assert 100 - 32 - 1 <= run.error_us // 1000 <= 100 - 32 + 1
    while run.s < 1000:
        run.poll()
    assert -1000 <= run.error_us <= 1000
    assert all(ms * 1000 <= passed_s * 500 + 1000 for passed_s, ms in run.moves)


def test_never_two_milliseconds_backwards_at_once():
    run = Run(-180, error_ms=-128)
    while run.s < 20000:
        run.poll()
    assert min(ms for _, ms in run.moves) == -1
    assert all(ms == 0 or passed_s >= 1 for passed_s, ms in run.moves)
    assert -5000 <= run.error_us <= 5000


def test_the_drift_of_a_crystal_is_learnt():
    for ppm in (0, 20, -20, 40, -7):
        run = Run(ppm)
        while run.s < 100000:
            run.poll()
        assert abs(run.glide.drift - ppm * 1000) <= 1000
        assert run.glide.pause_s == 4096
        assert abs(run.error_us) < 4000


def test_what_was_learnt_goes_on_while_nobody_answers():
    run = Run(20)
    while run.s < 50000:
        run.poll()
    start_s, start_us = run.s, run.error_us
    while run.s < start_s + 3 * 86400:
        passed_s = run.glide.next_s()
        run.s += passed_s
        run.error_us += 20 * passed_s - run.glide.correct(passed_s) * 1000
    assert abs(run.error_us - start_us) < 3 * 86400  # 1 ppm, where the crystal is off by 20


def test_the_pause_grows_while_all_is_well_and_shrinks_when_not():
    glide = Glide()
    pauses = []
    for second in range(8):
        pauses.append(learn(glide, 1, second))
    assert pauses == [64, 128, 256, 512, 1024, 2048, 4096, 4096]
    assert learn(glide, 100, 9) == 1024
    for second in range(9):
        learn(glide, -100, second)
    assert glide.pause_s == 64


def test_a_clock_that_was_set_begins_anew_and_keeps_its_drift():
    glide = Glide()
    learn(glide, 70, 0)
    restart(glide)
    learn(glide, 0, 1)
    learn(glide, 20, 1001)
    assert glide.drift == 10000
    learn(glide, 100, 1002)
    restart(glide)
    assert glide.correct(100) == 1  # 10 ppm
    assert glide.drift == 10000
    assert learn(glide, 1, 2100) == 64
