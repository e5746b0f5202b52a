"""The doctor of setup mode: does what the gateway would do, and says how far it comes.

Network, broker, RS-485 lines, each by the very code that the gateway runs, so that it finds what
the gateway would find. Nothing is published. Other buses are named, and left alone.
"""

import json
from time import ticks_diff, ticks_ms

from limen.app import CONFIGURATION, SECRETS
from limen.core.finding import place_text, settled
from limen.core.mqtt import MqttError
from limen.delivery.session import Session
from limen.hal import board
from limen.making import make_interfaces
from limen.net.troubles import sentence
from limen.service.clock import Clock
from limen.service.line_search import UartCarrier, expected, search
from limen.service.stored_parts import devices_of, parts


async def examine_board(say):
    """`say(sentence)` tells."""
    try:
        with open(CONFIGURATION) as file:
            head = json.loads(file.readline())
        with open(SECRETS) as file:
            secrets = json.load(file)
        say("This is %s of %s." % (head["gateway"], head["site"]))
    except (OSError, ValueError, KeyError, TypeError):
        say("There is no configuration, or no secrets: save settings first.")
        return
    interface = await _join(head, secrets, say)
    if interface:
        await _call(head, secrets.get("mqtt", {}), say)
        await interface.leave()
    await _search_buses(say)
    say("That is all.")


async def _join(head, secrets, say):
    """The first interface that comes up, as on the gateway; None if none does."""

    def tell(name, trouble):
        say("%s: %s" % (name, sentence(trouble)))

    for interface in make_interfaces(head, secrets, tell):
        say("Joining %s; at most 20 s for a network." % interface.name)
        if await interface.join():
            say("%s: joined." % interface.name)
            return interface
    say("Without a network the broker cannot be reached.")
    return None


async def _call(head, login, say):
    """Log in at each of the brokers."""
    options = head["mqtt"]
    secure = None
    if "tls" in options:
        from limen.net.tls import Tls

        secure = Tls(Clock(ticks_ms, ticks_diff, board.rtc()))
    for host, port in [[options["host"], options["port"]]] + options.get("more", []):
        name = "limen-%s-%s" % (head["site"], head["gateway"])
        session = Session(name, host, port, login.get("user"), login.get("password"), tls=secure)
        try:
            await session.connect(False)
            found = "it lets this gateway in."
        except MqttError as error:
            found = sentence("%s: %s" % (error.kind, error.cause))
        except OSError as error:
            found = sentence("os: %d" % error.errno)
        session.close()
        say("%s:%d: %s" % (host, port, found))


async def _search_buses(say):
    buses = [part for part in parts() if "kind" in part]
    for number in range(len(buses)):
        bus = buses[number]
        if bus["kind"] == "modbus-rtu":
            say("%s, an RS-485 line:" % bus["id"])
            await _search(bus, number, say)
        else:
            say("%s is not searched: only RS-485 lines are." % bus["id"])


async def _search(bus, number, say):
    """Who answers, and who of the configuration does not; no more, for want of memory."""

    async def tell(sentence):
        say("  " + sentence)

    own, names = expected(bus, devices_of(number))
    found = await search(UartCarrier(board.rs485(bus), own[0]), own, tell, False)
    for finding in found:
        finding = settled(finding)
        name = names.pop(finding.address, "a device that is not configured")
        await tell("%s: %s answers." % (place_text(finding), name))
    for address in sorted(names):
        await tell("Address %d: %s does not answer." % (address, names[address]))
