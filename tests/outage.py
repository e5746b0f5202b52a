"""An emulated gateway without a broker for hours, a record a second; what arrives in the end."""

from dataclasses import dataclass, field
from pathlib import Path

from host_tools.contract import GivenUp, Values
from host_tools.emulation.press import PressModel
from host_tools.emulation.scheduler import VirtualScheduler
from host_tools.model_broker import add_model_broker
from host_tools.plan import plan_of_site
from host_tools.world import Listeners, World
from meter_site import SECRETS, meter_site

SECOND_US = 1_000_000
SITE = meter_site("espressif-esp32-devkitc", "tx = 17\nrx = 16\nde = 4", "power_active_total")
_BEGIN_S = 60


@dataclass
class Outage:
    """What became of one; `names` are the (inc, boot, seq) that arrived, in their
    order, `channels` what each boot had data of."""

    world: World
    names: list[tuple[str, int, int]] = field(default_factory=list)
    channels: dict = field(default_factory=dict)
    gaps: list[GivenUp] = field(default_factory=list)
    exits: list[str] = field(default_factory=list)

    def missing(self) -> set[tuple[str, int, int]]:
        """Names below the highest of each boot that did not arrive."""
        arrived = set(self.names)
        tops = {}
        for *boot, seq in self.names:
            tops[*boot] = max(seq, tops.get((*boot,), 0))
        every = {(*boot, seq) for boot, top in tops.items() for seq in range(1, top + 1)}
        return every - arrived


def run_outage(folder: Path, seconds: int, after_s: int, at=None, site: str = SITE) -> Outage:
    """No broker for so many seconds, then one; `at` are {second: what happens to the world}."""
    (folder / "site.toml").write_text(site)
    (folder / "secrets.toml").write_text(SECRETS)
    plan = plan_of_site(folder / "site.toml", None, PressModel(1), 1)
    plan.write_flash(folder / "flash.bin")
    outage = Outage(None)

    def arrived(arrival):
        outage.names.append((arrival.boot.inc, arrival.boot.number, arrival.record.seq))
        if isinstance(arrival.record.body, Values):
            outage.channels.setdefault(arrival.boot, set()).update(arrival.record.body.by_channel)
        if isinstance(arrival.record.body, GivenUp):
            outage.gaps.append(arrival.record.body)

    scheduler = VirtualScheduler()
    listeners = Listeners(arrived, on_exit=outage.exits.append)
    world = outage.world = World(scheduler, plan, folder / "flash.bin", listeners)
    broker = add_model_broker(world)
    scheduler.at(_BEGIN_S * SECOND_US, broker.stop)
    scheduler.at((_BEGIN_S + seconds) * SECOND_US, broker.start)
    for second, act in (at or {}).items():
        scheduler.at(second * SECOND_US, lambda act=act: act(world))
    world.board.start()
    scheduler.run_until((_BEGIN_S + seconds + after_s) * SECOND_US)
    world.close()
    return outage
