"""Simulated faults: a few seeds hold all invariants, a seed plays the same twice, bugs show."""

import shutil
from decimal import Decimal
from types import SimpleNamespace

import pytest

from host_tools import cli, interpreter
from host_tools.client.seen import Seen
from host_tools.contract import Boot, CounterChange, Diag, Values
from host_tools.emulation.meter import Meter
from host_tools.soak import command, committed, invariants
from host_tools.soak.command import SITE
from host_tools.soak.kept import Kept, version_of
from host_tools.soak.kinds import KINDS
from host_tools.soak.schedule import Fault, Schedule, make_schedule
from host_tools.soak.shrink import shrink
from host_tools.soak.standing import raised_now
from host_tools.soak.trial import Trial, devices_of, plan_of
from host_tools.soak.watch import Watch
from host_tools.summary import Account
from host_tools.truth import Reads

DEVICES = ["press", "pump"]


def test_a_schedule_is_the_same_for_its_seed_and_uses_every_kind():
    assert make_schedule(7, 24, DEVICES) == make_schedule(7, 24, DEVICES)
    used = {f.kind for seed in range(20) for f in make_schedule(seed, 24, DEVICES).faults}
    assert used == set(KINDS)


def test_the_begin_and_the_end_are_quiet():
    for fault in make_schedule(3, 6, DEVICES).faults:
        assert 600 <= fault.begin_s <= fault.end_s <= 6 * 3600 - 600


def test_shrinking_finds_the_two_faults_that_only_together_break_something():
    schedule = make_schedule(1, 12, DEVICES)
    least = shrink(schedule, lambda candidate: {5, 17} <= set(candidate.numbers))
    assert least.numbers == [5, 17]
    assert least.command() == "limen soak --seed 1 --hours 12 --faults 5,17"


def test_shrinking_finds_that_no_fault_is_needed():
    assert shrink(make_schedule(1, 2, DEVICES), lambda candidate: True).numbers == []


@pytest.fixture(scope="module")
def devices():
    return devices_of(SITE)


def test_a_seed_holds_and_plays_the_same_twice(devices):
    trials = [Trial(SITE, make_schedule(1, 3, devices)) for _ in range(2)]
    assert [trial.run() for trial in trials] == [[], []]
    assert trials[0].digest == trials[1].digest


def test_a_seed_gives_the_same_records_on_a_64_bit_interpreter(devices, monkeypatch):
    """All that arrives, in its order. Figures of the heap, which differ, are in the diagnostics."""
    wide = interpreter.on_path()
    if not (wide and interpreter.find().is_chip_like and not wide.is_chip_like):
        pytest.skip("no 64-bit MicroPython on PATH beside the 32-bit one")
    trials = [Trial(SITE, make_schedule(1, 1, devices)) for _ in range(2)]
    assert trials[0].run() == []
    monkeypatch.setattr(interpreter, "find", lambda: wide)
    assert trials[1].run() == []
    assert trials[0].digest == trials[1].digest


