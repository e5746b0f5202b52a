"""Judges what time sources claim, and sets the clock, steps it or lets it glide.

A step must be claimed by two servers, or by the only one three times in a row: one wrong answer
moves nothing. Loaded for each poll, and dropped behind it.
"""

import random

from limen.core.compat import const
from limen.core.drift import STEP_MS, learn, restart
from limen.core.time_choice import apart_ms, choose
from limen.service.time_sync import borrow

_FIRST_PAUSE_S = const(4)
_LONGEST_UNSET_S = const(64)
_LONGEST_FAILED_S = const(1024)
_SOON_S = const(16)  # RFC 4330 asks for 15 at least
_INSISTS = const(3)
_BLOCKED_SHARE = const(20)


async def follow(sync, claims, source):
    """Take what was claimed; returns the pause until the next poll, in seconds."""
    pause_s = await _judge(sync, claims, source)
    return max(pause_s, sync.blocked_ms * _BLOCKED_SHARE // 1000)


async def _judge(sync, claims, source):
    clock = sync.clock
    told = sync.told
    clock.tick()
    told["polls"] += 1
    own = [STEP_MS, clock.boot_s, clock.boot_ms] if clock.is_set else None
    claim, votes = choose(claims, own)
    if claim is None:
        return await _fail(sync)
    told["answers"] += 1
    sync.failed_s = 0
    if own is None:
        _set(sync, claim, source)
        await borrow(_load, "place", sync, source)
        return _SOON_S
    error_ms = told["error_ms"] = apart_ms(own, claim)
    if abs(error_ms) <= STEP_MS:
        sync.insisted = 0
        told["source"] = source
        pause_s = learn(sync.glide, error_ms, clock.s)
        told["drift_ppb"] = sync.glide.drift
        return pause_s
    if votes > 1 or _insists(sync, claim):
        _set(sync, claim, source)
        told["steps"] += 1
        await borrow(_load, "step", sync, own, source)
    return _SOON_S


async def _fail(sync):
    """Nobody has answered; ask again the later the longer that lasts."""
    clock = sync.clock
    longest_s = _LONGEST_FAILED_S if clock.is_set else _LONGEST_UNSET_S
    pause_s = sync.failed_s = min(max(sync.failed_s * 2, _FIRST_PAUSE_S), longest_s)
    if not clock.is_set and clock.s >= sync.note_due_s:
        await borrow(_load, "note", sync)
    return pause_s - random.randint(0, pause_s // 4)


def _insists(sync, claim):
    """Whether the only voice that says so has said it often enough."""
    last = sync.claim
    sync.claim = claim
    if last is None or abs(apart_ms(last, claim)) > STEP_MS:
        sync.insisted = 0
    sync.insisted += 1
    return sync.insisted >= _INSISTS


def _set(sync, claim, source):
    sync.clock.set_boot(claim[1], claim[2])
    restart(sync.glide)
    sync.insisted = sync.write_due_s = 0
    sync.told["source"] = source


def _load(what):
    """What is told and noted of the clock is another part of this poll."""
    if what == "place":
        from limen.service.placing import place as tell
    elif what == "step":
        from limen.service.placing import tell_step as tell
    else:
        from limen.service.placing import note as tell
    return tell
