"""The whole path in real time, through both brokers, and what the demo says when it cannot run."""

import asyncio
import contextlib

import pytest

from host_tools.demo import Stage, free_port
from host_tools.emulation import brokers
from host_tools.emulation.press import PressModel
from host_tools.plan import plan_of_site
from host_tools.plan_arguments import EXAMPLES

RECORDS_BEFORE = 6
AWAY_S = 4
PATIENCE_S = 40

needs_mosquitto = pytest.mark.skipif(
    brokers.find_mosquitto() is None, reason="Mosquitto is not installed"
)


async def wait_until(condition):
    """Fail by a timeout where the condition never comes true."""
    async with asyncio.timeout(PATIENCE_S):
        while not condition():
            await asyncio.sleep(0.1)


async def run_press(folder, kind):
    """Run the press; kill the broker for some seconds; return the world when all is delivered."""
    plan = plan_of_site(EXAMPLES["sdm630"] / "site.toml", None, PressModel(3, compress=20), 3)
    flash = folder / "flash.bin"
    plan.write_flash(flash)
    async with contextlib.AsyncExitStack() as stack:
        stage = await Stage.build(stack, plan, flash, kind)
        world = stage.world
        world.board.start()
        await wait_until(lambda: world.gateway.records >= RECORDS_BEFORE)
        stage.broker.kill()
        samples = world.truth.samples
        await asyncio.sleep(AWAY_S)
        assert world.truth.samples > samples
        records = world.gateway.records
        again = await asyncio.to_thread(
            brokers.start, kind, stage.broker.port, stage.broker.log.parent
        )
        stack.callback(again.stop)
        await wait_until(lambda: world.gateway.records > records and world.is_acknowledged())
        world.board.power_cut()
        await asyncio.sleep(0.5)
        return world, world.summary(world.scheduler.now_us - 2_000_000)


@pytest.mark.parametrize("kind", ["amqtt", pytest.param("mosquitto", marks=needs_mosquitto)])
def test_a_broker_that_is_killed_costs_no_record(tmp_path, kind):
    world, summary = asyncio.run(run_press(tmp_path, kind))
    print(kind, *summary.sentences(), sep="\n")
    gateway = world.gateway
    assert summary.account.lost == []
    assert (gateway.misplaced, gateway.conflicts, gateway.twins) == (0, 0, 0)
    assert summary.errors == []
    assert [verdict.text() for verdict in summary.verdicts if verdict.wrong] == []
    assert world.ledger.connections >= 2


def test_a_port_in_use_is_one_sentence(capsys):
    from host_tools import cli

    port = free_port()
    with contextlib.closing(_occupied(port)):
        assert cli.main(["demo", "--broker", "amqtt", "--port", str(port)]) == 1
    assert f"The broker cannot have port {port}" in capsys.readouterr().err


def _occupied(port):
    import socket

    server = socket.socket()
    server.bind(("127.0.0.1", port))
    server.listen()
    return server
