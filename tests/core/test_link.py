"""The link on brokers that are made here: one entry of `fates` for each attempt to connect."""

import asyncio

from fake_stream import Lost, run

from limen.core.mqtt import ConnectError
from limen.delivery import link, way_back
from limen.delivery.link import Link

BROKERS = [["first", 1883], ["second", 1884]]


class Done(Exception):
    """The test has seen enough."""


class Session:
    """`fates` are (error, seconds, kept): after how many seconds online the session ends so, 0
    where it does not begin, and whether the broker kept the session before."""

    def __init__(self, world, fates):
        self.world = world
        self.fates = fates
        self.tried = []
        self.is_open = False

    async def connect(self, clean_session):
        assert not self.is_open, "the connection before is still open"
        assert clean_session is False
        self.tried.append((self.server, self.port))
        if not self.fates:
            raise Done()
        self.is_open = True
        self.error, self.online_s, self.kept = self.fates.pop(0)
        if not self.online_s:
            self.world.clock.s += 1
            raise self.error
        return self.kept

    async def run(self):
        """What a reader does until the connection fails."""
        for _ in range(9):
            await asyncio.sleep(0)
        self.world.clock.s += self.online_s
        raise self.error

    async def drain(self):
        self.world.drained += 1
        await asyncio.sleep(0)

    def close(self):
        self.is_open = False


class Clock:
    s = 100


class Pulse:
    def __init__(self):
        self.promises = []

    def beat(self, within_s):
        self.promises.append(within_s)


class World:
    """`begun` has the argument of each begin; `pauses` those asked of `random`, as (low, high)."""

    def __init__(self, fates, brokers=BROKERS[:1]):
        self.clock = Clock()
        self.session = Session(self, fates)
        self.begun = []
        self.carried = self.drained = 0
        self.is_full = False
        self.pauses = []
        self.slept = []
        self.told = []  # (place, trouble)
        self.held = 0  # how often nobody may be called
        self.wake = asyncio.Event()
        self.pulse = Pulse()
        self.link = Link(self.session, brokers, self.clock, self, self.may_call)

    def may_call(self):
        self.held -= 1
        return self.held < 0

    def tell(self, place, trouble):
        self.told.append((place, trouble))

    async def begin(self, same):
        self.begun.append(same)

    def carry(self):
        self.carried += 1
        return not self.is_full

    def randint(self, low, high):
        self.pauses.append((low, high))
        return high // 2

    async def sleep_ms(self, ms):
        self.slept.append(ms)
        await asyncio.sleep(0)

    def run(self):
        kept = link.asyncio, link.random, link.tell, way_back.asyncio
        link.tell = self.tell
        link.asyncio = way_back.asyncio = Asyncio(self)
        link.random = self
        link.OSError = Lost
        try:
            run(self.link.run(self.pulse))
        except Done:
            pass
        finally:
            link.asyncio, link.random, link.tell, way_back.asyncio = kept
            del link.OSError
        return self


class Asyncio:
    """As much of it as the link uses; nothing takes time."""

    def __init__(self, world):
        self.sleep_ms = world.sleep_ms
        self.create_task = asyncio.create_task


LOST = Lost(104)


def highest(world):
    return [high for _, high in world.pauses]


