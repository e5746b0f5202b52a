"""What a gateway says after its start, and what follows from that: whether it is online, which
devices answer with which values, or what is wrong and what to do.

It hears the lines of the console, and what the broker has of the gateway where that can be reached
from here. Which of the two comes first is chance. Samples are of the start that was born last: what
a broker, or the gateway's own journal, kept of an earlier one is not this one's.
"""

import json
from collections.abc import Callable

from host_tools.client import Sample
from host_tools.client.items import Born, Item
from host_tools.contract import Boot
from host_tools.site import address_text

_OURS = "limen: "
_ONLINE = _OURS + "online at "
_LAST_WORD_S = 20
_SETTLE_S = 3
_ALONE_S = 15
"""So long a device may take until the console calls it silent, where no broker tells values."""

_CHIP_WORDS = {
    "invalid header": "its flash holds no program: run it again",
    "load partition table error": "flashing did not end: run it again",
    "No bootable app partitions": "MicroPython is not whole on it: run it again",
    "filesystem appears to be corrupted": "its file system is not whole: run it again",
    "rst:0x10 (RTCWDT": "its supply is too weak, or a strapping pin is held: unplug what is wired "
    "to it, and try another cable",
    "Brownout detector was triggered": "its supply is too weak: another cable or USB port, or a "
    "supply of its own",
    "MemoryError": "its memory is too small for this site: fewer channels, a smaller outbox, or a "
    "board with PSRAM",
}


class FirstWords:
    """`config` is the compact configuration; `has_broker` says whether values are heard here.

    Times are seconds of any clock that only goes forward.
    """

    def __init__(self, config: dict, now_s: float, tell: Callable[[str], None]):
        self._config = config
        self._devices = {device["id"]: device for device in config["device"]}
        self.has_broker = False
        self._tell = tell
        self._boot: Boot | None = None
        self._values: dict[str, dict[str, Sample]] = {}
        self._silent: set[str] = set()
        self._online_s: float | None = None
        self._news_s = now_s
        self._trouble: str | None = None

    @property
    def is_online(self) -> bool:
        return self._online_s is not None

    def hear_line(self, line: str, now_s: float) -> None:
        """A line of the console."""
        self._tell(f"  {line}")
        meaning = next((why for sign, why in _CHIP_WORDS.items() if sign in line), None)
        if line.startswith(_ONLINE):
            self._online_s = self._news_s = now_s
        elif meaning:
            self._note(f"{line.strip()}: {meaning}", now_s)
        elif line.startswith(_OURS):
            self._hear_own(line.removeprefix(_OURS), now_s)

    def hear_item(self, item: Item, now_s: float) -> None:
        """Something that the broker has of this gateway."""
        if isinstance(item, Born) and item.birth.boot != self._boot:
            self._boot = item.birth.boot
            self._values.clear()
        elif isinstance(item, Sample) and self._boot in (None, item.boot):
            values = self._values.setdefault(item.device, {})
            if item.channel not in values:
                self._news_s = now_s
            values[item.channel] = item

    def is_settled(self, now_s: float) -> bool:
        """Whether nothing is to be expected any more."""
        if not self.is_online:
            return self._trouble is not None and now_s - self._news_s > _LAST_WORD_S
        pause_s = _SETTLE_S if self.has_broker else _ALONE_S
        return not self._missing() and now_s - self._news_s > pause_s

    def story(self) -> list[str]:
        """The devices that answer with their values, a line each."""
        return [
            f"  {name}: {', '.join(map(_quantity, values.values()))}"
            for name, values in self._values.items()
            if name not in self._silent
        ]

    def problem(self) -> str | None:
        """What is wrong and what to do, or None."""
        if not self.is_online:
            return self._offline()
        silent = [name for name in self._devices if name in self._silent]
        if silent:
            told = "; ".join(f"{name} is silent ({self._place(name)})" for name in silent)
            return (
                f"It is online, but {told}: check its wiring (A and B exchanged?), its address and "
                "its baud rate; `limen doctor` finds the devices on a line."
            )
        missing = self._missing()
        if missing:
            return (
                f"It is online, but nothing came of {', '.join(missing)}: watch it with "
                f"`limen tail {self._config['site']}/{self._config['gateway']}`."
            )
        return None

    def _offline(self) -> str:
        if self._trouble:
            return f"It is not online. It says: {self._trouble}"
        return (
            "It is not online, and does not say why. Look at its console (`limen console`), and "
            "whether its network is in reach."
        )

    def _missing(self) -> list[str]:
        """The devices of which nothing is known yet; none where no broker tells."""
        if not self.has_broker:
            return []
        return [name for name in self._devices if name not in {*self._values, *self._silent}]

    def _hear_own(self, text: str, now_s: float) -> None:
        name, _, body = text.partition(": ")
        if name in self._devices and body.startswith("{"):
            self._hear_device(name, body, now_s)
        else:
            self._note(text, now_s)

    def _hear_device(self, name: str, body: str, now_s: float) -> None:
        try:
            state = json.loads(body).get("device")
        except ValueError:
            return
        if state == "silent":
            self._silent.add(name)
        elif state == "answering":
            self._silent.discard(name)
        self._news_s = now_s

    def _note(self, trouble: str, now_s: float) -> None:
        """What it says last counts; it has its time from its first word on."""
        if self._trouble != trouble:
            self._news_s = now_s
        self._trouble = trouble

    def _place(self, name: str) -> str:
        device = self._devices[name]
        bus = self._config["bus"][device["bus"]]
        where = f"bus {bus['id']}"
        if "address" in device:
            where = f"address {address_text(self._config, device)}, {where}"
        return f"{where}, {bus['baud']} baud" if "baud" in bus else where


def _quantity(sample: Sample) -> str:
    value = "-" if sample.value is None else f"{sample.value:f} {sample.unit}".rstrip()
    return f"{sample.channel} {value}"
