"""Says what the session, and TLS beside it, take of the heap while a connection stands."""

import asyncio
import gc
import json

from limen.app import CONFIGURATION


def used():
    gc.collect()
    return gc.mem_alloc()


async def connect(session):
    await session.connect(True)
    reader = asyncio.create_task(session.run())
    await asyncio.sleep_ms(100)
    taken = used()
    reader.cancel()
    return taken


def main():
    with open(CONFIGURATION) as lines:
        head = json.loads(next(lines))
    options = head["mqtt"]
    before = used()
    from limen.delivery.session import Session

    session = Session("heap", options["host"], options["port"], send_bytes=options["batch_bytes"])
    with_session = used()
    from limen.net.tls import Tls

    class Clock:
        is_set = True

    session = Session(
        "heap", options["host"], options["port"], send_bytes=options["batch_bytes"], tls=Tls(Clock)
    )
    connected = asyncio.run(connect(session))
    print(json.dumps({"session": with_session - before, "tls": connected - with_session}))


main()
