"""What the tests of the session let it do on the 32-bit interpreter; each scene prints JSON lines.

argv: the folders for sys.path joined by ":", and the name of a scene; its arguments come as JSON on
stdin, since the interpreter takes no argument over 255 bytes.
"""

import json
import sys

sys.path[:] = ["", ".frozen"] + sys.argv[1].split(":")

import asyncio  # noqa: E402
import gc  # noqa: E402

from limen.core.mqtt import MqttError  # noqa: E402
from limen.delivery.session import Session  # noqa: E402

TOPIC = b"limen/v1/site/gw/dev/meter/data"


def say(**facts):
    print(json.dumps(facts))


def name_of(error):
    return [type(error).__name__, getattr(error, "cause", None) or error.errno]


async def ending_of(session):
    """Connect and run until the connection ends; return how it ended."""
    try:
        await session.connect(False)
        await session.run()
    except (OSError, MqttError) as error:
        return name_of(error)


class SetClock:
    is_set = True


def _tls(folder):
    from limen.net import tls, tls_files

    names = "/ca", "/own", "/key"
    tls_files.CA, tls_files.CERTIFICATE, tls_files.KEY = (folder + name for name in names)
    return tls.Tls(SetClock())


async def secured(port, folder, topics):
    """Publish to each topic over TLS, with the files of a folder; twice, to resume the session."""
    session = Session("limen-hall", "127.0.0.1", port, tls=_tls(folder))
    kept = []
    for _ in range(2):
        kept.append(await session.connect(False))
        reader = asyncio.create_task(session.run())
        acknowledged = []
        session.on_puback = acknowledged.append
        for topic in topics:
            session.publish(topic.encode(), b"{}")
        while len(acknowledged) < len(topics):
            await asyncio.sleep_ms(10)
        reader.cancel()
        session.close()
    say(kept=kept, counters=session.counters)


async def refused(port, folder):
    """Connect over TLS, with the files of a folder; say how it ended."""
    session = Session("limen-hall", "127.0.0.1", port, tls=_tls(folder))
    say(ending=await ending_of(session), counters=session.counters)


async def meet_once(port, keepalive_s=60, user=None, password=None):
    session = Session("meet", "127.0.0.1", port, user, password, keepalive_s)
    session.answer_ms = 400
    say(ending=await ending_of(session), counters=session.counters)


async def publish_once(port, keepalive_s):
    session = Session("once", "127.0.0.1", port, keepalive_s=keepalive_s)
    await session.connect()
    session.publish(b"a", b"b")
    try:
        await session.run()
    except OSError as error:
        say(ending=error.errno, counters=session.counters)


async def meet_many(port, count):
    """Meet a broker that sends garbage, again and again with one session; say the endings."""
    session = Session("many", "127.0.0.1", port)
    endings = {}
    for _ in range(count):
        kind, _ = await ending_of(session)
        endings[kind] = endings.get(kind, 0) + 1
    say(endings=endings, counters=session.counters)


async def exchange(port, topic):
    """Subscribe to a long topic with characters beyond ASCII and publish to it in every way."""
    session = Session("gerät", "127.0.0.1", port, "böhm", "geheim")
    got = []
    session.on_message = lambda topic, payload, retain: got.append(payload and payload.decode())
    session.set_last_will("will/ü", "fort", True, 1)
    say(kept=await session.connect(True))
    reader = asyncio.create_task(session.run())
    topic = topic.encode()
    session.subscribe(topic, 1)
    await settled(session)
    session.publish(topic, b"qos 1", 1, True)
    session.publish(topic, b"qos 0", 0)
    session.publish(topic, memoryview(b"a view"))
    await session.publish_pieces(topic, (b"pie", b"ces"), 6)
    await session.publish_pieces(topic, (b"%04d" % n for n in range(1500)), 6000)
    session.publish(topic, b"last")
    while "last" not in got:
        await asyncio.sleep_ms(5)
    await settled(session)
    reader.cancel()
    session.disconnect()
    say(got=got, counters=session.counters)


async def settled(session):
    while session.slots() < session.in_flight:
        await asyncio.sleep_ms(5)


async def wrap_ids(port, count):
    """Publish through the wrap of the packet ids while one of them is never acknowledged."""
    session = Session("wrap", "127.0.0.1", port)
    acknowledged = []
    session.on_puback = acknowledged.append
    await session.connect(True)
    session.pid = 65535 - 5
    reader = asyncio.create_task(session.run())
    sent = [session.publish(TOPIC, b"x") for _ in range(8)]
    await settled_to(session, 7)
    session.pid = sent[3] - 1
    sent.extend(session.publish(TOPIC, b"y") for _ in range(2))
    await settled_to(session, 7)
    reader.cancel()
    say(sent=sent, acknowledged=acknowledged)


