"""Setup mode at the serial console: lines, and what they tell."""

import asyncio
import json
import sys

import setup_settings as settings
from last_words import read as read_log
from setup_acts import doctor, reset, scan

_HELP = """\
state            what is set, without passwords     scan       the networks in reach
set NAME VALUE   ssid password host port user broker_password gateway
save             write what was set, restart        restart    without a change
log              what the gateway said last         doctor     tries network, broker, lines"""


async def converse():
    """The serial console; Ctrl-C leads to the prompt."""
    reader = asyncio.StreamReader(sys.stdin)
    given = {}
    while True:
        line = await reader.readline()
        if not line:
            return
        try:
            _obey(line.strip(), given)
        except (OSError, ValueError) as error:
            print("limen: %s" % error)


def _obey(line, given):
    if isinstance(line, bytes):
        line = str(line, "utf-8")
    verb, _, rest = line.partition(" ")
    if verb == "set":
        name, _, value = rest.partition(" ")
        given[name] = value
    elif verb == "doctor":
        doctor.begin()
    elif verb in ("save", "restart"):
        if verb == "save":
            settings.save(given)
        reset()
    elif verb:
        print(_SHOWN.get(verb, lambda: _HELP)())


_SHOWN = {
    "state": lambda: json.dumps(settings.read()),
    "scan": lambda: "\n".join(["%4d dBm  %s" % (signal, name) for name, signal in scan()]),
    "log": lambda: "\n".join(read_log()) or "nothing was wrong",
}
