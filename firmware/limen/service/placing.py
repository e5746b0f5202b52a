"""Tells where the records lie that were taken before the clock was set, also those of boots before.

A boot without UTC is noted in the store: [boot, s, ms, until_s], the count of the chip's RTC when
its uptime was zero, and by which uptime it will have been noted again, if it lives. That count goes
on over a reset; so when UTC comes all boots since the power came have their place, exactly. Where
the power was off in between nobody knows for how long: those boots are placed as if they had lived
until then and power had been back at once, so before the next boot, and marked uncertain.
"""

from limen.core.compat import const
from limen.core.quality import GOOD, UNCERTAIN

_KEY = "unplaced"
_MOST = const(16)
_SOON_S = const(64)
_SELDOM_S = const(600)
_LATE_S = const(128)  # by which a note can be late, with whoever has to be asked for the time
_EPOCH_S = 946684800  # from 1970 to 2000


async def begin(sync):
    """Note a boot whose clock is not set, or tell of those that were not told of."""
    if not sync.clock.is_set:
        await note(sync)
    elif sync.gateway.store.get(_KEY):
        await place(sync, "reset")


async def note(sync):
    """Note on flash that this boot lives, the clock not being set."""
    gateway = sync.gateway
    clock = gateway.clock
    noted = [list(entry) for entry in gateway.store.get(_KEY, ())]
    if not noted or noted[-1][0] != gateway.boot:
        if not sync.is_warm:
            noted = [[boot, None, None, until] for boot, _, _, until in noted]
        noted.append([gateway.boot, clock.boot_s, clock.boot_ms, 0])
    sync.note_due_s = clock.s + max(_SOON_S, min(clock.s, _SELDOM_S))
    noted[-1][3] = sync.note_due_s + _LATE_S
    gateway.store.set(_KEY, noted[-_MOST:])
    gateway.store.save()


async def place(sync, source):
    """Tell where this boot lies now that the clock is set, and all that were noted."""
    gateway = sync.gateway
    clock = gateway.clock
    noted = gateway.store.get(_KEY, ())
    s = clock.boot_s
    ms = clock.boot_ms
    _tell(gateway, GOOD, "", clock.s, s + clock.s, ms, source)
    ahead_s = ahead_ms = None
    for boot, count_s, count_ms, until_s in reversed(noted):
        if boot == gateway.boot:
            ahead_s = s - count_s
            ahead_ms = ms - count_ms
            continue
        of_boot = '"boot":%d,' % boot
        if ahead_s is not None and count_s is not None:
            ms = ahead_ms + count_ms
            s = ahead_s + count_s + ms // 1000
            ms %= 1000
            _tell(gateway, GOOD, of_boot, 0, s, ms, source)
        else:
            _tell(gateway, UNCERTAIN, of_boot, until_s, s, ms, source)
            s -= until_s
    gateway.store.set(_KEY, [])
    gateway.store.save()


async def tell_step(sync, was, source):
    """Tell that the clock was stepped; `was` is what it claimed before."""
    gateway = sync.gateway
    clock = gateway.clock
    was = '"was_ms":%d,' % _unix_ms(was[1] + clock.s, was[2])
    _tell(gateway, GOOD, was, clock.s, clock.boot_s + clock.s, clock.boot_ms, source, "step")


def _tell(gateway, quality, more, uptime_s, s, ms, source, what="set"):
    clock = gateway.clock
    body = '{"clock":"%s",%s"uptime_ms":%d,"utc_ms":%d,"source":"%s"}'
    text = body % (what, more, uptime_s * 1000, _unix_ms(s, ms), source)
    gateway.path.put_event(0, quality, clock.s, clock.ms, text)


def _unix_ms(s, ms):
    return (_EPOCH_S + s) * 1000 + ms
