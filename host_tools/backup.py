"""`limen backup`: what a gateway keeps, from its serial port into one file.

In it are the totals of its counters and all else that it has learnt, and its configuration. Secrets
are in it only where they are asked for, and then that is said loudly. Records that still wait are
not: they bear the incarnation of the old board, and nobody else may send them.
"""

import argparse
import binascii
import contextlib
import datetime
import io
import json
import os
import zipfile
from pathlib import Path

from host_tools.errors import ToolError
from host_tools.gateway_image import (
    BIRTH,
    CONFIGURATION,
    HOME_ASSISTANT,
    SECRETS,
    SPARKPLUG,
)
from host_tools.prompt import Prompt
from host_tools.site_secrets import CA, CERTIFICATE, KEY

STATE = "/state/values.json"
_FORMER_STATE = "/state.json"  # where the first versions of the firmware have it
CONFIGURED = (CONFIGURATION, BIRTH, SPARKPLUG, HOME_ASSISTANT, CA)
SECRET = (SECRETS, CERTIFICATE, KEY)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", required=True, help="/dev/ttyUSB0, rfc2217://HOST:PORT...")
    parser.add_argument("--out", type=Path, metavar="FILE", help="default: GATEWAY-DATE.zip")
    parser.add_argument("--secrets", action="store_true", help="passwords and keys, too")
    parser.add_argument("--dry-run", action="store_true", help="read all, but write no file")


def run(args: argparse.Namespace) -> int:
    wanted = (STATE, *CONFIGURED, *(SECRET if args.secrets else ()))
    with Prompt(args.port) as prompt:
        found = {path: prompt.read(path) for path in wanted}
        if found[STATE] is None:
            found[STATE] = prompt.read(_FORMER_STATE)
    files = {path: content for path, content in found.items() if content is not None}
    site, gateway = name_in(files, f"The board at {args.port}")
    path = args.out or Path(f"{gateway}-{datetime.date.today():%Y-%m-%d}.zip")
    totals = sum(name.startswith("count.") for name in state_in(files))
    print(f"{site}/{gateway}: {len(files)} files, {totals} totals of counters.")
    if args.dry_run:
        print(f"Nothing was written; {path} is where it would go.")
        return 0
    _write(path, files)
    if set(files) & set(SECRET):
        print(
            f"WARNING: {path} HOLDS PASSWORDS AND KEYS THAT ANYBODY CAN READ WHO HAS IT. Delete it "
            "when it is no longer needed."
        )
    print(f"Wrote {path}.")
    return 0


def read_backup(path: Path) -> dict[str, bytes]:
    """{path on the gateway: content}; ToolError where that is no backup."""
    try:
        with zipfile.ZipFile(path) as archive:
            files = {f"/{name}": archive.read(name) for name in archive.namelist()}
            if _FORMER_STATE in files:
                files[STATE] = files.pop(_FORMER_STATE)
    except OSError as error:
        raise ToolError(f"{path} cannot be read: {error.strerror}.", 2) from None
    except (zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, ValueError) as error:
        raise ToolError(f"{path} is no backup, or is damaged: {error}.", 2) from None
    if set(files) - {STATE, *CONFIGURED, *SECRET}:
        raise ToolError(f"{path} is not what `limen backup` writes.", 2)
    return files


def name_in(files: dict[str, bytes], whose: str) -> tuple[str, str]:
    """Site and gateway of a stored configuration."""
    with contextlib.suppress(KeyError, ValueError, IndexError, TypeError):
        head = json.loads(files[CONFIGURATION].splitlines()[0])
        return head["site"], head["gateway"]
    raise ToolError(f"{whose} has no configuration of a gateway.")


def state_in(files: dict[str, bytes]) -> dict:
    """The values that the gateway keeps; ToolError where the file is broken."""
    if STATE not in files:
        return {}
    text, _, crc = files[STATE].rpartition(b"\n")
    with contextlib.suppress(ValueError):
        if int(crc, 16) == binascii.crc32(text):
            return json.loads(text)
    raise ToolError(f"{STATE} is broken: its check sum does not fit.")


def state_file(values: dict) -> bytes:
    """As limen.service.store writes it."""
    text = json.dumps(values).encode()
    return text + b"\n%08x" % binascii.crc32(text)


def _write(path: Path, files: dict[str, bytes]) -> None:
    """Whole or not at all, and for its owner only."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name.lstrip("/"), content)
    beside = path.with_name(path.name + ".new")
    try:
        with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(whole.getvalue())
        beside.replace(path)
    except OSError as error:
        raise ToolError(f"{path} cannot be written: {error.strerror}.") from None
