"""What only some starts have to do: loaded at the end of each, and dropped at once.

An update is on trial, a fault is to be told, a configuration is new, a command waits that needs the
memory of the devices, or this is safe mode, which ends after an hour: then the devices are tried
again.
"""

import asyncio
import json
import os
import sys

from limen.core.compat import const
from limen.core.late import Borrowed

_SAFE_S = const(3600)
SECRETS = ("secrets.json", "ca.der", "client.der", "client.key")
"""Those of `last_good.FILES` that the hash does not tell of; to load that takes 2 KB, just here."""


def attend(gateway):
    names = os.listdir("/")
    if "update.json" in names:
        with Borrowed():
            from limen.commands.trial import start_trial

        start_trial(gateway)
    if "faults" in names:
        with Borrowed():
            from limen.service.fault import tell_faults

        asyncio.create_task(tell_faults(gateway.outbox, gateway.tell_own))
    if "safe" in sys.modules:
        asyncio.create_task(_leave_safe_mode())
    elif not gateway.alone and not _is_proven():
        gateway.supervisor.unproven = gateway.link or gateway.node_link
    if isinstance(gateway.alone, dict):
        request = json.dumps(gateway.alone["request"]).encode()
        gateway.on_message(gateway.alone["topic"].encode(), request, False)


def _is_proven():
    """Whether this is the last good configuration, with the same secrets."""
    try:
        os.stat("/good/names.json")
    except OSError:
        return False
    if _content("/config.jsonl", True) != _content("/good/config.jsonl", True):
        return False
    for name in SECRETS:
        if _content("/" + name) != _content("/good/" + name):
            return False
    return True


def _content(path, is_hashed=False):
    """Of what is hashed the first line, which has the hash of all that comes from the site file."""
    try:
        with open(path, "rb") as file:
            return file.readline() if is_hashed else file.read()
    except OSError:
        return None


async def _leave_safe_mode():
    await asyncio.sleep(_SAFE_S)
    from limen.hal.restart import restart

    restart(b"retry")
