"""Small named values that survive power cuts: incarnation, boot counter, totals.

All values lie in one file: a line of JSON and its CRC-32. It is written beside the old one and
renamed over it, so a power cut leaves the old or the new file, whole. Changes are gathered for
some seconds before they are written, because every write wears the flash; `save` writes at once.
A file that does not match its CRC is set aside and counted, and the gateway begins a new
incarnation: it must not go on under names that it may have used.

The file has a folder of its own: littlefs walks through all names of a folder several times for
each change, and copies them all whenever their block is full.
"""

import asyncio
import binascii
import json
import os

from limen.core.compat import const

_GATHER_S = const(30)
PATH = "/state/values.json"
_FORMER = "/state.json"  # the first versions had it beside many other files


def make_place():
    """Make the folder, and move what an earlier version kept."""
    try:
        os.mkdir("/state")
    except OSError:
        pass  # it is there; a flash that refuses will refuse the file, too
    try:
        os.rename(_FORMER, PATH)
    except OSError:
        pass


class Store:
    """Values in the file `path`."""

    def __init__(self, path=PATH):
        self._path = path
        self.values = {}
        self.corrupt = False
        self.writes = self.failures = 0
        self._dirty = False
        self._load()

    def _load(self):
        try:
            with open(self._path, "rb") as file:
                text, _, crc = file.read().rpartition(b"\n")
        except OSError:
            return
        try:
            if int(crc, 16) == binascii.crc32(text):
                self.values = json.loads(text)
                return
        except ValueError:
            pass
        self.corrupt = True
        os.rename(self._path, self._path + ".bad")

    def get(self, name, default=None):
        return self.values.get(name, default)

    def set(self, name, value):
        """Change a value; it is on flash within half a minute."""
        if self.values.get(name) != value:
            self.values[name] = value
            self._dirty = True

    def save(self):
        """Write what changed; a flash that refuses is counted, and tried again later."""
        if not self._dirty:
            return
        beside = self._path + ".new"
        try:
            with open(beside, "wb") as file:
                crc = self._write(file)
                file.write(b"\n%08x" % crc)
            os.rename(beside, self._path)
        except OSError:
            self.failures += 1
            return
        self.writes += 1
        self._dirty = False

    def _write(self, file):
        """Write the values as one JSON object, a value at a time, as a heap that is nearly full has
        no room for the whole; return the CRC."""
        crc, before = 0, b"{"
        for name, value in self.values.items():
            for part in (before, json.dumps(name).encode(), b":", json.dumps(value).encode()):
                crc = binascii.crc32(part, crc)
                file.write(part)
            before = b","
        file.write(b"}")
        return binascii.crc32(b"}", crc)

    async def run(self, pulse):
        while True:
            pulse.beat(_GATHER_S * 2)
            await asyncio.sleep_ms(_GATHER_S * 1000)
            self.save()
