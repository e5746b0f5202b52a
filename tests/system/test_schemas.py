"""Every message that a gateway publishes in virtual time is one that the schemas allow."""

from collections import Counter

import schemas
from host_tools.emulation.mqtt_packets import Publish
from host_tools.emulation.press import PressModel
from host_tools.emulation.scheduler import VirtualScheduler
from host_tools.model_broker import add_model_broker
from host_tools.plan import plan_of_site
from host_tools.plan_arguments import EXAMPLES
from host_tools.subscriber import ALL_TOPICS
from host_tools.world import Listeners, World

SECOND_US = 1_000_000


def test_every_message_of_a_run_with_an_outage_is_valid(tmp_path):
    plan = plan_of_site(EXAMPLES["sdm630"] / "site.toml", None, PressModel(3), 3)
    plan.override(diag_s=20)
    plan.write_flash(tmp_path / "flash.bin")
    scheduler = VirtualScheduler()
    world = World(scheduler, plan, tmp_path / "flash.bin", Listeners())
    broker = add_model_broker(world)
    count, wrong = Counter(), []

    def check(topic, payload, retained):
        count[schemas.message_of(topic)] += 1
        wrong.extend(schemas.complaints(topic, payload))

    broker.subscribe(ALL_TOPICS, check)
    scheduler.at(60 * SECOND_US, broker.stop)
    scheduler.at(80 * SECOND_US, broker.start)
    topic = f"limen/v1/{plan.gateway}/cmd/sing"
    scheduler.at(30 * SECOND_US, lambda: broker.publish(Publish(topic, b"{}", 1)))
    world.board.start()
    scheduler.run_until(300 * SECOND_US)
    world.close()
    assert wrong == []
    assert set(count) == set(schemas.VALIDATORS) - {"progress"}
    assert count["data"] > 100
    assert count["birth"] >= 2
