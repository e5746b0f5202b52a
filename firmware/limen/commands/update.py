"""Takes an update over the network: files in pieces to /new, checked as a whole, then a restart.

Nothing that runs is touched: `swap` puts the files in their places at the next start, and `trial`
watches over them. Secrets neither come nor go this way, and nothing that the gateway keeps itself.
"""

import asyncio
import binascii
import hashlib
import os

from limen.commands.restart import restart_answered
from limen.commands.trial import PLAN, stored_plan
from limen.core.compat import const

NEW = "/new"
_PROGRAMS = "/lib"
_FOLDER = const(0x4000)
_NAMES_AT_ONCE = const(8)
_PIECE = const(512)
_DIGITS = const(16)
_SUFFIXES = (".mpy", ".py", ".txt", ".html", ".bin")
_NAMES = ("/config.jsonl", "/birth.json", PLAN)


def run(gateway, request):
    """{"of": [paths]} → {"digests": [...]}, null for what is not there; {"in": folder, "from":
    number} → {"programs": [[name, digest], ...]}, the next few, null for folders; {"put": path,
    "at": bytes, "data": base64} → {"size": bytes that are there now}; {"install": digest of the
    plan} → {}.
    """
    if "of" in request:
        if not isinstance(request["of"], list):
            raise ValueError('"of" must be a list of paths')
        return {"digests": [digest(_allowed(path)) for path in request["of"]]}
    if "in" in request:
        return {"programs": _programs(request["in"], request.get("from"))}
    if digest(PLAN):
        raise ValueError("an earlier update is still on trial; try again in five minutes")
    if "put" in request:
        return {"size": _put(_allowed(request["put"]), request.get("at"), request.get("data"))}
    _install(request.get("install"))
    asyncio.create_task(restart_answered(gateway))
    return {}


def digest(path):
    """The first 16 digits of a file's SHA-256, None if it is not there."""
    whole = hashlib.sha256()
    piece = bytearray(_PIECE)
    try:
        with open(path, "rb") as file:
            while True:
                count = file.readinto(piece)
                if not count:
                    return binascii.hexlify(whole.digest()).decode()[:_DIGITS]
                whole.update(memoryview(piece)[:count])
    except OSError:
        return None


def _allowed(path):
    """A path that an update may have; below /new it lies before it is installed."""
    if not isinstance(path, str) or ".." in path:
        raise ValueError("a path must be a text without ..")
    place = path[len(NEW) :] if path.startswith(NEW + "/") else path
    if place in _NAMES or place.startswith("/") and place.endswith(_SUFFIXES):
        return path
    raise ValueError("%s is no file of an update" % path)


def _programs(folder, begin):
    """A few, as all of them would not fit into memory."""
    if not _is_program(folder + "/" if isinstance(folder, str) else folder):
        raise ValueError("%s is no folder of programs" % folder)
    if not isinstance(begin, int):
        raise ValueError('"from" must be a number of programs')
    try:
        entries = os.ilistdir(folder)
    except OSError:
        return []
    found = []
    for number, entry in enumerate(entries):
        if begin <= number < begin + _NAMES_AT_ONCE:
            is_folder = entry[1] == _FOLDER
            found.append((entry[0], None if is_folder else digest(folder + "/" + entry[0])))
    return found


def _is_program(path):
    return isinstance(path, str) and path.startswith(_PROGRAMS + "/") and ".." not in path


def _put(path, at, data):
    """Add a piece to a file below /new; one that comes at another place than its end is not added,
    and whoever sends it goes on from the size that is there."""
    try:
        piece = binascii.a2b_base64(data)
    except (TypeError, ValueError):
        raise ValueError("the data must be base64")
    if not isinstance(at, int):
        raise ValueError('"at" must be a number of bytes')
    path = NEW + path
    size = _size(path)
    if at != size and at != 0:
        return size
    try:
        _make_folders(path)
        with open(path, "ab" if at else "wb") as file:
            file.write(piece)
    except OSError as error:
        raise ValueError("the file system refuses (%s); is it full?" % error)
    return at + len(piece)


def _install(expected):
    """Check all of the plan's files, then let the plan hold."""
    if not expected or digest(NEW + PLAN) != expected:
        raise ValueError("the plan did not come as it was sent")
    plan = stored_plan(NEW + PLAN)
    for path in plan.get("gone", ()):
        if not _is_program(path):
            raise ValueError("%s is no program, and stays" % path)
    for path, name in plan["digests"].items():
        if digest(NEW + _allowed(path)) != name:
            raise ValueError("%s did not come as it was sent" % path)
    os.rename(NEW + PLAN, PLAN)


def _make_folders(path):
    at = path.find("/", 1)
    while at > 0:
        try:
            os.mkdir(path[:at])
        except OSError:
            pass  # it is there
        at = path.find("/", at + 1)


def _size(path):
    try:
        return os.stat(path)[6]
    except OSError:
        return 0