async def settled_to(session, slots):
    while session.slots() < slots:
        await asyncio.sleep_ms(5)


async def flap(port, count):
    """Lose connections with a publish under way each time; say how many slots are left then."""
    session = Session("flap", "127.0.0.1", port)
    for _ in range(count):
        kept = await session.connect(False)
        session.publish(TOPIC, b"status")
        session.close()
    await session.connect(False)
    say(kept=kept, slots=session.slots(), in_flight=session.in_flight)


async def flood(port, count):
    """Publish numbered messages of many sizes to a broker that reads slowly; say how often full."""
    session = Session("flood", "127.0.0.1", port)
    await session.connect(True)
    reader = asyncio.create_task(session.run())
    full = 0
    for number in range(count):
        payload = b"%06d" % number + b"x" * (number * 37 % 1400)
        while session.room() < len(TOPIC) + len(payload):
            full += 1
            await session.drain()
        session.publish(TOPIC, payload, 0)
        if number % 100 == 99:
            pieces = (b"%03d," % n * 100 for n in range(10))
            await session.publish_pieces(TOPIC, pieces, 4000, 0)
    await session.drain()
    reader.cancel()
    session.disconnect()
    say(was_full=full > 0)


class Delivery:
    """Delivers `count` records over as many connections as that takes, in their order."""

    def __init__(self, port, count, payload_bytes):
        self.session = Session("deliver", "127.0.0.1", port, None, None, 2)
        self.session.answer_ms = 1000
        self.session.on_puback = self._on_puback
        self.count = count
        self.next_seq = 1
        self.seq_of = {}
        self._fill = "x" * payload_bytes
        self._ending = None

    def _on_puback(self, pid):
        del self.seq_of[pid]

    def _send(self, seq, pid=None, dup=False):
        batch = {"inc": "0000abcd", "boot": 1, "cfg": "0", "low": 1, "r": [[seq, self._fill]]}
        payload = json.dumps(batch).encode()
        self.seq_of[self.session.publish(TOPIC, payload, 1, False, pid, dup)] = seq

    async def run(self):
        while self.seq_of or self.next_seq <= self.count:
            try:
                await self._connection()
            except (OSError, MqttError):
                await asyncio.sleep_ms(50)
        say(counters=self.session.counters)

    async def _read(self):
        self._ending = None
        try:
            await self.session.run()
        except (OSError, MqttError) as error:
            self._ending = error

    async def _connection(self):
        kept = await self.session.connect(False)
        reader = asyncio.create_task(self._read())
        try:
            for pid, seq in sorted(self.seq_of.items(), key=lambda item: item[1]):
                await self._output_free()
                del self.seq_of[pid]
                self._send(seq, pid if kept else None, kept)
            while self.seq_of or self.next_seq <= self.count:
                await self._output_free()
                if self.session.slots() > 0 and self.next_seq <= self.count:
                    self._send(self.next_seq)
                    self.next_seq += 1
                elif self._ending:
                    raise self._ending
                else:
                    await asyncio.sleep_ms(1)
        finally:
            reader.cancel()
            self.session.close()

    async def _output_free(self):
        await self.session.drain()
        while self.session.room() < 400:
            await self.session.drain()


async def deliver(port, count, payload_bytes=40):
    await Delivery(port, count, payload_bytes).run()


async def allocate(port, count):
    """Say how many bytes of heap one publish with its acknowledgement takes, before collection."""
    session = Session("allocate", "127.0.0.1", port)
    await session.connect(True)
    reader = asyncio.create_task(session.run())
    payload = b"x" * 1300
    gc.collect()
    gc.disable()
    before = gc.mem_alloc()
    for _ in range(count):
        session.publish(TOPIC, payload)
    published = gc.mem_alloc()
    await settled(session)
    settled_at = gc.mem_alloc()
    gc.enable()
    reader.cancel()
    say(publish_bytes=(published - before) // count, total_bytes=(settled_at - before) // count)


async def rest(port, seconds):
    """Keep a connection alive with nothing to say; say how it stands then."""
    session = Session("rest", "127.0.0.1", port, None, None, 1)
    await session.connect(True)
    reader = asyncio.create_task(session.run())
    await asyncio.sleep(seconds)
    say(alive=not reader.done(), counters=session.counters)
    reader.cancel()


SCENES = {
    scene.__name__: scene
    for scene in (meet_once, meet_many, exchange, wrap_ids, flap, flood, deliver, allocate, rest)
    + (publish_once, secured, refused)
}

asyncio.run(SCENES[sys.argv[2]](**json.loads(sys.stdin.readline())))
