"""What the client hands out: every record once, gaps, times, units, and what it acknowledges."""

import sqlite3
from dataclasses import replace
from decimal import Decimal

import pytest

from host_tools.client import (
    Alarm,
    Born,
    ClockSet,
    ClockStep,
    CounterChange,
    Ended,
    Fault,
    Gap,
    Presence,
    Sample,
    State,
)
from host_tools.client.connection import Letter
from host_tools.client.delivery import BIRTH_WAIT_S, ROOM, Delivery, Inbox
from host_tools.client.reader import Gateway
from host_tools.contract import Boot, Channel

NAME = "hall-2/press-07"
BASE = f"limen/v1/{NAME}/"
BOOT = Boot("9f03a1c4", 3)
VOLTAGE = Channel("voltage", "V", "gauge", 1)
T_MS = 1_795_291_200_000


def birth(cfg="1c0ffee1", boot=3, unit="V", places=1, before=""):
    return (
        f'{{"inc":"9f03a1c4","boot":{boot},"cfg":"{cfg}","firmware":"0.1.0","reset":"power-on",'
        f'"low":1,{before}"device":[{{"id":"m","model":"X","channel":[{{"name":"voltage",'
        f'"unit":"{unit}","kind":"gauge","places":{places}}}]}}]}}'
    )


def batch(*records, low=1, inc="9f03a1c4", boot=3, cfg="1c0ffee1"):
    frame = '{"inc":"%s","boot":%d,"cfg":"%s","low":%d,"r":[%s]}'
    return frame % (inc, boot, cfg, low, ",".join(records))


def volt(seq, value="230.1"):
    return f'[{seq},{T_MS + seq},0,{{"voltage":{value}}}]'


def early(seq, uptime_ms, quality=1):
    return f'[{seq},null,{quality},{{"voltage":230.0}},{uptime_ms}]'


def clock(seq, uptime_ms, utc_ms, more="", quality=0):
    body = f'{{"clock":"set",{more}"uptime_ms":{uptime_ms},"utc_ms":{utc_ms},"source":"ntp"}}'
    return f"[{seq},{utc_ms},{quality},{body}]"


def sample(seq, boot=BOOT, **facts):
    values = {"value": Decimal("230.1"), "quality": "good", "t_ms": T_MS + seq, "uptime_ms": None}
    values |= {"boot": boot, "seq": seq, "about": VOLTAGE} | facts
    return Sample(NAME, "m", "voltage", **values)


class Scene:
    """A delivery that is fed by hand; `acked` has the packet ids in their order."""

    def __init__(self, state=None):
        self.inbox = Inbox()
        self.acked = []
        self.delivery = Delivery(
            self.inbox, lambda letter: self.acked.append(letter.packet_id), state
        )
        self.now_s = 0
        self._packet_id = 0

    def put(self, topic, payload, retained=False):
        self._packet_id += 1
        qos = 0 if topic == "birth" else 1
        self.inbox.put(Letter(BASE + topic, payload.encode(), retained, qos, self._packet_id, 0))

    def get(self):
        """All that can be had, processed."""
        got = []
        while found := self.delivery.next(self.now_s):
            got += found
            self.delivery.settle()
        return got

    def data(self, *records, **frame):
        self.put("dev/m/data", batch(*records, **frame))
        return self.get()


@pytest.fixture
def scene():
    scene = Scene()
    scene.put("birth", birth())
    scene.get()
    return scene


def test_a_sample_has_value_unit_time_and_name(scene):
    (got,) = scene.data(volt(1))
    assert got == sample(1)
    assert (got.unit, got.time.isoformat()) == ("V", "2026-11-21T20:00:00.001000+00:00")
    assert scene.acked == [1, 2]


def test_one_record_of_two_channels_is_two_samples(scene):
    scene.put("birth", birth(cfg="beef"))
    record = f'[1,{T_MS},2,{{"voltage":null,"other":null}}]'
    scene.get()
    got = scene.data(record)
    assert [(one.channel, one.value, one.quality, one.about) for one in got] == [
        ("voltage", None, "bad", VOLTAGE), ("other", None, "bad", None),
    ]  # fmt: skip


def test_what_comes_twice_passes_once_and_is_acknowledged_twice(scene):
    assert scene.data(volt(1), volt(2)) == [sample(1), sample(2)]
    assert scene.data(volt(1), volt(2)) == []
    assert scene.data(volt(2), volt(3)) == [sample(3)]
    assert scene.acked == [1, 2, 3, 4]


def test_only_below_low_is_a_hole_a_gap_and_it_is_told_once(scene):
    assert scene.data(volt(1), volt(4)) == [sample(1), sample(4)]
    assert scene.data(volt(5), low=3) == [Gap(NAME, BOOT, 2, 2), sample(5)]
    assert scene.data(volt(6), low=4) == [Gap(NAME, BOOT, 3, 3), sample(6)]
    assert scene.data(volt(7), low=6) == [sample(7)]
    assert scene.data(volt(3), low=6) == [sample(3)]
    assert scene.data(volt(3), low=6) == []


