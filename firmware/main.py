"""Starts the gateway: configuration and secrets from flash, then the event loop, for ever.

A board that has a setup mode looks first whether this start is for it. If the program ends all the
same, `safe` lets it start anew; the watchdog does where it hangs, or cannot even be loaded.
"""

import os
import sys

if "setup.json" in os.listdir("/"):
    __import__("setup_entry").start(__import__("machine"))

__import__("machine").WDT(timeout=30000)

from limen.app import main  # noqa: E402 (the watchdog is on by now)


def start():
    try:
        main()
    except BaseException as error:
        if isinstance(error, MemoryError):  # what has filled it goes, or nothing could be told
            sys.modules["limen"].__dict__.clear()
            __import__("asyncio").new_event_loop()
        __import__("safe").end(__import__("machine"), error)


start()
