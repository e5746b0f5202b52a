"""Four meters of four makes on one line, in virtual time: some die, the others keep their rate."""

import pytest

from host_tools.contract import BAD, Values
from host_tools.emulation.press import PressModel
from host_tools.emulation.scheduler import VirtualScheduler
from host_tools.fault_plan import PlannedFault
from host_tools.model_broker import add_model_broker
from host_tools.paths import PROJECT
from host_tools.plan import plan_of_site
from host_tools.world import Listeners, World

SITE = PROJECT / "examples/four-meters/site.toml"
SECOND_US = 1_000_000
BEGIN_S, END_S, RUN_S = 60, 120, 240
METERS = ["incomer", "press", "compressor", "cooling"]


def run_with(folder, dead, kind="silent"):
    """Four minutes of the workshop, with some meters at fault for the second one; the world, the
    summary, and what arrived.
    """
    plan = plan_of_site(SITE, None, PressModel(1, compress=5), 1)
    plan.faults = [
        PlannedFault(name, kind, BEGIN_S * SECOND_US, END_S * SECOND_US) for name in dead
    ]
    plan.write_flash(folder / "flash.bin")
    scheduler = VirtualScheduler()
    arrivals, exits = [], []
    listeners = Listeners(arrivals.append, on_exit=exits.append)
    world = World(scheduler, plan, folder / "flash.bin", listeners)
    add_model_broker(world)
    world.board.start()
    scheduler.run_until(RUN_S * SECOND_US)
    world.close()
    assert exits == []
    summary = world.summary((RUN_S - 2) * SECOND_US)
    return world, summary, arrivals


def values_of(world, arrivals, device, begin_s, end_s):
    """(quality, channel) of all values of a device that were taken between two times."""
    start_ms = world.scheduler.start_utc_us // 1000
    return [
        (arrival.record.quality, channel)
        for arrival in arrivals
        if arrival.device == device and isinstance(arrival.record.body, Values)
        if begin_s * 1000 <= world.gateway.utc_ms(arrival.boot, arrival.record) - start_ms
        if world.gateway.utc_ms(arrival.boot, arrival.record) - start_ms < end_s * 1000
        for channel in arrival.record.body.by_channel
    ]


def test_four_makes_are_read_exactly_and_at_their_rates(tmp_path):
    _, summary, _ = run_with(tmp_path, [])
    assert summary.is_good
    assert [one.device for one in summary.attendances] == METERS
    for one in summary.attendances:
        assert (one.bad, one.back_us, one.beside_permille) == (0, [], None)
        assert one.permille >= 990
    assert {verdict.wrong for verdict in summary.verdicts} == {0}
    assert len(summary.verdicts) == 20


@pytest.mark.parametrize("dead", ["incomer", "compressor"])
def test_a_dead_meter_turns_bad_and_comes_back_and_the_others_keep_their_rate(tmp_path, dead):
    world, summary, arrivals = run_with(tmp_path, [dead])
    assert summary.is_good
    by_name = {one.device: one for one in summary.attendances}
    channels = {channel["name"] for device, channel in world.truth.places() if device == dead}
    silent = values_of(world, arrivals, dead, BEGIN_S, END_S)
    # Some of the five were read in the first second still; each turns bad once and stays so.
    turned = [channel for quality, channel in silent if quality == BAD]
    assert sorted(turned) == sorted(channels) and silent[-len(turned) :] == [
        (BAD, channel) for channel in turned
    ]
    assert by_name[dead].bad == len(channels)
    (back_us,) = by_name[dead].back_us
    assert back_us < (END_S - BEGIN_S) * SECOND_US
    again = values_of(world, arrivals, dead, END_S, END_S + back_us / SECOND_US + 1)
    assert {channel for _, channel in again} == channels
    for name in set(METERS) - {dead}:
        assert by_name[name].beside_permille >= 950, name
        assert by_name[name].bad == 0


def test_with_three_of_four_dead_the_last_keeps_its_rate(tmp_path):
    _, summary, _ = run_with(tmp_path, METERS[1:])
    by_name = {one.device: one for one in summary.attendances}
    assert by_name["incomer"].beside_permille >= 900
    assert by_name["incomer"].bad == 0
    assert summary.account.lost == [] and summary.errors == []
    assert all(None not in one.back_us for one in summary.attendances)


def test_a_disturbed_meter_is_as_good_as_a_dead_one(tmp_path):
    _, summary, _ = run_with(tmp_path, ["press"], "bad-crc")
    assert summary.is_good
    assert next(one for one in summary.attendances if one.device == "press").bad == 5
