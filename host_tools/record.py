"""`limen record`: what gateways publish, as a recording that `limen replay` plays.

Samples gather in a file beside the recording, which is written at the end: after --for, or on
Ctrl-C. Until then the broker keeps what comes while the command does not run, so a recording that
was killed goes on where it was, without loss, when the same command is given again.
"""

import argparse
import hashlib
import sys
from pathlib import Path

from host_tools import broker_arguments
from host_tools.client import Client
from host_tools.client.connection import Address, forget_session
from host_tools.errors import ToolError
from host_tools.recorder import Recorder
from host_tools.table_file import is_parquet, require_pyarrow


def add_arguments(parser: argparse.ArgumentParser) -> None:
    broker_arguments.add_arguments(parser)
    parser.add_argument(
        "--out", type=Path, metavar="FILE", required=True, help="ends in .csv or .parquet"
    )


def run(args: argparse.Namespace) -> int:
    duration_s = broker_arguments.duration_s(args)
    gateways = broker_arguments.require_gateways(args)
    address = broker_arguments.address(args)
    _require_writable(args.out)
    part = args.out.with_name(args.out.name + ".part")
    if part.exists():
        _say(f"going on with {part}")
    recorder = Recorder(part)
    client_id = session_name(args.out)
    client = Client(address, client_id, recorder.state, gateways, _complain)
    try:
        _listen(client, recorder, duration_s)
    except KeyboardInterrupt:
        pass
    _finish(recorder, args.out, part)
    _forget(address, client_id)
    return 0


def session_name(out: Path) -> str:
    """The client id of a recording: the same for the same file, and for no other."""
    return "limen-record-" + hashlib.sha256(str(out.resolve()).encode()).hexdigest()[:8]


def _listen(client: Client, recorder: Recorder, duration_s: float | None) -> None:
    with client:
        for batch in client.batches(duration_s):
            for item in batch:
                recorder.take(item)


def _finish(recorder: Recorder, out: Path, part: Path) -> None:
    rows = recorder.write(out)
    missing, unplaced = recorder.missing(), recorder.unplaced()
    recorder.close()
    part.unlink()
    _say(f"{rows} rows in {out}")
    if missing:
        _say(f"{missing} records did not come: the gateways had lost them")
    if unplaced:
        _say(f"{unplaced} samples are left out: nobody told their time")


def _require_writable(out: Path) -> None:
    if out.suffix.lower() not in (".csv", ".parquet"):
        raise ToolError(f"--out {out} must end in .csv or .parquet.", 2)
    if is_parquet(out):
        require_pyarrow()
    if out.exists():
        raise ToolError(f"{out} is there already: name another file, or remove it.", 2)
    if not out.parent.is_dir():
        raise ToolError(f"The folder {out.parent} is not there.", 2)


def _forget(address: Address, client_id: str) -> None:
    try:
        forget_session(address, client_id)
    except OSError as error:
        _say(f"the broker still keeps the session {client_id}: {error}")


def _complain(problem: str) -> None:
    _say(f"{problem}; trying again")


def _say(sentence: str) -> None:
    print(f"limen record: {sentence}", file=sys.stderr)
