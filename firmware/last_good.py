"""Keeps the configuration that went well last, and puts it back.

/good has copies of its files. Power may fail anywhere: the list of them comes last, and without it
there are none; /restoring is there from before the first file is put back until all are, and says
why. Each file is old or new, whole. What the broker is to be told lies in /faults, a file for each
kind of fault, until it has been received (`limen.service.fault`).
"""

import json
import os
import sys

FILES = (
    "config.jsonl", "birth.json", "secrets.json", "sparkplug.bin", "home_assistant.txt",
    "ca.der", "client.der", "client.key",
)  # fmt: skip
_GOOD = "/good/"
_LIST = "/good/names.json"
_RESTORING = "/restoring"
_PIECE = 512


def keep():
    """The files as they are now are good ones."""
    _make("/good")
    if _is_there(_LIST):
        os.remove(_LIST)
    names = [name for name in FILES if _is_there("/" + name)]
    for name in names:
        _copy("/" + name, _GOOD + name)
    with open(_LIST, "w") as file:
        json.dump(names, file)


def prove():
    """Keep the files if there is room for them, and forget this module."""
    try:
        keep()
    except OSError as error:
        sys.print_exception(error)
    del sys.modules["last_good"]


def restore(why):
    """Put the good files in their places; False if they are there already, or there are none."""
    if all(_is_same("/" + name, _GOOD + name) for name in _good_names()):
        return False
    with open(_RESTORING, "w") as file:
        file.write(why)
    finish()
    return True


def finish():
    """Put back what is not there yet."""
    for name in _good_names():
        if not _is_same("/" + name, _GOOD + name):
            _copy(_GOOD + name, "/" + name)
    print("limen: the last good configuration is back")
    _make("/faults")
    os.rename(_RESTORING, "/faults/configuration")


def tell(fault, why):
    """Let the gateway tell its broker of a fault."""
    _make("/faults")
    with open("/faults/" + fault, "w") as file:
        file.write(why)


def _good_names():
    try:
        with open(_LIST) as file:
            return json.load(file)
    except (OSError, ValueError):
        return []


def _copy(path, to):
    piece = bytearray(_PIECE)
    with open(path, "rb") as source, open(to + ".new", "wb") as target:
        while True:
            count = source.readinto(piece)
            if not count:
                break
            target.write(memoryview(piece)[:count])
    os.rename(to + ".new", to)


def _is_same(path, other):
    try:
        with open(path, "rb") as one, open(other, "rb") as two:
            while True:
                piece = one.read(_PIECE)
                if piece != two.read(_PIECE):
                    return False
                if not piece:
                    return True
    except OSError:
        return False


def _make(folder):
    if not _is_there(folder):
        os.mkdir(folder)


def _is_there(path):
    try:
        os.stat(path)
        return True
    except OSError:
        return False
