"""A session with the other end of its stream, played by a scene."""

import asyncio

from fake_stream import Lost, Stream, Time, run, settle

from limen.delivery import session as module
from limen.delivery.session import Session

CONNACK = b"\x20\x02\x00\x00"
KEPT = b"\x20\x02\x01\x00"
PING, PONG = b"\xc0\x00", b"\xd0\x00"
TOPIC = b"t"
KEEPALIVE_S = 20


def puback(pid):
    return b"\x40\x02" + pid.to_bytes(2, "big")


def suback(pid, code=1):
    return b"\x90\x03" + pid.to_bytes(2, "big") + bytes((code,))


def publish(payload, pid=0, retain=0, topic=TOPIC):
    """A PUBLISH, at QoS 1 where it has an id."""
    body = len(topic).to_bytes(2, "big") + topic
    body += (pid.to_bytes(2, "big") if pid else b"") + payload
    size = (
        bytes((len(body),)) if len(body) < 128 else bytes((len(body) & 127 | 128, len(body) >> 7))
    )
    return bytes((0x30 | (2 if pid else 0) | retain,)) + size + body


class Bench:
    """A session; `acknowledged` and `heard` are what it called back with."""

    def __init__(self, **options):
        self.time = module.asyncio = Time()
        self.session = Session("press-07", "broker", keepalive_s=KEEPALIVE_S, **options)
        self.stream = self.session.sock = Stream()
        self.acknowledged = []
        self.heard = []
        self.session.on_puback = self.acknowledged.append
        self.session.on_message = lambda *message: self.heard.append(message)

    async def connect(self, clean_session=True, answer=CONNACK):
        self.stream.feed(answer)
        kept = await self.session.connect(clean_session)
        self.stream.take()
        return kept

    async def run(self):
        """Connect, and have what comes handled in the background."""
        await self.connect()
        self.ending = None
        self.task = asyncio.create_task(self._run())
        await settle()

    async def _run(self):
        try:
            await self.session.run()
        except Exception as error:
            self.ending = error

    async def hear(self, data):
        self.stream.feed(data)
        await settle()

    def publish(self, **options):
        return self.session.publish(TOPIC, b"x", **options)


def play(scene, **options):
    """Run a scene on a new session; a test fails as the scene does."""
    kept = module.asyncio
    module.OSError = Lost
    try:
        bench = Bench(**options)
        run(scene(bench))
    finally:
        module.asyncio = kept
        del module.OSError
    return bench


async def raised(routine):
    try:
        await routine
    except Exception as error:
        return error
    raise AssertionError("nothing was raised")


def refusal(call, *arguments, **options):
    try:
        call(*arguments, **options)
    except ValueError as error:
        return str(error)
    raise AssertionError("it was not refused")
