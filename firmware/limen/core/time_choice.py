"""Chooses between what several time sources say: the nearest of the largest group that agrees.

A claim is [distance_ms, s, ms]: UTC when uptime was zero, and how far from true time that may be.
Two claims agree when their distances overlap. A server that lies stands alone; where nobody can
outvote it, the clock's own time has a vote. Source: the intersection algorithm of RFC 5905, 11.2.1,
which for a few claims comes to counting.
"""

from limen.core.compat import const

_SLACK_MS = const(10)


def apart_ms(one, other):
    """By how much the second claim is later than the first."""
    return (other[1] - one[1]) * 1000 + other[2] - one[2]


def agree(one, other):
    return abs(apart_ms(one, other)) <= one[0] + other[0] + _SLACK_MS


def choose(claims, own):
    """(the best claim, how many sources say the same); `own` is the clock's or None."""
    best, most = None, 0
    for claim in claims:
        votes = len([other for other in claims if agree(claim, other)])
        rank = votes * 2 + (own is not None and agree(claim, own))
        if rank > most or rank == most and claim[0] < best[0]:
            best, most = claim, rank
    return best, most // 2
