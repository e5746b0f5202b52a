"""Brokers killed at random moments while a gateway delivers to them over TLS, for ten minutes.

    .venv/bin/python tests/campaigns/killed_brokers.py [--seconds 600] [--seed 1] [--broker nats]

The tests run the same for some seconds: tests/system/test_killed_brokers.py.
"""

import argparse
import asyncio
import importlib.util
import sys
import tempfile
from pathlib import Path

PROJECT = Path(__file__).parents[2]
sys.path[:0] = [str(PROJECT), str(PROJECT / "firmware"), str(PROJECT / "tests")]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--broker", choices=("mosquitto", "nats"), default="mosquitto")
    args = parser.parse_args()
    spec = importlib.util.spec_from_file_location("scene", PROJECT / "tests/killed_brokers.py")
    scene = sys.modules["scene"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(scene)
    with tempfile.TemporaryDirectory(prefix="limen-campaign-") as folder:
        outcome = asyncio.run(scene.play(Path(folder), args.seconds, args.seed, args.broker))
    lost = outcome.missing()
    print(
        f"{outcome.kills} kills, {outcome.connections} connections, {len(outcome.acknowledged)} "
        f"records acknowledged, {sum(outcome.seen.values()) - len(outcome.seen)} sent again, "
        f"{len(lost)} lost"
    )
    sys.exit(bool(lost))


if __name__ == "__main__":
    main()
