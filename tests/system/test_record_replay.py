"""What a gateway published, recorded by the client, plays again through a gateway."""

from decimal import Decimal

from host_tools import cli
from host_tools.client.connection import Letter
from host_tools.client.delivery import Delivery, Inbox
from host_tools.contract import Values
from host_tools.emulation.press import PressModel
from host_tools.emulation.recording import Recording
from host_tools.emulation.scheduler import VirtualScheduler
from host_tools.model_broker import add_model_broker
from host_tools.plan import plan_of_site
from host_tools.plan_arguments import EXAMPLES
from host_tools.recorder import Recorder
from host_tools.subscriber import ALL_TOPICS
from host_tools.world import Listeners, World

SECOND_US = 1_000_000
LAST_TOPICS = ("/last", "/diag")


def record_press(folder, out):
    """A minute and a half of the press, with an outage, as a recording; the arrivals beside it."""
    plan = plan_of_site(EXAMPLES["sdm630"] / "site.toml", None, PressModel(5), 5)
    plan.write_flash(folder / "flash.bin")
    scheduler = VirtualScheduler()
    arrivals = []
    world = World(scheduler, plan, folder / "flash.bin", Listeners(arrivals.append))
    broker = add_model_broker(world)
    recorder, inbox = Recorder(folder / "part"), Inbox()
    delivery = Delivery(inbox, lambda letter: None, recorder.state)

    def listen(topic, payload, retained):
        if not topic.endswith(LAST_TOPICS):
            inbox.put(Letter(topic, payload, retained, 1, 1, 0))
        while items := delivery.next(0):
            for item in items:
                recorder.take(item)
            delivery.settle()

    broker.subscribe(ALL_TOPICS, listen)
    scheduler.at(30 * SECOND_US, broker.stop)
    scheduler.at(45 * SECOND_US, broker.start)
    world.board.start()
    scheduler.run_until(90 * SECOND_US)
    world.close()
    recorder.write(out)
    recorder.close()
    return world.gateway, arrivals


def newest_by_time(gateway, arrivals) -> dict[str, dict[int, Decimal]]:
    """Of each channel the values by their times in µs."""
    values: dict[str, dict[int, Decimal]] = {}
    for arrival in arrivals:
        if isinstance(arrival.record.body, Values):
            time_us = gateway.utc_ms(arrival.boot, arrival.record) * 1000
            for name, value in arrival.record.body.by_channel.items():
                values.setdefault(name, {})[time_us] = value
    return values


def test_a_recording_of_a_gateway_has_what_it_published_and_plays_again(tmp_path):
    out = tmp_path / "press.csv"
    gateway, arrivals = record_press(tmp_path, out)
    recording = Recording(out)
    values = newest_by_time(gateway, arrivals)
    assert recording.quantities() == set(values)
    assert recording.rows > 60
    for quantity, by_time in values.items():
        for row, time_us in enumerate(recording.times):
            held = by_time[max(known for known in by_time if known <= time_us)]
            assert recording.value(quantity, row) == held
    again = tmp_path / "again.csv"
    command = ["replay", "--recording", str(out), "--every", "1s", "--out", str(again)]
    assert cli.main(command) == 0
    assert len(again.read_text().splitlines()) > recording.rows // 2
