"""What setup mode can do, whoever asks for it: the page or the console.

Nothing of the gateway is loaded until its doctor is asked for. Stored secrets are never shown.
"""

import asyncio
import sys

import machine
import network

import setup_settings as settings
from last_words import read as read_log


class Doctor:
    """Examines the board when it is asked to; `said` are its sentences so far."""

    def __init__(self):
        self.said = []
        self.is_busy = False

    def begin(self):
        """Begin, unless it is at work already."""
        if not self.is_busy:
            self.is_busy = True
            del self.said[:]
            asyncio.create_task(self._run())

    async def _run(self):
        try:
            from setup_doctor import examine_board

            await examine_board(self._say)
        except Exception as error:
            sys.print_exception(error)
            self._say("The doctor has failed: %r" % error)
        self.is_busy = False

    def _say(self, sentence):
        print(sentence)
        self.said.append(sentence)


doctor = Doctor()
why = []
"""What has led to setup mode."""


def state():
    """All that may be seen."""
    state = settings.read()
    state["why"] = why[0]
    state["log"] = read_log()
    return state


def scan():
    """[[name, dBm], …], the strongest first; hidden ones are left out."""
    if doctor.is_busy:
        raise ValueError("The doctor uses the radio: wait until it is done.")
    station = network.WLAN(network.STA_IF)
    station.active(True)
    signals = {}
    for found in station.scan():
        try:
            name = str(found[0], "utf-8")
        except UnicodeError:
            continue
        if name:
            signals[name] = max(found[3], signals.get(name, -127))
    station.active(False)
    return sorted(([name, signal] for name, signal in signals.items()), key=lambda one: -one[1])


def reset():
    machine.RTC().memory(b"restart")  # on purpose, as `safe` counts what is not
    machine.reset()
