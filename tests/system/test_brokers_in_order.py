"""Several brokers in order: the next one takes over, the first gets the link back, nothing lost."""

from console import troubles
from host_tools.emulation.press import PressModel
from host_tools.emulation.scheduler import VirtualScheduler
from host_tools.model_broker import add_model_broker
from host_tools.plan import plan_of_site
from host_tools.plan_arguments import EXAMPLES
from host_tools.world import Listeners, World

SECOND_US = 1_000_000
BOTH = 'hosts = ["broker-1.local", "broker-2.local:1884"]'


def world_with_two_brokers(folder, seed, options=BOTH):
    text = (EXAMPLES["sdm630"] / "site.toml").read_text()
    site = folder / "site.toml"
    site.write_text(text.replace('host = "broker.local"', options))
    (folder / "secrets.toml").write_text((EXAMPLES["sdm630"] / "secrets.toml").read_text())
    plan = plan_of_site(site, None, PressModel(seed), seed)
    plan.override(diag_s=10)
    flash = folder / "flash.bin"
    plan.write_flash(flash)
    said = []
    world = World(VirtualScheduler(), plan, flash, Listeners(on_console=said.append))
    return world, add_model_broker(world, 0), add_model_broker(world, 1), said


def test_the_second_takes_over_and_the_first_gets_the_link_back(tmp_path):
    world, first, second, said = world_with_two_brokers(tmp_path, seed=3)
    scheduler = world.scheduler
    world.board.start()
    scheduler.run_until(60 * SECOND_US)
    assert (len(first.clients), len(second.clients)) == (1, 0)
    repeated_before = world.ledger.repeated_publishes
    first.stop()
    world.lan.stop_listening("broker-1.local", 1883)
    scheduler.run_until(120 * SECOND_US)
    assert len(second.clients) == 1
    assert world.gateway.online
    # What was under way goes to the second as something new: it never saw it.
    assert world.ledger.repeated_publishes == repeated_before
    add_model_broker(world, 0)
    scheduler.run_until(600 * SECOND_US)
    world.close()
    summary = world.summary(598 * SECOND_US)
    assert (summary.account.lost, summary.dropped, summary.errors) == ([], 0, [])
    assert (world.gateway.misplaced, world.gateway.conflicts, world.gateway.twins) == (0, 0, 0)
    assert world.is_acknowledged()
    assert world.ledger.connections == 4  # the call that found the first is one
    assert troubles(said) == [
        "limen: broker-1.local:1883: The broker ended the connection.",
        "limen: broker-1.local:1883: Nothing listens at this port of the broker.",
        "limen: broker-2.local:1884: The preferred broker answers again, and gets the link back.",
    ]
