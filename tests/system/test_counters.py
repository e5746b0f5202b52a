"""A meter whose counter fails in every way, and a gateway that loses power in between."""

from fractions import Fraction

from console import troubles
from host_tools.contract import CounterChange, Values
from host_tools.emulation.scheduler import VirtualScheduler
from host_tools.emulation.signals import Signals
from host_tools.model_broker import add_model_broker
from host_tools.plan import plan_of_site
from host_tools.world import Listeners, World

SITE = """
[site]
id = "hall-2"
[mqtt]
host = "broker.local"
[gateway.g1]
board = "lilygo-t-can485"
[[gateway.g1.bus]]
id = "rs485"
kind = "modbus-rtu"
[[gateway.g1.device]]
id = "meter"
profile = "eastron-sdm630"
bus = "rs485"
address = 1
every = "1s"
channels = { energy_import = { counter = { largest = "100 kW" } }, voltage_l1 = {} }
"""
SECRETS = '[wifi]\nssid = "hall"\npassword = "secret-secret"\n'
SECOND_US = 1_000_000
PER_SECOND = Fraction(1, 64)  # kWh, 56.25 kW: thousandths that a float of the meter holds
GOOD, UNCERTAIN = 0, 1


class Counter(Signals):
    """`lines` are (from which second on, what is shown then): from there it goes on counting."""

    def __init__(self, lines):
        self._lines = lines

    def quantities(self):
        return frozenset({"energy_import"})

    def step_at(self, time_us):
        return time_us // SECOND_US

    def step_start_us(self, step):
        return step * SECOND_US

    def step_value(self, quantity, step):
        start, shown = max(line for line in self._lines if line[0] <= step)
        return shown if shown == 0 and start == 100 else shown + (step - start) * PER_SECOND


def run(folder, lines, until_s, cuts=()):
    """What arrived: (total in kWh or None, quality) of each reading, and the events."""
    (folder / "site.toml").write_text(SITE)
    (folder / "secrets.toml").write_text(SECRETS)
    plan = plan_of_site(folder / "site.toml", None, Counter(lines), 1)
    plan.write_flash(folder / "flash.bin")
    scheduler = VirtualScheduler()
    arrivals, console = [], []
    world = World(
        scheduler, plan, folder / "flash.bin", Listeners(arrivals.append, on_console=console.append)
    )
    add_model_broker(world)
    world.board.start()
    for off_s, on_s in cuts:
        scheduler.run_until(off_s * SECOND_US)
        world.board.power_cut()
        scheduler.run_until(on_s * SECOND_US)
        world.board.start()
    scheduler.run_until(until_s * SECOND_US)
    world.close()
    assert troubles(console) == []
    bodies = [(arrival.record.quality, arrival.record.body) for arrival in arrivals]
    totals = [
        (body.by_channel["energy_import"], quality)
        for quality, body in bodies
        if isinstance(body, Values) and "energy_import" in body.by_channel
    ]
    return totals, [body for _, body in bodies if isinstance(body, CounterChange)]


def assert_grows(totals):
    known = [total for total, _ in totals if total is not None]
    assert known == sorted(known)


def test_a_counter_that_shows_nothing_wrong(tmp_path):
    totals, events = run(tmp_path, [(0, 5000)], 60)
    assert [event.change for event in events] == ["first"]
    assert {quality for _, quality in totals} == {GOOD}
    counted = totals[-1][0] - totals[0][0]
    assert abs(Fraction(counted) - (len(totals) - 1) * PER_SECOND) <= Fraction(1, 1000)


def test_all_that_can_happen_to_a_counter_with_power_cuts_in_between(tmp_path):
    lines = [
        (0, 5000),
        (100, 0),  # for four seconds: a glitch
        (104, 5000 + 104 * PER_SECOND),
        (200, 0),  # a reset
        (500, 7777),  # another meter
    ]
    cuts = [(350, 410), (530, 540)]  # while nothing is wrong, and while a question is open
    totals, events = run(tmp_path, lines, 700, cuts)
    assert_grows(totals)
    assert [event.change for event in events] == ["first", "glitch", "reset", "replacement"]
    first, glitch, reset, replacement = events
    assert (first.was, glitch.was) == (None, 0)
    assert reset.was == totals_before(totals, reset)
    assert reset.total - reset.was < 61 * PER_SECOND
    assert abs(Fraction(replacement.was) - 299 * PER_SECOND) <= Fraction(1, 1000)
    # What the old meter counted is there, but for what nobody saw; of the new one, all since it
    # was there when the question was asked anew.
    seen = 200 + 300 + (700 - 545)
    assert 5000 + (seen - 10) * PER_SECOND < totals[-1][0] < 5000 + 700 * PER_SECOND
    uncertain = [total for total, quality in totals if quality == UNCERTAIN]
    assert 145 < len(uncertain) < 175
    assert totals[-1][1] == GOOD


def totals_before(totals, event):
    return max(total for total, _ in totals if total is not None and total < event.total)


def test_a_meter_that_is_replaced_while_there_is_no_power(tmp_path):
    totals, events = run(tmp_path, [(0, 5000), (135, 5100)], 270, [(130, 140)])
    # 100 kWh in ten seconds without power were not consumed: this is another count.
    assert [event.change for event in events] == ["first", "replacement"]
    begins = next(at for at, (_, quality) in enumerate(totals) if quality == UNCERTAIN)
    before, behind = totals[:begins], totals[begins:]
    assert_grows(before)
    assert_grows(behind)
    # What is lost is what was counted since the state was saved for the last time.
    assert 0 < before[-1][0] - behind[0][0] < 90 * PER_SECOND
    assert behind[-1][0] > before[-1][0]
