"""`limen size --site`: what each gateway of a site needs of its board's memory, and what leaving
something out would save. The need is measured by halving, the savings are estimated.
"""

from collections.abc import Iterator
from pathlib import Path

from host_tools.errors import ToolError
from host_tools.heap_estimate import Estimate, advice, is_possible, kilobytes, plan_for
from host_tools.heap_need import MOST, smallest
from host_tools.site import Site, load_site
from host_tools.site_parts import sites_without

_ROW = "{:<34}{:>14}{:>12}  {}"
_RESERVE = 2 * 1024
"""By so much the smallest heap moves with what lies where, so with any change of the firmware."""


def run(path: Path, gateway: str | None) -> int:
    """Print a table of the gateways, or of one; status 1 where one does not fit."""
    if not is_possible():
        raise ToolError("What a site needs can only be measured on 32-bit MicroPython.")
    site = load_site(path)
    site.compile_all()
    print(_ROW.format("gateway", "needed", "board has", ""))
    fitting = [_print(site, name) for name in ([gateway] if gateway else site.gateways)]
    return 0 if all(fitting) else 1


def _print(site: Site, gateway: str) -> bool:
    """Print what is known of a gateway; whether it fits."""
    estimate = Estimate.of(site, gateway)
    if estimate.has_psram:
        print(_ROW.format(gateway, kilobytes_or_more(estimate.needed), "PSRAM", "fits"))
        return True
    plan = plan_for(site, gateway)
    need = smallest(plan)
    fits = need + _RESERVE <= plan.heap
    verdict = "fits" if fits else "fits barely" if need <= plan.heap else "too large"
    print(_ROW.format(gateway, kilobytes_or_more(need), kilobytes(plan.heap), verdict))
    for line in _savings(site, gateway, estimate.needed):
        print(line)
    if not fits:
        print(advice())
    return need <= plan.heap


def kilobytes_or_more(need: int | None) -> str:
    """A need, which may lie beyond what is tried."""
    return kilobytes(need) if need and need < MOST else f"{kilobytes(MOST)} or more"


def _savings(site: Site, gateway: str, whole: int | None) -> Iterator[str]:
    """What leaving out each bus, device or function saves, the most first."""
    needs = [
        (name, Estimate.of(rest, gateway).needed) for name, rest in sites_without(site, gateway)
    ]
    saved = [(whole - need, name) for name, need in needs if whole and need]
    for saving, name in sorted(saved, reverse=True):
        yield _ROW.format(f"  without {name}", f"-{kilobytes(saving)}", "", "")
