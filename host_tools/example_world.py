"""Emulated worlds to share: a folder with a site file, a model of what happens there, and a page.

    examples/press-shop/site.toml     the gateway and its devices
    examples/press-shop/model.py      what happens: START, HOURS, DEMO, devices(…)
    examples/press-shop/README.md     what one learns from it

`devices(seed, pace, outputs)` returns {device: Signals}. The folder may lie anywhere: a world
of your own is played like the examples. Its model is a program: play only those that you trust.
"""

import datetime
import importlib.util
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from host_tools.emulation.model import Pace
from host_tools.emulation.outputs import Outputs
from host_tools.emulation.signals import PerDevice
from host_tools.errors import ToolError
from host_tools.paths import PROJECT

_EXAMPLES = PROJECT / "examples"
_NEEDED = ("START", "HOURS", "DEMO", "devices")


@dataclass(frozen=True)
class ExampleWorld:
    """`hours` are what is worth to be seen of it, `demo` how a demo shows it."""

    site: Path
    start_utc_s: int
    hours: float
    demo: Pace
    _model: ModuleType

    def signals(self, seed: int, outputs: Outputs, pace: Pace) -> PerDevice:
        return PerDevice(self._model.devices(seed, pace, outputs))


def load_world(name: Path) -> ExampleWorld:
    """A world of the examples by its name, or any by its folder."""
    folder = name if (name / "model.py").exists() else _EXAMPLES / name
    path = folder / "model.py"
    if not path.exists():
        known = sorted(one.parent.name for one in _EXAMPLES.glob("*/model.py"))
        raise ToolError(f"There is no world {name}; there are {', '.join(known)}.", 2)
    spec = importlib.util.spec_from_file_location(f"world_{folder.name}", path)
    model = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(model)
        missing = [one for one in _NEEDED if not hasattr(model, one)]
        if missing:
            raise ValueError(f"it does not say {', '.join(missing)}")
        start = datetime.datetime.fromisoformat(model.START)
    except Exception as error:
        raise ToolError(f"{path} is no model of a world: {error}", 2) from None
    return ExampleWorld(
        folder / "site.toml",
        int(start.timestamp()),
        model.HOURS,
        model.DEMO,
        model,
    )
