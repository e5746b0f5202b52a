"""The gateway: the one place that knows all parts. Read it in the order of the data path:
devices on their buses, the path from sample to record, the outbox, the uplink to the broker;
then what keeps them going: clock, store, Wi-Fi, supervisor, diagnostics.
"""

import asyncio
import binascii
import gc
import json
import os
import sys
from time import ticks_diff, ticks_ms

from limen import drivers
from limen.core.compat import const
from limen.core.late import Borrowed
from limen.core.quality import GOOD
from limen.core.text import Text
from limen.delivery.link import Link
from limen.delivery.outbox import Outbox
from limen.delivery.plain import Plain
from limen.delivery.session import Session
from limen.delivery.uplink import Uplink
from limen.hal import board
from limen.making import make_channel, make_interfaces
from limen.net.network import Network
from limen.net.troubles import tell
from limen.service.clock import Clock
from limen.service.diagnostics import Diagnostics
from limen.service.path import Path
from limen.service.poll import Device, Poll
from limen.service.store import Store, make_place
from limen.service.supervisor import Supervisor

VERSION = "0.1.0"
_WATCHDOG_MS = const(30000)
_EVENT_BYTES = const(2048)
_ALONE_BYTES = const(512)  # of an outbox that no device fills
_ANSWER_MS = const(10000)
_TLS_ANSWER_MS = const(30000)  # a chip takes seconds for a handshake
_CLOCK_PATIENCE_S = const(60)
# A channel's value in JSON: its name, punctuation and up to 22 digits.
_CHANNEL_TEXT = const(56)
_FRAME_TEXT = const(160)
_SEND_EXTRA = const(256)  # for the topic, and what must go out beside a publish
CONFIGURATION = "/config.jsonl"
BIRTH = "/birth.json"
SECRETS = "/secrets.json"


def _new_incarnation():
    return binascii.hexlify(os.urandom(4)).decode()


