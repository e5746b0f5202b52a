"""Updates over the serial port whose power is cut at random moments, each made good by the next.

    .venv/bin/python tests/campaigns/update_cuts.py [--count 200] [--seed 1]
"""

import argparse
import sys
import tempfile
from pathlib import Path

PROJECT = Path(__file__).parents[2]
sys.path[:0] = [str(PROJECT / folder) for folder in ("tests", "firmware", ".")]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    from update_cuts import play

    with tempfile.TemporaryDirectory(prefix="limen-campaign-") as folder:
        outcome = play(Path(folder), args.count, args.seed)
    print(f"{args.count} updates were cut off {outcome}; each was made good by the next one.")


if __name__ == "__main__":
    main()
