"""The models that the doctor knows: every profile, as a candidate of `limen.core.doctor`."""

from collections import Counter
from pathlib import Path

from host_tools.profile import read_profile
from limen.core.bus_config import PARITIES
from limen.core.channel_config import read_channels
from limen.core.scan import FRAMINGS
from limen.core.schema import Spot

Framing = tuple[int, int | None, int]

_A_WHILE_MS = 10_000
_BIT = "bit"


def load_candidate(path: Path) -> dict:
    """A profile as a candidate: what a source has confirmed of it, its default set first."""
    profile = read_profile(path)
    compiled = profile.compiled
    sure = {
        register["quantity"]: {}
        for register in profile.registers
        if register["verified"] and register["type"] != _BIT
    }
    channels = read_channels(Spot([]), {"channels": sure, "every": _A_WHILE_MS}, compiled)
    channels.sort(key=lambda channel: channel["name"] not in compiled["default"])
    return {
        "name": path.stem,
        "model": compiled["model"],
        "fc": compiled["fc"],
        "serial": framing_of(compiled["serial"]),
        "channel": channels,
        "identify": compiled.get("identify"),
        "sunspec": compiled.get("sunspec"),
    }


def framing_of(serial: dict) -> Framing | None:
    """The framing that a profile's devices leave the works with, None if it does not say."""
    if serial["baud"] is None:
        return None
    return serial["baud"], PARITIES[serial["parity"]], serial["stop"]


def likely_framings(candidates: list[dict]) -> list[Framing]:
    """How the known models leave the works, most of them first; without parity as two stop bits."""
    counts = Counter(candidate["serial"] for candidate in candidates if candidate["serial"])
    return list(dict.fromkeys(_asked(framing) for framing, _ in counts.most_common()))


def rare_framings(likely: list[Framing]) -> list[Framing]:
    """The other usual framings."""
    return [framing for framing in FRAMINGS if framing not in likely]


def _asked(framing: Framing) -> Framing:
    baud, parity, _ = framing
    return baud, parity, 2 if parity is None else 1
