"""Calls the preferred broker while another one serves; loaded only for as long as that is so."""

import asyncio

from limen.core.compat import const
from limen.net.connector import Connector

_FIRST_S = const(300)
_LONGEST_S = const(3600)
_CALL_MS = const(5000)


async def await_broker(host, port):
    """Return when a broker listens at (host, port); it is called ever more rarely."""
    pause_s = _FIRST_S
    while True:
        await asyncio.sleep_ms(pause_s * 1000)
        pause_s = min(pause_s * 2, _LONGEST_S)
        try:
            await asyncio.wait_for_ms(_call(host, port), _CALL_MS)
            return
        except (OSError, asyncio.TimeoutError):
            pass  # it is still away


async def _call(host, port):
    """Connect and hang up. Raises OSError where nobody answers."""
    connection = Connector().connect(host, port)
    try:
        await _until_open(connection)
        connection.read(1)
    finally:
        connection.close()


def _until_open(connection):
    yield asyncio.core._io_queue.queue_write(connection)
