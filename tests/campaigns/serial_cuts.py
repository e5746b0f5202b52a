"""Flashing, or updates over the serial port, cut off at random moments, each made good by the next.

    .venv/bin/python tests/campaigns/serial_cuts.py flash|update [--count 200] [--seed 1]

Ends with an error at the first board that the next run does not make good; the seed repeats it.
"""

import argparse
import importlib
import sys
import tempfile
from pathlib import Path

PROJECT = Path(__file__).parents[2]
sys.path[:0] = [str(PROJECT / folder) for folder in ("tests", "firmware", ".")]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("flash", "update"))
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    cuts = importlib.import_module(f"{args.what}_cuts")
    with tempfile.TemporaryDirectory(prefix="limen-campaign-") as folder:
        outcome = cuts.play(Path(folder), args.count, args.seed)
    print(f"{args.count} times cut off {outcome}; each was made good by the next run.")


if __name__ == "__main__":
    main()
