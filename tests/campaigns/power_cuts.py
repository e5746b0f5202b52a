"""Power that fails at every single write to the journal's flash, in five ways each.

Between writes, inside a program (three lengths of what is written), inside an erase (random bits).
After each cut the gateway starts again, and no record that was committed is missing, doubled or
changed.
"""

import argparse
import sys
from pathlib import Path

PROJECT = Path(__file__).parents[2]
sys.path[:0] = [str(PROJECT / "tests/core"), str(PROJECT / "firmware")]

from fake_cuts import check_cut, count_writes  # noqa: E402

PARTS = 5


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=4000, help="of a record each, and more")
    parser.add_argument("--step", type=int, default=1, help="cut at each so-manyth write only")
    args = parser.parse_args()
    writes = count_writes(args.seconds)
    broken = 0
    for cuts in range(0, writes, args.step):
        for part in range(PARTS):
            try:
                check_cut(cuts, part, args.seconds)
            except AssertionError as error:
                broken += 1
                print(f"write {cuts}, way {part}: {error}")
    print(f"{writes} writes, {writes // args.step * PARTS} cuts, {broken} of them did harm.")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
