"""Time on a whole gateway in virtual time: late, wrong, jumping and lying clocks."""

import pytest

from host_tools.contract import GOOD, UNCERTAIN, ClockSet, ClockStep
from host_tools.emulation.board import HARD, WATCHDOG
from time_scene import BOUNDARIES, HOUR_S, NEW_YEAR_2027_S, READING_MS, Scene


@pytest.mark.parametrize("jump_s", [HOUR_S, -HOUR_S, 1, -1])
def test_a_server_that_jumps_and_comes_back(tmp_path, jump_s):
    with Scene(tmp_path, every="10s") as scene:
        (server,) = scene.servers
        scene.run_to(300)
        scene.assert_all_true()
        server.offset_us = jump_s * 1_000_000
        scene.run_to(1200)
        server.offset_us = 0
        scene.run_to(1800)
        scene.assert_true_but_for_steps(jump_s)


def test_a_small_error_glides_away_in_order(tmp_path):
    with Scene(tmp_path, every="1s") as scene:
        (server,) = scene.servers
        scene.run_to(60)
        server.offset_us = -90_000
        scene.run_to(400)
        assert scene.bodies(ClockStep) == []
        scene.assert_nothing_lost()
        times = [t_ms for _, _, t_ms, _ in scene.records()]
        assert times == sorted(times)
        assert scene.errors_ms()[-1] <= scene.errors_ms()[10] - 70


def test_one_wrong_answer_moves_nothing(tmp_path):
    with Scene(tmp_path, every="10s") as scene:
        (server,) = scene.servers
        scene.run_to(60)
        asked = server.asked
        server.offset_us = HOUR_S * 1_000_000
        while server.asked == asked:
            assert scene.scheduler.step()
        server.offset_us = 0
        scene.run_to(400)
        assert server.asked > asked + 1
        assert scene.bodies(ClockStep) == []
        scene.assert_all_true()


def test_a_reset_before_the_clock_is_set_loses_no_time(tmp_path):
    with Scene(tmp_path, every="5s") as scene:
        (server,) = scene.servers
        server.is_up = False
        scene.run_to(100)
        scene.world.board.restart(HARD)
        scene.run_to(200)
        scene.world.board.restart(WATCHDOG)
        scene.run_to(300)
        server.is_up = True
        scene.run_to(420)
        assert [event.boot for event in scene.bodies(ClockSet)] == [None, 2, 1]
        records = scene.records()
        assert {(boot, quality) for boot, _, _, quality in records} == {
            (1, GOOD), (2, GOOD), (3, GOOD),
        }  # fmt: skip
        errors = scene.errors_ms()
        assert min(errors) >= -10 and max(errors) <= READING_MS + 10
        assert len(records) >= len(scene.reads_ms()) - 6


def test_a_power_cut_before_the_clock_is_set_leaves_a_guess(tmp_path):
    with Scene(tmp_path, every="5s") as scene:
        (server,) = scene.servers
        server.is_up = False
        scene.run_to(100)
        scene.world.board.power_cut()
        scene.run_to(160)
        scene.world.board.start()
        scene.run_to(260)
        server.is_up = True
        scene.run_to(360)
        records = scene.records()
        assert {(boot, quality) for boot, _, _, quality in records} == {(1, UNCERTAIN), (2, GOOD)}
        times = [t_ms for _, _, t_ms, _ in records]
        assert times == sorted(times)
        started_ms = (NEW_YEAR_2027_S + 160) * 1000
        assert max(t_ms for boot, _, t_ms, _ in records if boot == 1) < started_ms + 1000
        assert min(t_ms for boot, _, t_ms, _ in records if boot == 1) > started_ms - 300_000


def test_a_reset_behind_the_clock_knows_the_time_at_once(tmp_path):
    with Scene(tmp_path) as scene:
        scene.run_to(60)
        scene.servers[0].is_up = False
        scene.world.board.restart(WATCHDOG)
        scene.run_to(120)
        assert None not in {one.record.t_ms for one in scene.arrivals if one.boot.number == 2}
        errors = scene.errors_ms()
        assert min(errors) >= -10 and max(errors) <= READING_MS + 10


def test_ticks_that_wrap(tmp_path):
    with Scene(tmp_path, every="2s", ticks_ms=2**30 - 45_000) as scene:
        scene.servers[0].is_up = False
        scene.run_to(60)
        scene.servers[0].is_up = True
        scene.run_to(180)
        scene.assert_all_true()


