"""Days without a broker in virtual time, at a record a second; then what arrived is counted.

Nothing is lost while the journal has room. Beyond that the gaps that are told add up exactly to
what did not come.
"""

import argparse
import sys
import tempfile
from pathlib import Path

PROJECT = Path(__file__).parents[2]
sys.path[:0] = [str(PROJECT), str(PROJECT / "tests"), str(PROJECT / "firmware")]

from outage import run_outage  # noqa: E402


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hours", type=float, default=72)
    args = parser.parse_args()
    seconds = int(args.hours * 3600)
    with tempfile.TemporaryDirectory() as folder:
        outage = run_outage(Path(folder), seconds, 600 + seconds // 200)
    missing = outage.missing()
    told = sum(gap.count for gap in outage.gaps)
    twice = len(outage.names) - len(set(outage.names))
    counters = outage.world.gateway.diag.counters
    print(f"{args.hours:g} h without a broker: {len(set(outage.names))} records arrived,")
    print(f"{len(missing)} did not, {len(outage.gaps)} gaps tell of {told}; {twice} came twice.")
    print(f"Heap at the end: {counters.get('heap')}.")
    for text in outage.exits:
        print(f"The program has ended: {text[-300:]}")
    return 0 if len(missing) == told and not outage.exits else 1


if __name__ == "__main__":
    sys.exit(main())
