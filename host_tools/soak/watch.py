"""Watches a trial while it runs: what outputs do, and what counters claim.

What can only be judged in that moment is judged then; the sentences of what does not hold are in
`sentences`. What is told is noted, to be judged when all of it has arrived.
"""

import itertools
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from host_tools.contract import BAD, GOOD, Alarm, Boot, Diag, GivenUp, Values
from host_tools.emulation.flash_file import FlashFile
from host_tools.emulation.quantities import is_energy
from host_tools.emulation.ratios import Value
from host_tools.soak.committed import Cut, Name, Turn, cut_of, waiting_on
from host_tools.subscriber import Arrival
from host_tools.world import World

ROUNDING_KWH = 0.05
"""What rounding to the meter's float may add, over a day."""

_SLACK_US = 2_000_000
"""From a command's publication to the pin, once its time is checked."""

_UNSURE_US = 190_000_000
"""A reset is believed when it has stayed for a minute, at the third of the soak's readings."""


@dataclass
class Telling:
    """What was told of a channel: (turn of the boot, seq, what) of each record, as they
    arrived. Of the values those of good quality are `certain`."""

    values: list[tuple[Turn, int, Decimal]] = field(default_factory=list)
    certain: list[tuple[Turn, int, Decimal]] = field(default_factory=list)
    alarms: list[tuple[Turn, int, Alarm]] = field(default_factory=list)


def step_of(channel: dict) -> Fraction:
    """The least that a channel can grow by, in its unit: a count, or a step of its register, as of
    a meter that counts by ten kWh."""
    numerator, denominator = channel["register"][3:5] if "register" in channel else (1, 1)
    return max(Fraction(1), Fraction(numerator, denominator)) / 10 ** channel["places"]


def _without_ledger(config: dict) -> Iterator[tuple[str, str]]:
    """The registers that count, (device, channel), of which just what they show is told."""
    for device in config["device"]:
        kept = [rule[0] for rule in device.get("counters", ())]
        for index, channel in enumerate(device["channel"]):
            if channel["kind"] == "counter" and "register" in channel and index not in kept:
                yield device["id"], channel["name"]


