"""Whether this start leads to setup mode: the button is held, there is nothing to start with, or
the gateway ends early whatever is left out (`safe`).

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
    why, can_start = _why(facts.get("button"), machine)
    for name in ("last_good", "setup_entry"):
        sys.modules.pop(name, None)
    if why:
        __import__("setup_mode").run(facts, why, can_start)


def _why(button, machine):
    """(why the gateway is not to start, None if it is; whether it could start all the same)."""
    if button:
        pin, pressed = button
        # Pins from 34 on have no pull of the chip's own on an ESP32; boards with a button there do.
        pull = machine.Pin.PULL_UP if not pressed and pin < 34 else None
        if machine.Pin(pin, machine.Pin.IN, pull).value() == pressed:
            return "the button is held", True
    damage = _damage()
    if damage and not __import__("last_good").restore(damage):
        return damage, False
    safe = sys.modules.get("safe")
    if safe and safe.is_hopeless:
        return "it ends early, even without its devices: %s" % safe.why, True
    return None, True


def _damage():
    """What is wrong with the files that every gateway needs, or None."""
    for path in ("/config.jsonl", "/secrets.json"):
        try:
            with open(path) as file:
                line = file.readline().strip()
                # MicroPython's `json` takes half of an object for one.
                if line.endswith("}") and isinstance(json.loads(line), dict):
                    continue
        except (OSError, ValueError):
            pass
        return "%s is not there, or damaged" % path
    return None
