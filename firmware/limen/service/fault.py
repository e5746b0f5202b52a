"""Tells the broker of the faults in /faults: why the gateway does not run as it was told to.

Loaded while there are any. A fault is forgotten once its event has been received.
"""

import asyncio
import json
import os

from limen.core.compat import const

FAULTS = "/faults/"
_LOOK_MS = const(1000)


async def tell_faults(outbox, tell):
    """Put an event for each of them by `tell`, and wait until it has arrived."""
    for name in os.listdir(FAULTS):
        with open(FAULTS + name) as file:
            why = file.read()
        seq = outbox.next_seq
        tell('{"fault":"%s","why":%s}' % (name, json.dumps(why)))
        while outbox.low() <= seq:
            await asyncio.sleep_ms(_LOOK_MS)
        os.remove(FAULTS + name)
