"""Power that fails at a write of a gateway's life, and what must be on flash then."""

import json

from fake_flash import Flash, PowerCut
from fake_journal import Boot

BLOCKS = 9


def live(gateway, seconds, acked):
    """A life with outages, reconnects, acknowledgements, and a journal that runs full."""
    journal = gateway.journal
    for s in range(seconds):
        gateway.sample(s, s * 37 % 1000, commit=s % 9 == 0, channel=s % 2)
        if s % 40 == 3:
            gateway.event(s, b'{"alarm":"power.high","value":%d}' % s)
        if s % 5 == 0:
            gateway.tick()
        if s % 400 > 250:
            journal.allowance = 40
            sent = [gateway.send(slot, 7) for slot in (1, 2)]
            for slot in (2, 1):
                acked.update(sent[slot - 1])
                gateway.outbox.ack(slot)
        if s % 300 == 299:
            journal.save()
        gateway.tell_gaps()


def count_writes(seconds=1000):
    flash = Flash(BLOCKS)
    live(Boot(flash), seconds, set())
    return flash.writes


def check_cut(cuts, part, seconds=1000):
    """Let the power fail at write number `cuts`; raise AssertionError if a record suffers."""
    flash = Flash(BLOCKS, cuts, part)
    acked = set()
    try:
        gateway = None
        gateway = Boot(flash)
        live(gateway, seconds, acked)
    except PowerCut:
        pass
    check_after(flash, gateway, acked)


def check_after(flash, gateway, acked):
    """Start again after the cut; raise AssertionError if a record has suffered."""
    flash.cuts = None
    after = Boot(flash, boot=2)
    after.tell_gaps()
    received = after.drain()
    names = [name for name, _ in received]
    assert len(set(names)) == len(names), "doubled"
    for name, content in received:
        assert gateway.put[name] == content, "changed"
    told = set()
    for gap in gateway.gaps + after.gaps:
        gap = json.loads(gap)
        told |= {(1, seq) for seq in range(gap["from"], gap["to"] + 1)}
    missing = gateway.committed - set(names) - acked - told
    assert not missing, missing
