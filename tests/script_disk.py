"""Scripts of the firmware on a file system whose power fails before a chosen change."""

import io
from types import SimpleNamespace

from host_tools.paths import FIRMWARE


class PowerCut(Exception):
    pass


class Disk:
    """What LittleFS promises: a file has its content once it is closed, a rename is one step.

    The power fails at the change number `cut`; `room` is for new files, in bytes.
    """

    def __init__(self, files, cut=None, room=10**6):
        self.files = dict(files)
        parents = {path.rpartition("/")[0] for path in files}
        self.folders = parents | {parent.rpartition("/")[0] for parent in parents}
        self.cut, self.room = cut, room
        self.changes = 0

    def change(self):
        if self.changes == self.cut:
            self.cut = None
            raise PowerCut
        self.changes += 1

    def stat(self, path):
        if path not in self.files and path not in self.folders:
            raise OSError(2)

    def listdir(self, folder):
        assert folder == "/"
        return [path[1:] for path in {*self.files, *self.folders} if path.rfind("/") == 0]

    def mkdir(self, path):
        self.change()
        assert path.rpartition("/")[0] in self.folders | {""}
        self.folders.add(path)

    def remove(self, path):
        self.change()
        del self.files[path]

    def rename(self, path, to):
        self.change()
        assert to.rpartition("/")[0] in self.folders | {""}
        self.files[to] = self.files.pop(path)

    def open(self, path, mode="r"):
        if "w" in mode:
            return _Written(self, path, mode)
        if path not in self.files:
            raise OSError(2)
        content = self.files[path]
        return io.BytesIO(content) if "b" in mode else io.StringIO(content.decode())

    def write(self, path, content):
        assert path.rpartition("/")[0] in self.folders | {""}
        if len(content) > self.room:
            raise OSError(28)
        self.change()
        self.files[path] = content


class _Written:
    def __init__(self, disk, path, mode):
        self.disk, self.path = disk, path
        self.buffer = io.BytesIO() if "b" in mode else io.StringIO()
        self.write = self.buffer.write

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is None:
            content = self.buffer.getvalue()
            self.disk.write(self.path, content if isinstance(content, bytes) else content.encode())


def script_on(disk, name):
    """A script of the firmware that has this disk, and so have the scripts that it loads."""
    script = SimpleNamespace(__name__=name)
    exec(compile((FIRMWARE / f"{name}.py").read_text(), name, "exec"), vars(script))
    script.os, script.open = disk, disk.open
    vars(script)["__import__"] = lambda other: script_on(disk, other)
    return script
