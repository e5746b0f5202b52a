"""The whole path in virtual time: nothing is lost, all is in order, and a run repeats itself."""

from host_tools.emulation.broker_model import BrokerModel
from host_tools.emulation.press import PressModel
from host_tools.emulation.scheduler import VirtualScheduler
from host_tools.model_broker import add_model_broker
from host_tools.plan import plan_of_site
from host_tools.plan_arguments import EXAMPLES
from host_tools.run_csv import to_csv
from host_tools.world import Listeners, World

SECOND_US = 1_000_000
END_US = 600 * SECOND_US


def run_press(folder, seed, begin=BrokerModel.stop, end=BrokerModel.start):
    """Ten minutes of the press with a trouble from 4:00 to 4:20; the world and its arrivals."""
    plan = plan_of_site(EXAMPLES["sdm630"] / "site.toml", None, PressModel(seed), seed)
    flash = folder / f"flash-{seed}.bin"
    plan.write_flash(flash)
    scheduler = VirtualScheduler()
    arrivals, exits = [], []
    world = World(scheduler, plan, flash, Listeners(arrivals.append, on_exit=exits.append))
    broker = add_model_broker(world)
    scheduler.at(240 * SECOND_US, lambda: begin(broker))
    scheduler.at(260 * SECOND_US, lambda: end(broker))
    world.board.start()
    scheduler.run_until(END_US)
    world.close()
    assert exits == []
    return world, arrivals


def test_an_outage_loses_nothing_and_keeps_the_order(tmp_path):
    world, arrivals = run_press(tmp_path, seed=1)
    summary = world.summary(END_US - 2 * SECOND_US)
    gateway = world.gateway
    assert (summary.account.lost, summary.account.undelivered, summary.dropped) == ([], [], 0)
    assert (gateway.misplaced, gateway.conflicts, gateway.twins) == (0, 0, 0)
    assert summary.errors == []
    assert summary.is_good
    assert world.ledger.connections >= 2
    # Ten channels, read once a second from the first second or two on.
    assert 5900 <= summary.samples <= 6000
    during_outage = [
        arrival
        for arrival in arrivals
        if 242 <= (gateway.utc_ms(arrival.boot, arrival.record) // 1000 - 1_767_225_600) < 258
    ]
    assert len(during_outage) >= 10


def fall_silent(broker):
    """Take everything and acknowledge nothing."""
    broker.silent = True


def restart(broker):
    broker.silent = False
    broker.stop()
    broker.start()


def test_repetitions_bear_their_old_names(tmp_path):
    world, _ = run_press(tmp_path, 1, fall_silent, restart)
    summary = world.summary(END_US - 2 * SECOND_US)
    assert world.gateway.duplicates > 0
    assert world.gateway.duplicates == world.ledger.duplicates
    assert (world.gateway.conflicts, world.gateway.twins, world.gateway.misplaced) == (0, 0, 0)
    assert summary.account.lost == []
    assert summary.is_good


def test_a_run_repeats_itself_and_another_seed_does_not(tmp_path):
    texts = []
    for seed in (1, 1, 2):
        world, arrivals = run_press(tmp_path, seed)
        texts.append(to_csv(arrivals, world.gateway))
    assert texts[0] == texts[1]
    assert texts[0] != texts[2]