class Gateway:
    """Built once: the devices from the lines of the configuration; then, by `attach_brokers`, what
    brings their readings to the brokers. `run` never returns."""

    def __init__(self, lines):
        self.clock = Clock(ticks_ms, ticks_diff, board.rtc())
        make_place()
        self.store = Store()
        self._begin_boot()
        self.polls = []
        self.buses = []
        self.plates = ()
        self.devices = [Device("gateway", (), None)]
        self._head = json.loads(next(lines))
        shared = {}
        for line in lines:
            if not self.alone:
                self._add(json.loads(line), lines, shared)
                gc.collect()
        if not self.alone and "pins" not in [bus.kind for bus in self.buses]:
            board.forget_outputs()
        self.time_sync = self.commands = None
        self.answered = []  # commands: [key, payload] of the last requests that had an id

    def attach_brokers(self, secrets):
        """Make what is between the devices and the brokers."""
        head = self._head
        self._head = None
        if (head["ntp"] or "rtc" in head) and not self.alone:
            from limen.service.time_sync import TimeSync

            rtc = self.buses[head["rtc"]] if "rtc" in head and self.buses else None
            is_warm = board.reset_cause() not in ("power-on", "unknown")
            self.time_sync = TimeSync(self, head["ntp"], rtc, is_warm)
        self._make_delivery(head, secrets)
        self.network = self._make_network(head, secrets)
        if "light" in head:
            light = __import__("light")  # by its name, as it is no part of the package
            asyncio.create_task(light.shine(head["light"], self))

    def _begin_boot(self):
        """Name this boot; on flash first, as records are known by (incarnation, boot, seq)."""
        store = self.store
        if store.get("inc") is None:
            store.set("inc", _new_incarnation())
        store.set("boot", store.get("boot", 0) + 1)
        # A command that needs the memory of the devices, or safe mode: there are none then.
        self.alone = store.get("alone") or "safe" in sys.modules
        store.set("alone", None)
        store.save()
        if store.failures:  # the next boot may count this number again, so nothing goes by it alone
            store.set("inc", _new_incarnation())
        self.incarnation = store.get("inc")
        self.boot = store.get("boot")

    def _add(self, part, lines, shared):
        """Make the bus or the device that a line of the configuration describes; the channels of a
        device have lines of their own."""
        if "kind" in part:
            bus = drivers.load(part["kind"])[0](board.open_port(part), part, self.store)
            self.buses.append(bus)
            self.polls.append(Poll(bus, self.clock, self.store, self.take, self._tell))
            return
        specs = part["channel"] = [json.loads(next(lines)) for _ in range(part["channel"])]
        schedules = {}
        channels = tuple(make_channel(spec, shared, schedules) for spec in specs)
        if "function" in part:
            self._add_function(part, channels)
            return
        bus = self.buses[part["bus"]]
        reader = drivers.load(bus.kind, part.get("driver"))[1](bus, part, channels)
        device = Device(part["id"], channels, reader)
        if "counters" in part:
            from limen.service.counters import Tally

            Tally(self, len(self.devices), device, part["counters"])
        if "nameplate" in part:
            from limen.service.nameplate import Nameplate

            plate = Nameplate(self, len(self.devices), device, part["pause_ms"], part["nameplate"])
            self.plates += (plate,)
        self.polls[part["bus"]].serve(len(self.devices), device)
        self.devices.append(device)

    def _add_function(self, part, channels):
        """Make a device that reads nothing: it is fed after each reading of those it follows."""
        from limen import functions

        device = Device(part["id"], channels, None)
        function = functions.load_class(part["function"])
        device.reader = function(self, len(self.devices), device, part)
        for number in part["follows"]:
            self.devices[number].followers += (device.reader,)
        self.devices.append(device)

    def take(self, number, device):
        """Let what device `number` has read, or made of readings, go its way.

        Followers come first, as they are to see what is fresh; if one fails, the data still go.
        """
        try:
            for follower in device.followers:
                follower.feed(device)
        finally:
            self.path.take(number, device)
            self.uplink.nudge()

    def _tell(self, number, device, body):
        """Something has happened to a device: an event, and a line on the console."""
        print("limen: %s: %s" % (device.id, body))
        self.path.put_event(number, GOOD, device.s, device.ms, body)
        self.uplink.nudge()

    def tell_own(self, body):
        """Something has happened to the gateway itself: an event."""
        self.path.put_event(0, GOOD, self.clock.s, self.clock.ms, body)

    def _make_delivery(self, head, secrets):
        options = head["mqtt"]
        per_record = max(1, (options["batch_bytes"] - _FRAME_TEXT) // _CHANNEL_TEXT)
        sizes = (_ALONE_BYTES,) * 2 if self.alone else (head["outbox_bytes"], _EVENT_BYTES)
        flash = None if self.alone else board.journal_flash()
        if flash:  # memory need only bridge what flash takes up
            sizes = [size >> 1 for size in sizes]
        self.outbox = Outbox(*sizes, options["in_flight"], per_record)
        self.path = Path(self.clock, self.outbox)
        self.uplink = self.link = self.node_link = self._tls = self.journal = self.before = None
        self._clock_patience_s = 0
        if "tls" in options:
            from limen.net.tls import Tls

            self._tls = Tls(self.clock)
            if head["ntp"]:
                self._clock_patience_s = _CLOCK_PATIENCE_S
        login = secrets.get("mqtt", {})
        dialects = options.get("dialects", ("plain",))
        if "plain" in dialects:
            self._make_uplink(head, login, flash)
        elif flash:
            self._open_journal(flash, head, None)
        if "home-assistant" in dialects:
            from limen.delivery.home_assistant import HomeAssistant

            HomeAssistant(self.uplink)
        if "sparkplug" in dialects:
            from limen.service.edge_node import add_node

            self.node_link = add_node(self, head, login)

    def _make_uplink(self, head, login, flash):
        """What delivers in the plain dialect."""
        dialect = Plain(Text(), head, self.incarnation, self.boot, self.devices)
        session = self.make_session(head, login)
        session.set_last_will(dialect.topic_of("status"), dialect.status(False), retain=True, qos=1)
        uplink = Uplink(
            session, self.outbox, dialect, self.clock, head["mqtt"], head["diag_s"], BIRTH
        )
        uplink.devices = self.devices
        uplink.birth_facts = self.birth_facts
        uplink.restate = self._restate
        self.uplink = uplink
        self._requests = dialect.topic_of("cmd/")
        session.on_message = self.on_message
        if flash:
            self._open_journal(flash, head, dialect)
        uplink.put_diagnostics = self.make_diagnostics(dialect.frame, uplink).put
        self.link = self.make_link(head, session, uplink)

    def _open_journal(self, flash, head, dialect):
        from limen.delivery.journal import Journal

        names = (int(self.incarnation, 16), self.boot, int(head["hash"], 16))
        try:
            self.journal = Journal(flash, self.outbox, names, dialect, BIRTH, self.tell_own)
            self._look_back(names)
        except OSError as error:  # flash that cannot even be read
            self.report("journal", error)

    def _look_back(self, names):
        """What the birth tells of the boot before."""
        with Borrowed():
            from limen.delivery.before import waiting

        boot = self.boot - 1
        data, event = waiting(self.journal.segments, names[0], boot)
        is_clean = self.store.get("ended") == boot
        if boot and not self.store.failures:
            self.before = {"boot": boot, "clean": is_clean, "data": data, "event": event}

    def _restate(self):
        with Borrowed():
            from limen.service.restate import restate

        restate(self)

    def make_link(self, head, session, carrier):
        """What keeps a session with one of the brokers, for what sends over it."""
        options = head["mqtt"]
        brokers = [[options["host"], options["port"]]] + options.get("more", [])
        return Link(session, brokers, self.clock, carrier, self._may_call)

    def _may_call(self):
        """Not before the network is up; TLS wants to know the date, so it gives it some time."""
        if self.network and not self.network.current:
            return False
        return self.clock.is_set or self.clock.s >= self._clock_patience_s

    def make_session(self, head, login, kind=Session, suffix=""):
        """A session of that class with the broker; each has a client id of its own."""
        options = head["mqtt"]
        return kind(
            "limen-%s-%s%s" % (head["site"], head["gateway"], suffix),
            options["host"],
            options["port"],
            login.get("user"),
            login.get("password"),
            options["keepalive_s"],
            options["in_flight"] + 3,  # status, subscription and answers have their own places
            send_bytes=options["batch_bytes"] + _SEND_EXTRA,
            answer_ms=_TLS_ANSWER_MS if self._tls else _ANSWER_MS,
            tls=self._tls,
        )

    def on_message(self, topic, payload, is_retained):
        """What takes commands is loaded for them, and goes when all are answered.

        What nobody asked for is left alone: amqtt sends a resumed session all that is retained.
        """
        if not topic.startswith(self._requests):
            self.uplink.session.count("unasked")
            return
        try:
            if self.commands is None:
                with Borrowed():
                    from limen.service.commands import Commands

                self.commands = Commands(self)
            self.commands.take(topic, payload, is_retained)
        except MemoryError as error:
            self.report("commands", error)

    def _make_network(self, head, secrets):
        interfaces = make_interfaces(head, secrets, tell)
        link = self.link or self.node_link
        return Network(interfaces, link, self.clock) if interfaces else None

    def birth_facts(self):
        """What a birth tells of the gateway itself."""
        facts = {
            "firmware": VERSION,
            "reset": board.reset_cause(),
            "chip": board.unique_id(),
            "low": self.outbox.low(),
        }
        if self.before:
            facts["before"] = self.before
        link = self.link or self.node_link
        if link.trouble:
            facts["trouble"] = link.trouble
        return facts

    def make_diagnostics(self, identity, carrier):
        """How the gateway is, told by a carrier; `identity` begins its message."""
        parts = {
            "outbox": self._outbox_counters,
            "mqtt": lambda: self._mqtt_counters(carrier),
            "bus": lambda: {poll.bus.id: poll.counters() for poll in self.polls},
            "store": lambda: {"writes": self.store.writes, "failures": self.store.failures},
            "restarts": lambda: {pulse.name: pulse.restarts for pulse in self.supervisor.pulses},
        }
        if self.journal:
            parts["journal"] = lambda: self.journal.counters(self.clock.s)
        if self.plates:
            parts["nameplate"] = lambda: {plate.id: plate.texts() for plate in self.plates}
        if self.time_sync:
            parts["time"] = self.time_sync.told.copy  # it is changed in place
        return Diagnostics(identity, self.clock, parts)

    def _outbox_counters(self):
        outbox = self.outbox
        return {
            "samples": self.path.samples,
            "put": outbox.next_seq - 1,
            "acked": outbox.acked,
            "dropped": outbox.dropped,
            "waiting": outbox.waiting(),
        }

    def _mqtt_counters(self, carrier):
        counters = dict(carrier.session.counters)
        counters["messages"] = carrier.messages
        return counters

    def report(self, name, error):
        """A task has failed: say so on the console; it is counted in the diagnostics."""
        tell(name, repr(error))
        if isinstance(error, Exception):
            sys.print_exception(error)

    async def run(self):
        self.supervisor = Supervisor(
            self.clock, board.watchdog(_WATCHDOG_MS), self.report, self.uplink.nudge
        )
        start = self.supervisor.start
        if self.network:
            start("network", self.network.run)
        if self.time_sync:
            start("time", self.time_sync.run)
        for poll in self.polls:
            start("bus " + poll.bus.id, poll.run)
        if self.link:
            start("uplink", self.link.run)
        if self.journal:
            self.journal.nudge = self.uplink.nudge
            start("journal", self.journal.run)
        if self.node_link:
            start("sparkplug", self.node_link.run)
        start("store", self.store.run)
        with Borrowed():
            from limen.occasions import attend

        attend(self)
        del attend  # and with it its module
        await self.supervisor.run()


def forget_devices():
    """Nothing by itself: the linker lets it delete what made the devices (`start_only`)."""


def forget_start():
    """As `forget_devices`, for the rest of the start."""


def main():
    """Start the gateway from the configuration and the secrets on its flash.

    The configuration is read line by line: a bus or a device each, so that it is never whole in
    memory. OSError or ValueError when a file is absent or broken.
    """
    asyncio.wait_for_ms  # noqa: B018 (it loads a module that stays: now, so that it lies with others)
    with open(SECRETS) as file:
        secrets = json.load(file)
    with open(CONFIGURATION) as lines:
        gateway = Gateway(lines)
    forget_devices()
    gateway.attach_brokers(secrets)
    forget_start()
    asyncio.run(gateway.run())
