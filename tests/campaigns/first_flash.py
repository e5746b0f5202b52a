"""Emulated boards from blank flash to online and updated, by the real tools.

    .venv/bin/python tests/campaigns/first_flash.py [BOARD ...]

Prints what they say.
"""

import argparse
import sys
import tempfile
from pathlib import Path

PROJECT = Path(__file__).parents[2]
sys.path[:0] = [str(PROJECT / folder) for folder in ("tests", "firmware", ".")]

from first_flash import BOARDS, tell  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("board", nargs="*", help=f"default: {', '.join(BOARDS)}")
    for board in parser.parse_args().board or BOARDS:
        with tempfile.TemporaryDirectory(prefix="limen-campaign-") as folder:
            print(f"{board}:\n{tell(board, Path(folder))}", flush=True)


if __name__ == "__main__":
    main()
