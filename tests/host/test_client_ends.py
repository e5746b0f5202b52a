"""How a boot ended: the client tells what it has cost when the rest has come."""

import sqlite3

from client_scene import BOOT, NAME, Scene, birth, sample, volt
from host_tools.client import Born, Ended, Gap, Sample, State


def before(data, event=0, clean="false"):
    return f'"before":{{"boot":3,"clean":{clean},"data":{data},"event":{event}}},'


def cut(scene, *came, **told):
    """The boot ends behind records that came; the next one is born."""
    scene.data(*map(volt, came))
    scene.put("birth", birth(boot=4, before=before(**told)))
    scene.get()


def live(scene, first, count):
    """Batches of the boot behind."""
    got = [scene.data(volt(seq), boot=4) for seq in range(first, first + count)]
    return [item for items in got for item in items if not isinstance(item, Sample)]


def test_what_a_power_cut_has_cost_is_told_when_the_rest_has_come(scene):
    cut(scene, 1, 2, 6, data=5)
    assert live(scene, 1, 20) == []
    assert scene.data(volt(5), low=5) == [Gap(NAME, BOOT, 3, 4), sample(5)]
    assert live(scene, 21, 20) == [Ended(NAME, BOOT, 6, False)]


def test_holes_of_what_was_in_memory_are_gaps_once(scene):
    cut(scene, 1, 2, 5, 9, data=0)
    gaps = [Gap(NAME, BOOT, 3, 4), Gap(NAME, BOOT, 6, 8)]
    assert live(scene, 1, 40) == [*gaps, Ended(NAME, BOOT, 9, False)]
    scene.put("birth", birth(boot=4, before=before(data=0)))
    assert [type(item) for item in scene.get()] == [Born]
    assert live(scene, 41, 40) == []


def test_a_backlog_that_still_comes_puts_the_end_off(scene):
    cut(scene, 1, 2, 5, data=5)
    for seq in (3, 4):
        assert live(scene, 10 * seq, 10) == []
        assert scene.data(volt(seq)) == [sample(seq)]
    assert live(scene, 50, 20) == [Ended(NAME, BOOT, 5, False)]


def test_a_clean_end_is_told_as_such(scene):
    cut(scene, 1, 2, data=0, clean="true")
    assert live(scene, 1, 16) == [Ended(NAME, BOOT, 2, True)]


def test_an_end_survives_a_restart_of_the_service():
    database = sqlite3.connect(":memory:")
    scene = Scene(State(database))
    scene.put("birth", birth())
    cut(scene, 1, 3, data=0)
    live(scene, 1, 10)
    scene = Scene(State(database))
    assert live(scene, 11, 6) == [Gap(NAME, BOOT, 2, 2), Ended(NAME, BOOT, 3, False)]
    assert live(Scene(State(database)), 17, 20) == []
