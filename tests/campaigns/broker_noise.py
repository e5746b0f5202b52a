"""A long run of what a broker may send, through the checks of MQTT packets.

    .venv/bin/python tests/campaigns/broker_noise.py [--frames 200000] [--seed 1]

On CPython, and a tenth of it on the interpreter; prints how often each cause ended a stream. The
session itself meets garbage over sockets in tests/system/test_session.py.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

PROJECT = Path(__file__).parents[2]
sys.path[:0] = [str(PROJECT), str(PROJECT / "firmware"), str(PROJECT / "tests/core")]

from fake_broker import check_packets  # noqa: E402

from host_tools import interpreter  # noqa: E402
from host_tools.image import library_files, write_files  # noqa: E402

_ON_INTERPRETER = 10
_PROGRAM = """
import json, sys
sys.path[:] = ['.frozen', {library!r}, {tests!r}]
import fake_broker
print(json.dumps(fake_broker.check_packets({seed}, {streams})))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    print("CPython:", json.dumps(check_packets(args.seed, args.frames), sort_keys=True))
    found = interpreter.find()
    with tempfile.TemporaryDirectory(prefix="limen-campaign-") as library:
        write_files(library_files(), Path(library))
        program = _PROGRAM.format(
            library=library,
            tests=str(PROJECT / "tests/core"),
            seed=args.seed,
            streams=args.frames // _ON_INTERPRETER,
        )
        done = subprocess.run(
            [*found.command, "-c", program], capture_output=True, text=True, check=True
        )
    print(f"{found}:", done.stdout.strip())


if __name__ == "__main__":
    main()