@pytest.mark.parametrize(("boundary_s", "name"), BOUNDARIES)
def test_a_day_that_breaks_things(tmp_path, boundary_s, name):
    with Scene(tmp_path, start_s=boundary_s - 60, every="2s") as scene:
        scene.run_to(120)
        scene.assert_all_true()
        scene.world.board.restart(HARD)
        scene.run_to(180)
        errors = scene.errors_ms()
        assert min(errors) >= -10 and max(errors) <= READING_MS + 10
        assert scene.bodies(ClockStep) == []


def test_one_of_three_that_lies_is_outvoted(tmp_path):
    with Scene(tmp_path, servers=("a.local", "b.local", "c.local")) as scene:
        scene.servers[0].offset_us = HOUR_S * 1_000_000
        scene.run_to(200)
        assert len(scene.bodies(ClockSet)) == 1
        assert scene.bodies(ClockStep) == []
        scene.assert_all_true()


def replayed():
    """A server whose every reply is its first one."""
    kept = []

    def change(reply, request):
        kept.append(reply)
        return kept[0]

    return change


def of_another(reply, request):
    return reply[:24] + bytes(8) + reply[32:]


BAD_ANSWERS = {
    "garbage": lambda reply, request: b"HTTP/1.1 400 Bad Request\r\n\r\n" * 2,
    "short": lambda reply, request: reply[:47],
    "nothing in it": lambda reply, request: bytes(48),
    "its own question": lambda reply, request: request,
    "the originate of another": of_another,
    "not synchronised": lambda reply, request: bytes([0xE4]) + reply[1:],
    "far from its source": lambda reply, request: reply[:8] + b"\0\2\0\0" + reply[12:],
    "a kiss of death": lambda reply, request: (
        reply[:1] + b"\0" + reply[2:12] + b"RATE" + reply[16:]
    ),
}


@pytest.mark.parametrize("name", BAD_ANSWERS)
def test_a_bad_server_beside_a_good_one(tmp_path, name):
    with Scene(tmp_path, servers=("bad.local", "good.local"), every="10s") as scene:
        scene.servers[0].change = BAD_ANSWERS[name]
        scene.servers[0].offset_us = HOUR_S * 1_000_000
        scene.run_to(100)
        assert scene.bodies(ClockStep) == []
        scene.assert_all_true()
        if "kiss" in name:
            assert scene.servers[0].asked == 1


def test_replayed_packets_set_nothing(tmp_path):
    with Scene(tmp_path, every="10s") as scene:
        scene.servers[0].change = replayed()
        scene.run_to(400)
        scene.servers[0].change = lambda reply, request: reply
        scene.servers[0].is_up = False
        scene.run_to(420)
        (event,) = scene.bodies(ClockSet)
        scene.assert_all_true()
        assert scene.gateway.diag.counters["time"]["answers"] == 1


def test_a_name_that_is_not_known_does_not_stop_the_others(tmp_path):
    with Scene(tmp_path, servers=("gone.local", "good.local"), every="10s") as scene:
        del scene.world.lan.addresses["gone.local"]
        scene.run_to(60)
        scene.assert_all_true()


def test_half_of_a_long_way_is_made_up_for(tmp_path):
    with Scene(tmp_path, every="10s") as scene:
        scene.world.lan.latency_us = 300_000
        scene.run_to(100)
        scene.assert_nothing_lost()
        errors = scene.errors_ms()[1:]  # looking the name up has held the first reading up
        assert min(errors) >= 0 and max(errors) <= READING_MS


def test_a_crystal_that_is_30_ppm_off(tmp_path):
    with Scene(tmp_path, every="1min") as scene:
        (server,) = scene.servers
        utc_us, start_us = scene.scheduler.utc_us, scene.scheduler.start_utc_us
        server.utc_us = lambda: utc_us() + (utc_us() - start_us) * 30 // 1_000_000
        scene.run_to(6 * HOUR_S)
        assert scene.bodies(ClockStep) == []
        assert abs(scene.gateway.diag.counters["time"]["drift_ppb"] - 30_000) < 5_000
        last = scene.records()[-60:]
        errors = [
            error - (t_ms - start_us / 1000) * 30 / 1_000_000
            for (_, _, t_ms, _), error in zip(last, scene.errors_ms(last), strict=True)
        ]
        assert min(errors) >= -40 and max(errors) <= READING_MS + 40