def test_a_gap_has_its_first_and_last_record(scene):
    scene.data(volt(1))
    (gap, _) = scene.data(volt(10), low=10)
    assert (gap.first, gap.last, gap.count) == (2, 9, 8)


def test_a_boot_that_is_first_seen_midway_misses_nothing_before():
    scene = Scene()
    scene.put("birth", birth(), retained=True)
    scene.get()
    assert scene.data(volt(40), low=40) == [sample(40)]
    assert scene.data(volt(42), low=42) == [Gap(NAME, BOOT, 41, 41), sample(42)]


def test_every_boot_and_every_incarnation_counts_for_itself(scene):
    scene.data(volt(1), volt(2))
    assert scene.data(volt(1), boot=4) == [sample(1, Boot("9f03a1c4", 4))]
    assert scene.data(volt(1), inc="00000001", boot=1) == [sample(1, Boot("00000001", 1))]
    assert scene.data(volt(3)) == [sample(3)]
    assert scene.data(volt(2), inc="00000001", boot=1) == [sample(2, Boot("00000001", 1))]


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


def test_a_new_configuration_gives_new_units_and_the_old_keeps_its_own(scene):
    scene.data(volt(1))
    scene.put("birth", birth(cfg="beef", unit="mV", places=0))
    (born,) = scene.get()
    assert isinstance(born, Born)
    assert born.birth.devices["m"]["voltage"].places == 0
    assert [one.unit for one in scene.data(volt(2), cfg="beef")] == ["mV"]
    assert [one.unit for one in scene.data(volt(3))] == ["V"]


def test_a_batch_waits_a_moment_for_its_birth():
    scene = Scene()
    assert scene.data(volt(1)) == []
    assert scene.delivery.wait_s(scene.now_s) == BIRTH_WAIT_S
    scene.put("birth", birth(), retained=True)
    assert scene.get()[1:] == [sample(1)]
    assert scene.delivery.wait_s(scene.now_s) is None


def test_a_birth_that_does_not_come_holds_nothing_up_for_long():
    scene = Scene()
    scene.data(volt(1))
    scene.now_s = BIRTH_WAIT_S
    assert scene.get() == [sample(1, about=None)]
    assert scene.acked == [1]


def test_what_happens_to_counters(scene):
    body = '{"counter":"voltage","change":"replacement","was":7.5,"total":8}'
    scene.put("dev/m/event", batch(f"[1,{T_MS},0,{body}]"))
    told = "replacement", Decimal("7.5"), Decimal(8), "good"
    assert scene.get() == [CounterChange(NAME, "m", "voltage", *told, T_MS, None, BOOT, 1, VOLTAGE)]


def test_alarms_and_presence(scene):
    body = '{"alarm":"voltage.high","state":"raised","value":251.0,"limit":250.0}'
    scene.put("dev/m/event", batch(f"[1,{T_MS},0,{body}]"))
    assert scene.get() == [
        Alarm(
            NAME, "m", "voltage", "high", True, Decimal("251.0"), Decimal(250), "good",
            T_MS, None, BOOT, 1, VOLTAGE,
        )
    ]  # fmt: skip
    scene.put("status", '{"inc":"9f03a1c4","boot":3,"online":false}')
    assert scene.get() == [Presence(NAME, False)]


def test_what_breaks_the_contract_is_told_and_does_not_come_again(scene):
    assert scene.data("[1]") == [Fault(BASE + "dev/m/data", "record [1] is no list of 4 or 5")]
    assert scene.acked == [1, 2]


def test_nothing_is_acknowledged_before_it_is_processed(scene):
    scene.put("dev/m/data", batch(volt(1), volt(2)))
    scene.put("dev/m/data", batch(volt(3)))
    assert scene.delivery.next(0) == [sample(1), sample(2)]
    assert scene.delivery.next(0) == [sample(1), sample(2)]
    assert scene.acked == [1]
    scene.delivery.settle()
    assert scene.acked == [1, 2]
    assert scene.delivery.next(0) == [sample(3)]


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


def test_a_full_inbox_lets_nobody_in_until_it_is_closed():
    inbox = Inbox()
    letter = Letter(BASE + "status", b"", False, 1, 1, 0)
    for _ in range(ROOM):
        inbox.put(letter)
    assert not inbox._room.acquire(blocking=False)
    assert inbox.pop() == letter
    inbox.put(letter)
    inbox.close()
    inbox.put(letter)
    assert sum(inbox.pop() is not None for _ in range(ROOM + 10)) == ROOM


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