def every_kind(devices) -> Schedule:
    """One fault of each kind after another, with time between them."""
    faults = [
        Fault(number, kind, devices[0], 600 * number, 600 * number + bool(fact.longest_s) * 240)
        for number, (kind, fact) in enumerate(KINDS.items(), start=1)
    ]
    return Schedule(5, 1 + len(faults) // 5, tuple(faults))


def test_every_kind_of_fault_is_survived(devices):
    assert Trial(SITE, every_kind(devices)).run() == []


def test_a_board_that_never_comes_back_is_found(devices, monkeypatch):
    monkeypatch.setitem(KINDS, "power-cut", KINDS["power-cut"].__class__(
        lambda scene: scene.world.board.power_cut()
    ))  # fmt: skip
    schedule = Schedule(1, 1, (Fault(1, "power-cut", "press", 1200, 1260),))
    assert any("Not all was delivered in time" in text for text in Trial(SITE, schedule).run())


@pytest.mark.parametrize(("waiting", "online", "told"), [(0, True, 0), (1, True, 1), (0, False, 1)])
def test_what_arrived_from_a_boot_that_was_cut_off_waits_nowhere(waiting, online, told):
    """Its acknowledgement never comes, so seed 6002 looked as if something were not delivered."""
    gateway = SimpleNamespace(boots={}, online=online)
    world = SimpleNamespace(gateway=gateway)
    watch = SimpleNamespace(last_turn=lambda: (0, 0))
    outcome = SimpleNamespace(settled=False, world=world, watch=watch)
    account = Account(accepted=1, waiting=[("9f03a1c4", 2, 1)] * waiting)
    sentences = list(invariants._delivery(outcome, SimpleNamespace(account=account)))
    assert len(sentences) == told


@pytest.mark.parametrize(
    ("minutes", "twin"),
    [
        ((0, 5, 9, 0, 1), None),  # set back by ten minutes
        ((0, 5, 9, 0, 11), 4),  # named once more, later
        ((0, 0, 1), 2),
        ((0, 5, 0), 3),
        ((0, 5, 9, 0, 0, 1), 5),  # set back, and then named twice
    ],
)
@pytest.mark.parametrize("boots", [(1,) * 6, (1, 1, 2, 2, 2, 2)])
def test_what_is_stated_again_by_a_clock_that_was_set_back_is_no_twin(minutes, twin, boots):
    """Time servers lied by whole minutes, and the horn states its level every ten (seeds 7017,
    7164, 7358, 7397, 7599; in 7561 the board booted in between)."""
    by_name = {
        (Boot("9f03a1c4", boot), seq): ("horn", "data", minute * 60_000, None, "0")
        for seq, (minute, boot) in enumerate(zip(minutes, boots, strict=False), start=1)
    }
    gateway = SimpleNamespace(conflicts=0, twins=1, misplaced=0, by_name=by_name, boots={})
    sentences = list(invariants._names(None, SimpleNamespace(gateway=gateway)))
    told = "1 records came under another name, the first is"
    wanted = [f"{told} {('9f03a1c4', boots[twin - 1], twin)}."] if twin else []
    assert sentences == wanted


@pytest.mark.parametrize(
    ("arguments", "seeds"),
    [
        ([], range(1, 11)),
        (["--seed", "7"], [7]),
        (["--seed", "7", "--seeds", "10"], range(7, 17)),
    ],
)
def test_the_command_plays_as_many_seeds_as_it_is_told(monkeypatch, arguments, seeds):
    played = []
    monkeypatch.setattr(
        command,
        "_campaign",
        lambda console, args, schedules: played.extend(one.seed for one in schedules) or 0,
    )
    assert cli.main(["soak", "--hours", "1", *arguments]) == 0
    assert played == list(seeds)


def test_the_command_shows_chosen_faults_of_a_seed(capsys):
    assert cli.main(["soak", "--seed", "1", "--hours", "1", "--faults", "1"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("1: ")
    assert "All invariants hold." in out


def test_a_campaign_goes_on_where_it_was(devices, tmp_path, monkeypatch, capsys):
    """Of two seeds one is known, so one is played; then both are known, and what broke is told."""
    path = tmp_path / "soak.jsonl"
    monkeypatch.setattr(command, "KEPT", path)
    kept = Kept(path, version_of(plan_of(SITE, 0).files))
    kept.put(make_schedule(1, 1, devices), ["It is flat."])
    campaign = ["soak", "--seed", "1", "--seeds", "2", "--hours", "1", "--jobs", "1"]
    assert cli.main(campaign) == cli.main(campaign) == 1
    first, second = capsys.readouterr().out.split("Seed 1, as known: It is flat.")[1:]
    assert "2 seeds, 2 simulated hours, 1 broke an invariant; 1 were known" in first
    assert "1 broke an invariant; 2 were known" in second
    assert Kept(path, "another").get(make_schedule(1, 1, devices)) is None


def test_wrong_arguments_are_one_sentence(capsys):
    assert cli.main(["soak", "--hours", "0"]) == 2
    assert cli.main(["soak", "--faults", "a"]) == 2
    err = capsys.readouterr().err
    assert "a run takes an hour at least" in err
    assert 'write their numbers, as "3,17"' in err


def reads_of(*counts: int) -> Reads:
    """A reading a minute, the last one long ago."""
    reads = Reads(0)
    for minute, count in enumerate(counts):
        reads.add(minute * 60_000_000, count)
    return reads


@pytest.mark.parametrize(
    ("counts", "wanted"),
    [
        ((50, 50, 50, 120, 120, 120, 120, 120), True),
        ((50, 50, 50, 50, 120, 120, 120), None),  # not yet for long enough
        ((120, 120, 120, 120, 120, 120, 90), False),
        ((120, 120, 120, 120, 120, 120, 95), None),  # within the hysteresis: history decides
        ((120, 120), None),
        ((), None),
    ],
)
def test_the_model_of_alarms_says_what_must_stand_or_nothing(counts, wanted):
    rule = {"name": "high", "limit": 100, "hysteresis": 10, "delay_ms": 60_000}
    assert raised_now(rule, reads_of(*counts), 0, 10**9) is wanted


def quiet_trial(devices) -> Trial:
    return Trial(SITE, Schedule(1, 1, (Fault(1, "meter-begins-anew", devices[0], 1200, 1200),)))


def test_a_total_that_is_ahead_of_what_has_flowed_is_found(devices, monkeypatch):
    monkeypatch.setattr(Meter, "measured", lambda self, quantity: 0)
    assert any("have flowed" in text for text in quiet_trial(devices).run())


def test_a_meter_passes_its_modulus(tmp_path, monkeypatch):
    """An hour in which the pump's meter counts more than that, and nothing else happens."""
    site = tmp_path / "site.toml"
    site.write_text(SITE.read_text().replace('"100 kWh"', '"2 kWh"'))
    shutil.copy(SITE.with_name("secrets.toml"), tmp_path)
    told = []
    monkeypatch.setattr(Watch, "on_arrival", lambda self, arrival: told.append(arrival.record.body))
    Trial(site, Schedule(1, 1, ())).run()
    changes = [body.change for body in told if isinstance(body, CounterChange)]
    assert changes == ["first", "first", "rollover"]


class OnePump:
    """A world whose only meter, of a modulus of 100 kWh, has shown so much last."""

    def __init__(self, shown_kwh: int):
        self.shown_kwh = shown_kwh
        meter = SimpleNamespace(
            modulus_kwh=100, measured=lambda name: self.shown_kwh, knows=lambda name: True
        )
        self.meters = {"pump": meter}
        self.plan = SimpleNamespace(config={"device": []})
        self.board = SimpleNamespace()
        self.scheduler = SimpleNamespace(utc_us=lambda: 0)
        self.truth = self
        self._reads = reads_of(shown_kwh)

    def places(self):
        return [("pump", {"name": "energy_import", "kind": "counter", "places": 0})]

    def __getitem__(self, place):
        return self._reads


def assert_limit(watch, most_kwh):
    boot = Boot("", 1)
    for total, is_ahead in ((most_kwh, False), (most_kwh + 1, True)):
        body = Values({"energy_import": Decimal(total)})
        record = SimpleNamespace(seq=total, quality=0, body=body)
        watch.on_arrival(SimpleNamespace(boot=boot, device="pump", record=record))
        assert bool(watch.sentences) is is_ahead


@pytest.mark.parametrize(("shown_kwh", "most_kwh"), [(60, 100), (40, 40)])
def test_who_begins_anew_above_half_the_modulus_may_have_passed_it(shown_kwh, most_kwh):
    """Nobody can tell (seed 3008), so a total may be ahead by the way to the modulus."""
    watch = Watch(OnePump(shown_kwh), True)
    watch.begins_anew("pump")
    assert_limit(watch, most_kwh)


@pytest.mark.parametrize(("anew_s", "most_kwh"), [(1000, 48), (900, 48), (100, 44)])
def test_who_began_anew_while_it_lied_seems_to_do_so_when_the_lie_ends(anew_s, most_kwh):
    """Nobody can tell (seeds 6034 and 7691), so what was counted since may be counted twice."""
    world = OnePump(40)
    watch = Watch(world, True)
    for at_s, what in sorted({anew_s: watch.begins_anew, 990: watch.begins_lying}.items()):
        world.scheduler.utc_us = lambda now_us=at_s * 1_000_000: now_us
        what("pump")
    world.shown_kwh = 44
    watch.ends_lying("pump")
    assert_limit(watch, most_kwh)


@pytest.mark.parametrize(("quality", "falls"), [(0, True), (1, False)])
def test_a_total_that_falls_is_found_and_one_in_question_may(quality, falls):
    """After a power cut it may wait for the meter at what was saved last (seeds 7192, 7651)."""
    world = OnePump(90)
    watch = Watch(world, True)
    for boot, total, told in ((1, 80, 0), (2, 60, quality), (2, 90, 0)):
        record = SimpleNamespace(
            seq=total, quality=told, body=Values({"energy_import": Decimal(total)})
        )
        boot = Boot("", boot)
        watch.on_arrival(SimpleNamespace(boot=boot, device="pump", record=record))
    schedule = Schedule(1, 1, ())
    outcome = invariants.Outcome(world, schedule, True, [], watch)
    fell = ["pump energy_import fell from 80 to 60 kWh."]
    assert list(invariants._counters(outcome, None)) == fell * falls


def test_alarms_that_do_not_stand_as_they_must_are_found(devices, monkeypatch):
    monkeypatch.setattr(invariants, "raised_now", lambda *facts: True)
    assert any("should be raised at the end" in text for text in quiet_trial(devices).run())


def test_an_output_that_moves_although_nobody_asks_is_found(devices, monkeypatch):
    monkeypatch.setitem(KINDS, "reset", KINDS["reset"].__class__(
        lambda scene: scene.world.board.on_pin(32, 1), longest_s=0
    ))  # fmt: skip
    schedule = Schedule(1, 1, (Fault(1, "reset", "press", 1200, 1200),))
    assert "The output horn was driven though nobody asked for it." in Trial(SITE, schedule).run()


def test_what_was_committed_and_does_not_come_is_found(devices, monkeypatch):
    monkeypatch.setattr(committed, "waiting_on", lambda flash: {("00c0ffee", 1, 9)})
    monkeypatch.setattr(committed, "raised_now", lambda *facts: True)
    schedule = Schedule(1, 1, (Fault(1, "power-cut", "press", 1200, 1260),))
    sentences = Trial(SITE, schedule).run()
    assert "1 records on flash never came, the first is ('00c0ffee', 1, 9)." in sentences
    assert any(text.endswith("was raised before a power cut, and not told.") for text in sentences)


def test_an_alarm_that_a_late_meter_hides_need_not_be_told_before_a_power_cut(devices, monkeypatch):
    """The meter has served what the gateway no longer waited for (seed 6183)."""
    monkeypatch.setattr(committed, "raised_now", lambda *facts: True)
    late, cut = Fault(1, "meter-late", "press", 1200, 1800), Fault(2, "power-cut", "", 1500, 1560)
    sentences = Trial(SITE, Schedule(1, 1, (late, cut))).run()
    assert not any(text.startswith("press") for text in sentences)
    assert any(text.startswith("pump power_active_total.low was raised") for text in sentences)


@pytest.mark.parametrize("refused_starts", [0, 1])
def test_a_number_that_flash_did_not_keep_is_given_again_and_names_another_boot(refused_starts):
    """Boots of one number are told apart by incarnation, and in their order (7486 and 7559)."""
    world = OnePump(90)
    watch = Watch(world, True)
    for inc, seq, total in (("9f03a1c4", 50, 80), ("0e27535d", 1, 90)):
        record = SimpleNamespace(seq=seq, quality=0, body=Values({"energy_import": Decimal(total)}))
        watch.on_arrival(SimpleNamespace(boot=Boot(inc, 3), device="pump", record=record))
    boots = dict.fromkeys((Boot("0e27535d", 3), Boot("9f03a1c4", 3)))
    faults = SimpleNamespace(refused_starts=refused_starts)
    world.board = SimpleNamespace(boots=1, flash_faults=faults)
    world.gateway = SimpleNamespace(boots=boots)
    outcome = invariants.Outcome(world, Schedule(1, 1, ()), True, [], watch)
    assert list(invariants._counters(outcome, None)) == []
    assert watch.last_turn() == watch.turn_of(Boot("0e27535d", 3)) == (3, 1)
    twice = ["A number was given to two boots: [3, 3]."]
    assert list(invariants._boots(outcome, None)) == twice * (not refused_starts)


@pytest.mark.parametrize(("refused", "dropped", "told"), [(1, 2, 0), (1, 1, 1), (0, 2, 1)])
def test_flash_that_refuses_may_cost_what_is_counted(refused, dropped, told):
    """Memory was full, the broker away and the flash refused (7297): two records went."""
    world = OnePump(90)
    world.board.flash_faults = SimpleNamespace(refused=refused)
    watch = Watch(world, True)
    boot = Boot("ca756ac3", 4)
    watch.on_diag(Diag(boot, {"outbox": {"dropped": dropped, "waiting": 0}}))
    seen = Seen(1)
    seen.add(3)
    seen.raise_low(4)
    gateway = SimpleNamespace(boots={boot: seen}, conflicts=0, twins=0, misplaced=0)
    outcome = SimpleNamespace(watch=watch)
    sentences = list(invariants._names(outcome, SimpleNamespace(gateway=gateway)))
    assert len(sentences) == told


def test_without_meters_other_things_go_wrong():
    faults = [fault for seed in range(20) for fault in make_schedule(seed, 24, []).faults]
    assert {fault.kind for fault in faults} == {kind for kind in KINDS if "meter" not in kind}
