"""What the client hands out: every record once, gaps, units, and what it acknowledges."""

from decimal import Decimal

from client_scene import BASE, BOOT, NAME, T_MS, VOLTAGE, Scene, batch, birth, sample, volt
from host_tools.client import Alarm, Born, CounterChange, Fault, Gap, Presence
from host_tools.client.connection import Letter
from host_tools.client.delivery import BIRTH_WAIT_S, ROOM, Inbox
from host_tools.contract import Boot


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
