"""The doctor on a gateway: examines the line that it reads, and tells in sentences what it found.

The models that it knows are the devices of its own configuration: whether each of them answers,
with the addresses and the word order that the configuration says, and who else is on the line.
Nothing else may use the bus. Loaded only when it is asked for.
"""

from limen.core.doctor import Examination
from limen.core.doctor_words import headline, sentences
from limen.core.finding import settled
from limen.core.late import Borrowed
from limen.service.line_search import expected, search


async def examine(carrier, bus, devices, say, everywhere=False):
    """Search the line and examine what answers; `await say(sentence)` tells.

    `bus` is its part of the configuration, and `devices()` gives those of its devices, one by one:
    they need not all be in memory. Searched is the line's own framing at all addresses, and the
    usual ones at the likely addresses, or at all of them.
    """
    own, names = expected(bus, devices())
    with Borrowed():
        found = await search(carrier, own, say, everywhere)
    for finding in found:
        name = names.pop(finding.address, None)
        candidates = [_candidate(device) for device in devices() if device["id"] == name]
        await _examine(carrier, settled(finding), candidates, say)
    for address in sorted(names):
        await say("Address %d: %s does not answer." % (address, names[address]))


async def _examine(carrier, finding, candidates, say):
    examination = Examination(finding)
    for exchange in examination.exchanges(candidates):
        await carrier.carry(exchange)
    await say(headline(examination))
    for sentence in sentences(examination):
        await say("  " + sentence)


def _candidate(device):
    """What `limen.core.doctor` needs to know of a device, and no more of its configuration."""
    keys = "name", "places", "register", "fc"
    return {
        "name": device["id"],
        "model": device["id"],
        "fc": device["fc"],
        "serial": None,
        "channel": [{key: one[key] for key in keys if key in one} for one in device["channel"]],
        "identify": None,
        "sunspec": device.get("sunspec"),
    }
