"""Starts the gateway: configuration and secrets from flash, then the event loop, for ever.

A board that has a setup mode looks first whether this start is for it.
"""

import os

if "setup.json" in os.listdir("/"):
    __import__("setup_entry").start(__import__("machine"))

from limen.app import main

main()
