"""Restarts the gateway, as soon as the answer has been received."""

import asyncio

from limen.core.compat import const
from limen.hal.restart import restart

_KEY = "restart"
_PATIENCE_MS = const(10000)
_LOOK_MS = const(100)


def run(gateway, request):
    """A request that comes again after the restart it asked for does not cause another."""
    name = request.get("id")
    if name is None or gateway.store.get(_KEY) != name:
        gateway.store.set(_KEY, name)
        gateway.store.save()
        asyncio.create_task(restart_answered(gateway))
    return {"boot": gateway.boot}


async def restart_answered(gateway):
    """Wait until all answers have been received, but not for ever; never returns."""
    waited_ms = 0
    await asyncio.sleep_ms(_LOOK_MS)
    while gateway.commands and gateway.commands.answers and waited_ms < _PATIENCE_MS:
        await asyncio.sleep_ms(_LOOK_MS)
        waited_ms += _LOOK_MS
    if gateway.journal and gateway.journal.save():
        gateway.store.set("ended", gateway.boot)  # nothing is lost: the next birth says so
        gateway.store.save()
    restart()
