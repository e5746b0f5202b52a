"""Watches over the first minutes with new files: calls the update good, or has it taken back; and
tells what became of the last one.

Loaded while /update.json is there. An update is good when the gateway has reached its broker; one
whose plan says "good_after": "minute" also when it has run for so long, as there may be no broker
yet. Starts that end earlier are counted by `swap`, which brings the old files back.
"""

import asyncio
import json
import os

from limen.core.compat import const
from limen.hal.restart import restart

PLAN = "/update.json"
REVERTED = "/reverted.json"
_OLD = "/old"
_RUNS_S = const(60)
_LONGEST_S = const(300)
_LOOK_MS = const(1000)


def stored_plan(path=PLAN):
    """What a plan's file says, {} if it is not there or broken."""
    try:
        with open(path) as file:
            return json.load(file)
    except (OSError, ValueError):
        return {}


def run(gateway, request):
    """{} → {"state": "new", "trial" or "reverted", null where all is well, "why": a reason}."""
    plan = stored_plan() or stored_plan(REVERTED)
    return {"state": plan.get("state"), "why": plan.get("why")}


def start_trial(gateway):
    """Watch over a gateway whose update is on trial."""
    plan = stored_plan()
    if plan.get("state") == "trial":
        link = gateway.link or gateway.node_link
        asyncio.create_task(watch(plan, gateway.clock, link))


async def watch(plan, clock, link):
    """Until the update is good, or its time is up."""
    began_s = clock.s
    needs_broker = plan.get("good_after") != "minute"
    while not link.heard_s and (needs_broker or clock.s - began_s <= _RUNS_S):
        if clock.s - began_s > _LONGEST_S:
            _give_up(plan)
        await asyncio.sleep_ms(_LOOK_MS)
    os.remove(PLAN)
    print("limen: the update is good")
    for path in plan["put"] + plan["gone"]:
        try:
            os.remove(_OLD + path)
        except OSError:
            pass  # it replaced nothing
        await asyncio.sleep_ms(0)


def _give_up(plan):
    """Let `swap` bring the old files back at the next start."""
    plan["state"] = "back"
    plan["why"] = "the broker was not reached"
    with open(PLAN + ".new", "w") as file:
        json.dump(plan, file)
    os.rename(PLAN + ".new", PLAN)
    restart()
