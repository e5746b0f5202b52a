"""Starts the gateway: configuration and secrets from flash, then the event loop, for ever.

A board that has a setup mode looks first whether this start is for it. If the program ends all the
same, `safe` lets it start anew.
"""

import os

if "setup.json" in os.listdir("/"):
    __import__("setup_entry").start(__import__("machine"))


def start():
    try:
        from limen.app import main

        main()
    except BaseException as error:
        __import__("safe").end(__import__("machine"), error)


start()
