"""Days without a broker, at a record a second; then all is drained and counted.

Nothing is lost while the journal has room; beyond that the gaps that are told add up exactly to
what did not come. By default the outbox and its journal run alone, on the 1408 KB of a 4 MB board;
with --board a whole gateway does on the emulated board, a hundred times faster than real time.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

PROJECT = Path(__file__).parents[2]
sys.path[:0] = [str(PROJECT), str(PROJECT / "firmware")]
sys.path[:0] = [str(PROJECT / "tests"), str(PROJECT / "tests/core")]

from fake_flash import BLOCK, Flash  # noqa: E402
from fake_journal import Boot  # noqa: E402

from host_tools.partitions import layout_of  # noqa: E402
from outage import run_outage  # noqa: E402

_RING_BYTES = (2048, 1024)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hours", type=float, default=72)
    parser.add_argument("--board", action="store_true", help="a whole gateway, emulated")
    args = parser.parse_args()
    seconds = int(args.hours * 3600)
    arrived, missing, told = (_on_board if args.board else _alone)(seconds)
    print(f"{args.hours:g} h without a broker: {arrived} records arrived, {missing} did not;")
    print(f"gaps tell of {told}.")
    return 0 if missing == told else 1


def _alone(seconds: int) -> tuple[int, int, int]:
    """How many records arrived, how many did not, and how many the gaps tell of."""
    flash = Flash(layout_of(4).journal_bytes // BLOCK)
    gateway = Boot(flash, 1, data_bytes=_RING_BYTES[0], event_bytes=_RING_BYTES[1])
    for s in range(seconds):
        gateway.sample(s, 2300 + s * 7919 % 41)
        if s % 9 in (4, 8):
            gateway.tick()
        told = len(gateway.gaps)
        gateway.tell_gaps()
        for gap in gateway.gaps[told:]:
            gateway.event(s, gap.encode())
    print(f"{flash.programmed / seconds:.2f} bytes programmed for a record,", end=" ")
    print(f"{1000 * flash.erases / seconds:.2f} blocks erased for a thousand.")
    received = gateway.drain()
    wrong = sum(gateway.put[name] != content for name, content in received)
    twice = len(received) - len(dict(received))
    print(f"{wrong} records arrived changed, {twice} twice.")
    missing = len(gateway.put) - len(dict(received)) + wrong + twice
    return len(received), missing, sum(json.loads(gap)["count"] for gap in gateway.gaps)


def _on_board(seconds: int) -> tuple[int, int, int]:
    with tempfile.TemporaryDirectory() as folder:
        outage = run_outage(Path(folder), seconds, 600 + seconds // 200)
    for text in outage.exits:
        print(f"The program has ended: {text[-300:]}")
    print(f"Heap at the end: {outage.world.gateway.diag.counters.get('heap')}.")
    told = sum(gap.count for gap in outage.gaps)
    return len(set(outage.names)), len(outage.missing()) + len(outage.exits), told


if __name__ == "__main__":
    sys.exit(main())
