"""`limen restore`: gives a board what `limen backup` saved, such as the successor of a dead one.

The totals go on where they were, under the old name, but as a new incarnation: records of the new
board are never taken for repetitions of the old one's. A configuration that is on the board already
stays, if it is that of the same gateway.
"""

import argparse
from pathlib import Path

from host_tools.backup import CONFIGURED, SECRET, STATE, name_in, read_backup, state_file, state_in
from host_tools.errors import Kind, ToolError
from host_tools.gateway_image import CONFIGURATION
from host_tools.prompt import Prompt

_OF_THE_OLD_BOARD = ("inc", "boot", "alone", "restart")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="what `limen backup` wrote")
    parser.add_argument("--port", required=True, help="/dev/ttyUSB0, rfc2217://HOST:PORT...")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be written")


def run(args: argparse.Namespace) -> int:
    saved = read_backup(args.file)
    site, gateway = name_in(saved, str(args.file))
    values = state_in(saved)
    kept = {name: value for name, value in values.items() if name not in _OF_THE_OLD_BOARD}
    with Prompt(args.port) as prompt:
        files = _missing(prompt, saved, (site, gateway), args.port) | {STATE: state_file(kept)}
        if not args.dry_run:
            for path, content in files.items():
                prompt.write(path + ".new", content)
                prompt.rename(path + ".new", path)
    totals = sum(name.startswith("count.") for name in kept)
    print(f"{site}/{gateway}: {totals} totals of counters, and {', '.join(files)}.")
    if args.dry_run:
        print("Nothing was written.")
    else:
        print("The board starts anew with them, as a new incarnation.")
    return 0


def _missing(prompt: Prompt, saved: dict, name: tuple[str, str], port: str) -> dict[str, bytes]:
    """What of the configuration and the secrets is not on the board."""
    own = prompt.read(CONFIGURATION)
    if own is not None:
        there = name_in({CONFIGURATION: own}, f"The board at {port}")
        if there != name:
            raise ToolError(
                f"The board at {port} is {'/'.join(there)}, the backup is of {'/'.join(name)}; "
                "nothing was written. Flash the board as that gateway first (`limen flash`).",
                Kind.BOARD,
            )
    wanted = [path for path in (*CONFIGURED, *SECRET) if path in saved]
    there = prompt.digests(wanted)
    return {path: saved[path] for path in wanted if there[path] is None}
