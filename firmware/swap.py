"""Puts the files of an update in their places, and the old ones back if they do not do well.

An update lies whole below /new, and /update.json names its files, before anything here runs:

    {"state": "new", "starts": 0, "put": ["/lib/limen/__init__.mpy"], "added": [], "gone": [], ...}

`boot.py` calls `start` while /update.json is there. What it replaces is kept below /old, and what
is gone is put there. Power may fail anywhere: at each moment every file has its old or its new
content, and the next start goes on.
After the third start that nobody called good (limen.service.trial) the old files come back, and
what the plan was lies in /reverted.json, and the broker is told.
"""

import json
import os
import sys

PLAN = "/update.json"
NEW = "/new"
OLD = "/old"
REVERTED = "/reverted.json"
_MOST_STARTS = 3
_PIECE = 512
_PATIENCE_MS = 30000


def start(machine):
    """Take the next step; the chip is reset where files have changed.

    Whatever fails here, the gateway starts with what it has.
    """
    try:
        if go(machine.reset_cause() != machine.SOFT_RESET):
            machine.RTC().memory(b"restart")  # on purpose, as `safe` counts what is not
            machine.reset()
        machine.WDT(timeout=_PATIENCE_MS)  # a new program that ends at the prompt is no good one
    except Exception as error:
        sys.print_exception(error)
    sys.modules.pop("last_good", None)
    del sys.modules["swap"]


def go(is_after_reset):
    """True if files have changed. A start counts only after a reset, not where somebody at the
    prompt asks for it."""
    with open(PLAN) as file:
        plan = json.load(file)
    state = plan["state"]
    if state == "new":
        return _install(plan)
    if state == "back":
        return _bring_back(plan)
    if state == "trial" and is_after_reset:
        plan["starts"] += 1
        if plan["starts"] <= _MOST_STARTS:
            _write(plan, state)
            return False
        plan["why"] = "three starts ended before the broker was reached"
        _write(plan, "back")
        return _bring_back(plan)
    return False


def _write(plan, state, path=PLAN):
    """Keep the plan in a new state."""
    plan["state"] = state
    with open(PLAN + ".new", "w") as file:
        json.dump(plan, file)
    os.rename(PLAN + ".new", path)


def _install(plan):
    """All old files are kept before the first new one comes, so that a full flash changes none."""
    waiting = [path for path in plan["put"] if _is_there(NEW + path)]
    try:
        for path in waiting:
            if _is_there(path):
                _copy(path, OLD + path)
    except OSError:
        plan["why"] = "the file system is full"
        _end(plan)
        return False
    for path in waiting:
        _make_folders(path)
        os.rename(NEW + path, path)
    for path in plan["gone"]:
        if _is_there(path):
            _make_folders(OLD + path)
            os.rename(path, OLD + path)
    _write(plan, "trial")
    return True


def _bring_back(plan):
    for path in plan["put"] + plan["gone"]:
        if _is_there(OLD + path):
            os.rename(OLD + path, path)
    for path in plan["added"]:
        if _is_there(path):
            os.remove(path)
    _end(plan)
    return True


def _end(plan):
    __import__("last_good").tell("update", plan.get("why", ""))
    _write(plan, "reverted", REVERTED)
    os.remove(PLAN)


def _copy(path, to):
    _make_folders(to)
    piece = bytearray(_PIECE)
    with open(path, "rb") as source, open(to, "wb") as target:
        while True:
            count = source.readinto(piece)
            if not count:
                return
            target.write(memoryview(piece)[:count])


def _make_folders(path):
    """Make the folders that a file is to lie in."""
    at = path.find("/", 1)
    while at > 0:
        if not _is_there(path[:at]):
            os.mkdir(path[:at])
        at = path.find("/", at + 1)


def _is_there(path):
    try:
        os.stat(path)
        return True
    except OSError:
        return False
