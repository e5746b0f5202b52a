"""Serves an emulated chip's serial port beside a test, which then opens it as a tool would."""

import asyncio
import contextlib
import threading


@contextlib.contextmanager
def served(carrier):
    """The carrier on a loop in a thread of its own; gives the port to open."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    asyncio.run_coroutine_threadsafe(carrier.open(), loop).result(5)
    try:
        yield carrier.url
    finally:
        loop.call_soon_threadsafe(carrier.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
