"""Whether this start leads to setup mode: the button is held, or there is nothing to start with.

/setup.json, which `limen flash` writes, says how: {"ssid", "password", "button": [pin, level]}, the
button null where the board has none, and "light" where it has one. A board without that file has no
setup mode. This and the other files of setup mode lie beside `boot.py`, as a module of the package
`limen` would load the gateway with it.
"""

import json
import sys


def start(machine):
    """Go into setup mode if this start is for it, and never return; else leave nothing behind."""
    with open("/setup.json") as file:
        facts = json.load(file)
    why = _why(facts.get("button"), machine)
    if why:
        __import__("setup_mode").run(facts, why)
    del sys.modules["setup_entry"]


def _why(button, machine):
    """Why the gateway is not to start; None if it is."""
    if button:
        pin, pressed = button
        # Pins from 34 on have no pull of the chip's own on an ESP32; boards with a button there do.
        pull = machine.Pin.PULL_UP if not pressed and pin < 34 else None
        if machine.Pin(pin, machine.Pin.IN, pull).value() == pressed:
            return "the button is held"
    for path in ("/config.jsonl", "/secrets.json"):
        try:
            with open(path) as file:
                if isinstance(json.loads(file.readline()), dict):
                    continue
        except (OSError, ValueError):
            pass
        return "%s is not there, or damaged" % path
