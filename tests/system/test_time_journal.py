"""Clocks that are late, wrong or jump while the broker is away, so that the records concerned come
from flash: every one still lies at its reading, with the value that the meter served.
"""

import pytest

from host_tools import interpreter
from host_tools.contract import GOOD, UNCERTAIN, ClockSet, ClockStep, Values
from host_tools.emulation.board import HARD
from time_scene import BOUNDARIES, HOUR_S, NEW_YEAR_2027_S, READING_MS, Scene

pytestmark = pytest.mark.skipif(not interpreter.find_or_none(), reason="needs MicroPython")

_DELIVERED_S = 150  # from the broker's return: the longest pause before a connection, and all of it


class Outage(Scene):
    """A scene whose broker is away from `begin_s` until `end`."""

    def __init__(self, folder, begin_s=0, **options):
        super().__init__(folder, **options)
        self.scheduler.at(begin_s * 1_000_000, self.broker.stop)

    def end(self):
        """The broker is back and takes all; it has to come from flash."""
        self.broker.start()
        self.run_to(self.scheduler.now_us // 1_000_000 + _DELIVERED_S)
        journal = self.gateway.diag.counters["journal"]
        assert journal["erases"] and not journal["corrupt"] + journal["failures"] + journal["lost"]
        seqs = [one.record.seq for one in self.arrivals if isinstance(one.record.body, Values)]
        assert seqs != sorted(seqs), "live values go first: what comes behind them was on flash"
        self.assert_values_as_read()

    def boots(self):
        """The quality of each boot's records, as they are placed now."""
        return {(boot, quality) for boot, _, _, quality in self.records()}


def test_no_clock_for_an_hour_and_then_a_server(tmp_path):
    with Outage(tmp_path, every="10s") as scene:
        (server,) = scene.servers
        server.is_up = False
        scene.run_to(HOUR_S)
        assert 60 <= server.asked <= 90
        server.is_up = True
        scene.run_to(HOUR_S + 120)
        scene.end()
        timeless = [one for one in scene.arrivals if one.record.t_ms is None]
        assert len(timeless) >= HOUR_S // 10
        (event,) = scene.bodies(ClockSet)
        assert HOUR_S * 1000 <= event.uptime_ms < (HOUR_S + 90) * 1000
        assert (event.source, event.boot) == ("ntp", None)
        scene.assert_all_true()


@pytest.mark.parametrize("jump_s", [HOUR_S, -HOUR_S, 1, -1])
def test_a_server_that_jumps_and_comes_back(tmp_path, jump_s):
    with Outage(tmp_path, 60, every="10s") as scene:
        (server,) = scene.servers
        scene.run_to(300)
        server.offset_us = jump_s * 1_000_000
        scene.run_to(1200)
        server.offset_us = 0
        scene.run_to(1800)
        assert scene.bodies(ClockStep) == []
        scene.end()
        scene.assert_true_but_for_steps(jump_s)


def test_resets_before_the_clock_is_set_with_records_on_flash(tmp_path):
    with Outage(tmp_path) as scene:
        (server,) = scene.servers
        server.is_up = False
        for _ in range(2):
            scene.run_to(scene.scheduler.now_us // 1_000_000 + 200)
            scene.world.board.restart(HARD)
        scene.run_to(600)
        server.is_up = True
        scene.run_to(700)
        scene.end()
        assert [event.boot for event in scene.bodies(ClockSet)] == [None, 2, 1]
        assert scene.boots() == {(1, GOOD), (2, GOOD), (3, GOOD)}
        assert -10 <= min(scene.errors_ms()) and max(scene.errors_ms()) <= READING_MS + 10


def test_a_power_cut_before_the_clock_is_set_with_records_on_flash(tmp_path):
    with Outage(tmp_path) as scene:
        (server,) = scene.servers
        server.is_up = False
        scene.run_to(200)
        scene.world.board.power_cut()
        scene.run_to(260)
        scene.world.board.start()
        scene.run_to(460)
        server.is_up = True
        scene.run_to(560)
        scene.end()
        assert scene.boots() == {(1, UNCERTAIN), (2, GOOD)}
        times = [t_ms for _, _, t_ms, _ in scene.records()]
        assert times == sorted(times)
        started_ms = (NEW_YEAR_2027_S + 260) * 1000
        assert max(t_ms for boot, _, t_ms, _ in scene.records() if boot == 1) < started_ms + 1000


def test_ticks_that_wrap(tmp_path):
    with Outage(tmp_path, 60, every="2s", ticks_ms=2**30 - 300_000) as scene:
        scene.run_to(600)
        scene.end()
        scene.assert_all_true()


@pytest.mark.parametrize(("boundary_s", "name"), BOUNDARIES)
def test_a_day_that_breaks_things(tmp_path, boundary_s, name):
    with Outage(tmp_path, 60, start_s=boundary_s - 200, every="2s") as scene:
        scene.run_to(300)
        scene.world.board.restart(HARD)
        scene.run_to(400)
        scene.end()
        assert -10 <= min(scene.errors_ms()) and max(scene.errors_ms()) <= READING_MS + 10
        assert scene.boots() == {(1, GOOD), (2, GOOD)}
        assert scene.bodies(ClockStep) == []


def test_another_configuration_with_a_backlog_of_no_known_time(tmp_path):
    """Each is read with the channels that it was written with."""
    with Outage(tmp_path) as scene:
        (server,) = scene.servers
        server.is_up = False
        scene.run_to(200)
        scene.change_configuration("channels.voltage", "channels.power_active_total")
        scene.run_to(400)
        server.is_up = True
        scene.run_to(500)
        scene.end()
        channels = {(one.boot.number, *one.record.body.by_channel)
                    for one in scene.arrivals if isinstance(one.record.body, Values)}  # fmt: skip
        assert channels == {(1, "voltage"), (2, "power_active_total")}
        assert len({one.boot.inc for one in scene.arrivals}) == 1
        assert scene.boots() == {(1, UNCERTAIN), (2, GOOD)}
        assert scene.world.subscriber.errors == []