def test_a_failure_is_followed_by_a_random_pause_that_grows_to_a_minute():
    world = World([(LOST, 0, False)] * 12).run()
    grown = [500, 1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000, 60000, 60000, 60000]
    assert world.pauses == [(0, high) for high in grown]
    assert world.slept == [high // 2 for high in grown]


def test_wrong_credentials_pause_like_all_else():
    world = World([(ConnectError("credentials"), 0, False)] * 3).run()
    assert highest(world) == [500, 1000, 2000]
    assert world.link.trouble == "refused: credentials"


def test_a_steady_session_lets_the_pause_begin_anew():
    fates = [(LOST, 0, False)] * 4 + [(LOST, 10, False), (LOST, 11, False), (LOST, 0, False)]
    assert highest(World(fates).run()) == [500, 1000, 2000, 4000, 8000, 500, 1000]


def test_what_went_wrong_is_kept_for_the_diagnostics():
    world = World([(Lost(113), 0, False)])
    assert world.link.trouble is None
    world.run()
    assert world.link.trouble == "os: 113"


def test_the_same_trouble_is_told_once():
    fates = [(LOST, 0, False)] * 3 + [(Lost(113), 0, False)] * 2 + [(LOST, 0, False)]
    world = World(fates).run()
    assert world.told == [("first:1883", "os: %d" % errno) for errno in (104, 113, 104)]


def test_after_a_steady_session_the_same_trouble_is_told_again():
    assert len(World([(LOST, 0, False), (LOST, 60, False), (LOST, 0, False)]).run().told) == 2
    assert len(World([(LOST, 0, False), (LOST, 5, False), (LOST, 0, False)]).run().told) == 1


def test_the_brokers_take_turns_and_after_a_session_the_first_is_asked():
    fates = [(LOST, 0, False)] * 3 + [(LOST, 2, False)] + [(LOST, 0, False)]
    world = World(fates, BROKERS).run()
    assert [host for host, _ in world.session.tried] == [
        "first", "second", "first", "second", "first", "second",
    ]  # fmt: skip
    assert [port for _, port in world.session.tried[:2]] == [1883, 1884]
    assert highest(world) == [500, 500, 1000, 1000, 2000], "the pause grows once a round"


def test_only_the_same_broker_has_the_session_of_before():
    fates = [(LOST, 2, True), (LOST, 2, True), (LOST, 0, False), (LOST, 2, True), (LOST, 2, True)]
    world = World(fates, BROKERS).run()
    assert [host for host, _ in world.session.tried[:5]] == ["first"] * 3 + ["second", "first"]
    assert world.begun == [False, True, False, False]
    world = World([(LOST, 2, True), (LOST, 2, False)]).run()
    assert world.begun == [False, False]


def test_nobody_is_called_while_it_is_not_allowed():
    world = World([(LOST, 0, False)])
    world.held = 5
    world.run()
    assert world.slept == [200] * 5 + [250]
    assert len(world.session.tried) == 2
    assert set(world.pulse.promises) == {180}


def test_a_connection_carries_until_it_fails():
    world = World([(LOST, 2, False)]).run()
    assert world.carried >= 1
    assert world.drained == 0
    assert not world.session.is_open
    assert 60 in world.pulse.promises
    world = World([(LOST, 2, False)])
    world.is_full = True
    world.run()
    assert world.drained >= 2


def test_nobody_waits_for_the_first_broker_when_the_session_is_over():
    async def await_broker(host, port):
        waiting.append(host)
        try:
            while True:
                await asyncio.sleep(0)
        finally:
            waiting.pop()

    waiting = []
    right = way_back.await_broker
    way_back.await_broker = await_broker
    try:
        fates = [(LOST, 0, False), (LOST, 50, False), (LOST, 50, False), (LOST, 50, False)]
        World(fates, BROKERS).run()
    finally:
        way_back.await_broker = right
    assert waiting == []


def test_when_all_was_well_is_known():
    world = World([(LOST, 30, False), (LOST, 0, False)])
    assert world.link.heard_s == 0
    world.run()
    assert world.link.heard_s == 100


def test_the_link_returns_to_the_first_broker_when_it_answers():
    async def await_broker(host, port):
        asked.append((host, port))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert world.session.is_open, "it has ended before the first one answers"
        answered.append(host)

    asked, answered = [], []
    right = way_back.await_broker
    way_back.await_broker = await_broker
    try:
        world = World([(LOST, 0, False), (LOST, 1000, False), (LOST, 0, False)], BROKERS)
        world.run()
    finally:
        way_back.await_broker = right
    assert (asked, answered) == ([("first", 1883)], ["first"])
    assert [host for host, _ in world.session.tried[:3]] == ["first", "second", "first"]
    assert world.clock.s < 1000, "it has not waited for the second to fail"
