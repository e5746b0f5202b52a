"""What the journal does from time to time."""

import asyncio
import json

from fake_flash import Flash
from fake_journal import Boot
from fake_session import Session
from fake_stream import Time, run, settle

from limen.delivery import journal as module
from limen.delivery.outbox import DATA

TICK_MS = 1500


class Running:
    """The task of a gateway's journal; `promises` are when it will be heard again, in seconds."""

    def __init__(self, gateway):
        self.journal = gateway.journal
        self.promises = []
        self.nudges = 0
        self.beat = self.promises.append
        self.journal.nudge = self.nudge

    def nudge(self):
        self.nudges += 1

    def play(self, scene):
        kept = module.asyncio
        self.time = module.asyncio = Time()
        try:
            run(self._play(scene))
        finally:
            module.asyncio = kept

    async def _play(self, scene):
        task = asyncio.create_task(self.journal.run(self))
        await settle()
        await scene(self)
        task.cancel()

    async def tick(self):
        """Let time pass until the task is heard; return how many ticks that took."""
        heard = len(self.promises)
        ticks = 0
        while len(self.promises) == heard:
            await self.time.pass_ms(TICK_MS - 1)
            assert len(self.promises) == heard
            await self.time.pass_ms(1)
            ticks += 1
        assert len(self.promises) == heard + 1
        return ticks


def test_what_has_waited_for_ten_seconds_is_on_flash():
    gateway = Boot(Flash(16))

    async def scene(running):
        for seq in range(1, 8):
            gateway.sample(seq, seq)
            ticks = 0
            while gateway.journal.streams[DATA].copied < seq:
                ticks += await running.tick()
            assert 4500 < ticks * TICK_MS < 10000, "not at once, and in time"
            assert await running.tick() == 3, "it wakes only for what it has to do"
        assert set(running.promises) == {60}
        assert running.nudges == 0, "nothing is to be read back"

    Running(gateway).play(scene)


def test_where_nothing_waits_it_looks_seldom_and_copies_in_time_all_the_same():
    gateway = Boot(Flash(16))
    copied = gateway.journal.streams[DATA]

    async def scene(running):
        assert await running.tick() == 3
        assert await running.tick() == await running.tick() == 5
        gateway.sample(1, 1)
        assert await running.tick() == 5
        assert copied.copied == 0, "what arrives soon is not copied"
        assert await running.tick() == 1
        assert copied.copied == 1 and 6 * TICK_MS < 10000
        assert await running.tick() == 3, "something still waits"
        gateway.drain()
        assert await running.tick() == 3
        assert await running.tick() == 5

    Running(gateway).play(scene)


def test_a_backlog_is_sent_a_part_at_each_tick():
    gateway = Boot(Flash(64))
    for s in range(1700):
        gateway.sample(s, s)
    gateway.journal.save()
    after = Boot(gateway.flash, boot=2)

    async def scene(running):
        parts = []
        nudges = []
        ticks = []
        for _ in range(4):
            parts.append(0)
            while found := after.send():
                parts[-1] += len(found)
                after.outbox.ack(1)
            ticks.append(await running.tick())
            nudges.append(running.nudges)
        assert nudges == [1, 2, 2, 2], "while something is to be read back"
        assert ticks == [1, 1, 1, 5], "soon while it is, and seldom when nothing waits"
        assert sum(parts) == 1700 and min(parts[:2]) >= 750 > max(parts[:2]) - 50

    Running(after).play(scene)


def test_gaps_are_told_one_at_a_tick():
    gateway = Boot(Flash(7))

    async def scene(running):
        for s in range(170):
            gateway.event(s, b'{"alarm":"%0180d"}' % s)
        for told in range(3):
            assert len(gateway.gaps) == told
            await running.tick()
        await running.tick()
        told = sum(json.loads(gap)["count"] for gap in gateway.gaps)
        assert gateway.journal.counters(1)["lost"] == told > 0

    Running(gateway).play(scene)


def announced(gateway):
    """Topic and beginning of each birth that is told before the current one."""
    session = Session()
    run(gateway.journal.announce(session, {"low": 1}))
    return [(one.topic, one.payload[:48], one.qos, one.retain) for one in session.take()]


def test_the_birth_of_an_earlier_configuration_is_told_while_it_is_needed():
    flash = Flash(16)
    before = Boot(flash, cfg=7)
    before.sample(1, 1, commit=True)
    assert announced(before) == []
    after = Boot(flash, boot=2)
    head = b'{"inc":"9f03a1c4","boot":1,"cfg":"00000007","low"'
    assert announced(after) == [("limen/v1/hall-2/press-07/birth", head[:48], 0, False)]
    after.sample(2, 2, commit=True)
    assert len(announced(after)) == 1
    after.drain()
    assert announced(Boot(flash, boot=3)) == []
