"""Power that fails at every single write to the journal's flash, in five ways each.

Between writes, inside a program (three lengths of what is written), inside an erase (random bits).
After each cut the gateway starts again, and no record that was committed is missing, doubled or
changed. The gateway lives once: at each write a fork of it suffers the cut.
"""

import argparse
import os
import sys
from pathlib import Path

PROJECT = Path(__file__).parents[2]
sys.path[:0] = [str(PROJECT / "tests/core"), str(PROJECT / "firmware")]

from fake_cuts import BLOCKS, check_after, live  # noqa: E402
from fake_flash import Flash, PowerCut  # noqa: E402
from fake_journal import Boot  # noqa: E402

PARTS = 5


class ForkingFlash(Flash):
    """At each write it forks: in the child the power fails, the parent goes on living."""

    forks = True
    harm = 0

    def _write(self, start, data, is_erase):
        for part in range(PARTS) if self.forks else ():
            child = os.fork()
            if not child:
                self.forks = False
                self.cuts, self.part = self.writes, part
                break
            self.harm += os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 0
        super()._write(start, data, is_erase)


def suffer(flash, gateway, acked) -> int:
    """Start again after a cut, in the child; 1 if a record has suffered."""
    try:
        write, part = flash.cuts, flash.part
        check_after(flash, gateway, acked)
    except AssertionError as error:
        print(f"write {write}, way {part}: {error}", flush=True)
        return 1
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=4000, help="of a record each, and more")
    args = parser.parse_args()
    flash = ForkingFlash(BLOCKS)
    gateway = Boot(flash)
    acked = set()
    try:
        live(gateway, args.seconds, acked)
    except PowerCut:
        return suffer(flash, gateway, acked)
    print(f"{flash.writes} writes, {flash.writes * PARTS} cuts, {flash.harm} of them did harm.")
    return 1 if flash.harm else 0


if __name__ == "__main__":
    sys.exit(main())
