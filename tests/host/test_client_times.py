"""The client places records in time: by clock events, of earlier boots and guessed ones, too."""

from decimal import Decimal

from client_scene import BOOT, NAME, T_MS, Scene, batch, birth, clock, early, sample
from host_tools.client import ClockSet, ClockStep, State


def test_a_clock_event_places_what_comes_behind_it_and_tells_how_to_place_the_rest(scene):
    before = sample(1, value=Decimal("230.0"), quality="uncertain", t_ms=None, uptime_ms=2500)
    assert scene.data(early(1, 2500)) == [before]
    scene.put("dev/gateway/event", batch(clock(2, 3500, T_MS + 500)))
    (event,) = scene.get()
    assert event == ClockSet(NAME, BOOT, 2, 3500, T_MS + 500, "ntp", BOOT.number)
    assert event.t_ms(2500) == T_MS - 500
    (behind,) = scene.data(early(3, 3000))
    assert (behind.t_ms, behind.uptime_ms) == (T_MS, 3000)
    (other_boot,) = scene.data(early(1, 3000), boot=4)
    assert other_boot.t_ms is None


def test_a_clock_event_places_an_earlier_boot_also_behind_a_restart(tmp_path):
    scene = Scene(State(tmp_path / "state.db"))
    scene.put("birth", birth(), retained=True)
    scene.get()
    scene.put("dev/gateway/event", batch(clock(1, 0, T_MS, '"boot":2,')))
    (event,) = scene.get()
    assert (event.boot, event.of_boot, event.is_uncertain) == (BOOT, 2, False)
    again = Scene(State(tmp_path / "state.db"))
    (backfill,) = again.data(early(7, 3000, 0), boot=2)
    assert (backfill.t_ms, backfill.quality) == (T_MS + 3000, "good")


def test_what_is_placed_by_a_guess_is_uncertain_until_it_is_known(scene):
    scene.put("dev/gateway/event", batch(clock(1, 5000, T_MS, '"boot":2,', 1)))
    (event,) = scene.get()
    assert event.is_uncertain
    (guessed,) = scene.data(early(7, 3000, 0), boot=2)
    assert (guessed.t_ms, guessed.quality) == (T_MS - 2000, "uncertain")
    for record in (clock(2, 0, T_MS, '"boot":2,'), clock(3, 0, T_MS + 9, '"boot":2,', 1)):
        scene.put("dev/gateway/event", batch(record))
        scene.get()
        (known,) = scene.data(early(7 + int(record[1]), 3000, 0), boot=2)
        assert (known.t_ms, known.quality) == (T_MS + 3000, "good")


def test_a_step_of_the_clock_is_an_item_and_corrects_what_comes_behind_it(scene):
    step = '{"clock":"step","uptime_ms":60000,"utc_ms":%d,"was_ms":%d,"source":"ntp"}'
    scene.put("dev/gateway/event", batch(clock(1, 0, T_MS)))
    scene.get()
    body = step % (T_MS + 3_660_000, T_MS + 60_000)
    scene.put("dev/gateway/event", batch(f"[2,{T_MS},0,{body}]"))
    assert scene.get() == [ClockStep(NAME, BOOT, 2, 60_000, T_MS + 3_660_000, T_MS + 60_000, "ntp")]
    (behind,) = scene.data(early(3, 1000, 0))
    assert behind.t_ms == T_MS + 3_601_000
