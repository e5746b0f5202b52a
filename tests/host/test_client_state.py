"""What the client remembers over restarts, and how much of it."""

import sqlite3
from dataclasses import replace
from decimal import Decimal

from client_scene import BOOT, NAME, T_MS, VOLTAGE, Scene, batch, birth, clock, early, sample, volt
from host_tools.client import Gap, State
from host_tools.client.delivery import BIRTH_WAIT_S
from host_tools.client.reader import Gateway
from host_tools.contract import Boot


def test_after_a_restart_a_client_knows_what_it_had(tmp_path):
    first = Scene(State(tmp_path / "state.db"))
    first.put("birth", birth())
    first.data(volt(1), volt(3))
    first.put("dev/gateway/event", batch(clock(4, 3500, T_MS + 500)))
    first.get()
    second = Scene(State(tmp_path / "state.db"))
    assert second.data(volt(1), early(2, 3500), volt(3)) == [
        sample(2, value=Decimal("230.0"), quality="uncertain", t_ms=T_MS + 500, uptime_ms=3500)
    ]
    assert second.data(volt(7), low=6) == [Gap(NAME, BOOT, 5, 5), sample(7)]


def test_a_letter_in_hand_comes_again_after_a_restart(tmp_path):
    first = Scene(State(tmp_path / "state.db"))
    first.put("birth", birth())
    first.data(volt(1))
    first.put("dev/m/data", batch(volt(2)))
    assert first.delivery.next(0) == [sample(2)]
    second = Scene(State(tmp_path / "state.db"))
    assert second.data(volt(1), volt(2)) == [sample(2)]


def test_the_state_is_committed_together_with_the_callers_own_data(tmp_path):
    database = sqlite3.connect(tmp_path / "mine.db")
    database.execute("CREATE TABLE mine (seq INTEGER)")
    scene = Scene(State(database))
    scene.put("birth", birth())
    scene.get()
    scene.put("dev/m/data", batch(volt(1)))
    (got,) = scene.delivery.next(0)
    database.execute("INSERT INTO mine VALUES (?)", (got.seq,))
    database.rollback()  # what a kill at this moment does
    again = Scene(State(database))
    assert again.data(volt(1)) == [sample(1)]
    database.execute("INSERT INTO mine VALUES (1)")
    again.data(volt(2))
    database.rollback()
    assert database.execute("SELECT seq FROM mine").fetchall() == [(1,)]
    assert Scene(State(database)).data(volt(1), volt(2)) == []


def test_a_birth_survives_a_restart_with_states_and_unknown_model(tmp_path):
    first = Scene(State(tmp_path / "state.db"))
    names = '"places":1,"states":{"0":"off","1":"on"}}'
    first.put("birth", birth().replace('"X"', "null").replace('"places":1}', names))
    first.get()
    (known,) = Scene(State(tmp_path / "state.db")).delivery.reader.gateways[NAME].births.values()
    assert known == first.delivery.reader.gateways[NAME].births["1c0ffee1"]
    assert known.devices["m"]["voltage"] == replace(VOLTAGE, states=((0, "off"), (1, "on")))


def test_of_each_gateway_the_newest_boots_and_births_are_kept():
    scene = Scene()
    for number in range(Gateway.MOST_BOOTS + 10):
        scene.put("birth", birth(f"{number:08x}", boot=number))
        scene.get()
        scene.put("dev/gateway/event", batch(clock(1, 1, T_MS), boot=number))
        scene.now_s += BIRTH_WAIT_S
        scene.get()
        scene.now_s += BIRTH_WAIT_S
        scene.get()
    gateway = scene.delivery.reader.gateways[NAME]
    assert list(gateway.boots) == [Boot("9f03a1c4", n) for n in range(10, Gateway.MOST_BOOTS + 10)]
    assert list(gateway.clocks) == list(gateway.boots)
    assert len(gateway.births) == Gateway.MOST_BIRTHS