class Watch:
    """Of one `world`. `has_true_time` tells that its time servers never lie; `unkept` are the
    counters without a ledger."""

    def __init__(self, world: World, has_true_time: bool):
        self.sentences: list[str] = []
        self.tellings: dict[tuple[str, str], Telling] = defaultdict(Telling)
        self.arrived: set[Name] = set()
        self.gaps: list[GivenUp] = []
        self.cuts: list[Cut] = []
        self.dropped: Counter[Boot] = Counter()
        self._boots: dict[Boot, None] = {}
        self._quiet_since_us = world.scheduler.utc_us()
        self._world = world
        self._doubts: Counter[tuple[str, str]] = Counter()
        self._zeros: dict[tuple[str, str], tuple[int, Decimal]] = {}
        self._lying_since_us: dict[str, int] = {}
        self._roundings = {
            (device, channel["name"]): step_of(channel) / 2
            for device, channel in world.truth.places()
        }
        config = world.plan.config
        self.unkept = set(_without_ledger(config))
        shed = [one["shed"]["outputs"] for one in config.get("function", ()) if "shed" in one]
        self._outputs = {
            device["pin"]: (device["id"], device["safe"] ^ device["invert"])
            for number, device in enumerate(config["device"], 1)
            if device.get("driver") == "digital_out" and number not in itertools.chain(*shed)
        }
        self._has_true_time = has_true_time
        self._wanted_until_us = -1
        world.board.on_pin = self._on_pin

    def commanded(self, until_us: int) -> None:
        """Somebody has asked for the outputs to leave their safe state, until this time."""
        last_us = until_us + _SLACK_US if self._has_true_time else sys.maxsize
        self._wanted_until_us = max(self._wanted_until_us, last_us)

    def disturbed(self) -> None:
        """Something begins or ends that may change what is read."""
        self._quiet_since_us = self._world.scheduler.utc_us()

    def flowed(self, device: str, name: str) -> Value | None:
        """What has flowed by a counter with a ledger; None where that is not known, as of a pulse
        input, or of what a function makes."""
        meter = self._world.meters.get(device)
        is_judged = meter and meter.knows(name) and (device, name) not in self.unkept
        return meter.measured(name) if is_judged else None

    def begins_anew(self, device: str) -> None:
        """A meter forgets. From the upper half of its modulus, that may be taken for a rollover."""
        meter = self._world.meters[device]
        for place, channel in self._counters(device):
            counts = self._world.truth[place].counts
            if meter.modulus_kwh and counts:
                rest = meter.modulus_kwh - Fraction(counts[-1], 10 ** channel["places"])
                if 0 < 2 * rest <= meter.modulus_kwh:
                    self._doubts[place] += rest
            now_us = self._world.scheduler.utc_us()
            self._zeros[place] = now_us, meter.measured(channel["name"])

    def begins_lying(self, device: str) -> None:
        self._lying_since_us[device] = self._world.scheduler.utc_us()

    def ends_lying(self, device: str) -> None:
        """A meter that forgot while it lied, or so shortly before that nobody was sure of it yet,
        seems to forget now: what it has counted since then, and told as a part of its lie, may be
        counted once more."""
        since_us = self._lying_since_us.pop(device)
        for place, channel in self._counters(device):
            zero_us, zero_kwh = self._zeros.get(place, (-1, 0))
            if zero_us >= since_us - _UNSURE_US:
                flowed_kwh = self._world.meters[device].measured(channel["name"])
                self._doubts[place] += Fraction(flowed_kwh - zero_kwh)

    def _counters(self, device: str) -> Iterator[tuple[tuple[str, str], dict]]:
        for place, channel in self._world.truth.places():
            name = channel["name"]
            if place == device and channel["kind"] == "counter":
                if self.flowed(device, name) is not None:
                    yield (device, name), channel

    def power_cut(self, flash: FlashFile) -> None:
        """The power has failed; `flash` is what is left."""
        self.cuts.append(cut_of(self._world, flash, self._quiet_since_us, self.turn_of))

    def flash_refuses(self, flash: FlashFile) -> None:
        """What is on `flash` so far must come, however long it refuses more."""
        self.cuts.append(Cut(waiting_on(flash), self.last_turn(), {}))

    def on_arrival(self, arrival: Arrival) -> None:
        boot, record = arrival.boot, arrival.record
        self._boots.setdefault(boot)
        turn = self.turn_of(boot)
        self.arrived.add((boot.inc, boot.number, record.seq))
        match record.body:
            case Values(by_channel) if record.quality < BAD:
                for name, value in by_channel.items():
                    told = self.tellings[arrival.device, name]
                    told.values.append((turn, record.seq, value))
                    if record.quality == GOOD:
                        told.certain.append((turn, record.seq, value))
                    if is_energy(name):
                        self._check_energy(arrival.device, name, value)
            case GivenUp() as gap:
                self.gaps.append(gap)
            case Alarm() as alarm:
                channel = alarm.name.rpartition(".")[0]
                told = self.tellings[arrival.device, channel]
                told.alarms.append((turn, record.seq, alarm))

    def on_diag(self, diag: Diag) -> None:
        """A boot whose flash refuses may drop what its memory cannot hold, as it counts; it counts
        nothing twice."""
        outbox = diag.counters["outbox"]
        if self._world.board.flash_faults.refused:
            self.dropped[diag.boot] = outbox["dropped"]
        if outbox["waiting"] < 0:
            self.sentences.append(f"{outbox['waiting']} records wait in {diag.boot}.")

    def turn_of(self, boot: Boot) -> Turn:
        """When a boot was, among all; one of which nothing has arrived is the last of its number.

        Where flash refuses to keep it a number is drawn again, and with it a new incarnation.
        """
        before = itertools.takewhile(lambda other: other != boot, self._boots)
        return boot.number, sum(other.number == boot.number for other in before)

    def last_turn(self) -> Turn:
        return max(map(self.turn_of, self._boots), default=(0, 0))

    def _check_energy(self, device: str, name: str, total: Decimal) -> None:
        """A total may lag behind what has flowed, and is not ahead of it, or by doubts only."""
        flowed = self.flowed(device, name)
        if flowed is None:
            return
        rounding = self._roundings.get((device, name), 0)
        if total > flowed + Fraction(ROUNDING_KWH) + rounding + self._doubts[device, name]:
            claim = f"{device} {name} claims {total} kWh when {float(flowed):.3f} have flowed."
            self.sentences.append(claim)

    def _on_pin(self, pin: int, level: int) -> None:
        """An output leaves its safe state on a command only, after whatever restart."""
        name, safe = self._outputs.get(pin, ("", level))
        if level != safe and self._world.scheduler.now_us > self._wanted_until_us:
            self.sentences.append(f"The output {name} was driven though nobody asked for it.")
