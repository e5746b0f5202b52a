"""Has the gateway examine the line of a bus: which devices answer, and what is wrong with those of
the site.

There is no memory for that beside a site of any size. So the gateway restarts without its devices,
examines the line, tells what it finds, answers, and restarts again. Meanwhile nothing is read.
"""

import asyncio

from limen.commands.restart import restart_answered
from limen.core.compat import const
from limen.hal import board
from limen.service.stored_parts import devices_of, line_part

_LOOK_MS = const(200)
_LINK_MS = const(90000)


async def run(gateway, request):
    """{"bus": its id, if there are several; "everywhere": true, to search all addresses in all
    usual framings} → {}. What is found is told on the way, in sentences.
    """
    number, bus = line_part(request.get("bus"))
    if gateway.alone:
        try:
            await _examine(gateway, request, number, bus)
        finally:
            asyncio.create_task(restart_answered(gateway))
        return {}
    await gateway.commands.tell(request, {"say": "The gateway restarts without its devices."})
    request.pop("until", None)  # it has come in time
    topic = request.pop("topic").decode()
    gateway.store.set("alone", {"topic": topic, "request": request})
    gateway.store.save()
    await restart_answered(gateway)


async def _examine(gateway, request, number, bus):
    from limen.service.doctor import examine
    from limen.service.line_search import UartCarrier

    async def say(sentence):
        await gateway.commands.tell(request, {"say": sentence})

    def devices():
        return devices_of(number)

    await _link(gateway.uplink.session)
    carrier = UartCarrier(board.rs485(bus), (bus["baud"], bus["parity"], bus["stop"]))
    await examine(carrier, bus, devices, say, bool(request.get("everywhere")))


async def _link(session):
    """Wait until there is somebody to tell."""
    waited_ms = 0
    while not session.room() and waited_ms < _LINK_MS:
        await asyncio.sleep_ms(_LOOK_MS)
        waited_ms += _LOOK_MS
