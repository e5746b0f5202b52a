"""Watches over the first minutes with new files: calls the update good, or has it taken back.

Loaded only while /update.json is there. An update is good when the gateway has reached its broker;
one that came over a cable also when it has run for a while, as there may be no broker yet. Starts
that end earlier are counted by `swap`, which brings the old files back.
"""

import asyncio
import json
import os

from limen.core.compat import const

PLAN = "/update.json"
_RUNS_S = const(60)
_LONGEST_S = const(300)
_LOOK_MS = const(1000)


def stored_plan(path=PLAN):
    """What /update.json says, {} if it is not there or broken."""
    try:
        with open(path) as file:
            return json.load(file)
    except (OSError, ValueError):
        return {}


def start_trial(gateway, restart):
    """Watch over a gateway whose update is on trial."""
    plan = stored_plan()
    if plan.get("state") == "trial":
        link = gateway.link or gateway.node_link
        trial = Trial(plan, gateway.clock, lambda: link.heard_s > 0, restart)
        asyncio.create_task(trial.run())


class Trial:
    """The update that `plan` describes. `is_online()` tells whether the broker has answered,
    `restart()` starts the chip anew."""

    def __init__(self, plan, clock, is_online, restart, path=PLAN):
        self._plan = plan
        self._clock = clock
        self._is_online = is_online
        self._restart = restart
        self._path = path

    async def run(self):
        began_s = self._clock.s
        while not self._is_good(self._clock.s - began_s):
            if self._clock.s - began_s > _LONGEST_S:
                self._give_up()
            await asyncio.sleep_ms(_LOOK_MS)
        os.remove(self._path)
        print("limen: the update is good")

    def _is_good(self, s):
        return self._is_online() or self._plan.get("by") == "cable" and s > _RUNS_S

    def _give_up(self):
        """Let `swap` bring the old files back at the next start."""
        self._plan["state"] = "back"
        self._plan["why"] = "the broker was not reached"
        with open(self._path + ".new", "w") as file:
            json.dump(self._plan, file)
        os.rename(self._path + ".new", self._path)
        self._restart()
