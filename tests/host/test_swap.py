"""firmware/swap.py with the power failing before each single change of the file system."""

import io
import json
from types import SimpleNamespace

import pytest

from host_tools.paths import FIRMWARE

GONE = "/lib/limen/gone.mpy"
OLD = {
    GONE: b"gone",
    "/main.py": b"old main",
    "/lib/limen/__init__.mpy": b"o" * 1500,
    "/state.json": b"totals",
}
NEW = {"/main.py": b"new main", "/lib/limen/__init__.mpy": b"n" * 900, "/lib/limen/x.mpy": b"x"}
PLAN = {
    "state": "new",
    "starts": 0,
    "put": list(NEW),
    "added": ["/lib/limen/x.mpy"],
    "gone": [GONE],
}


class PowerCut(Exception):
    pass


class Disk:
    """What LittleFS promises: a file has its content once it is closed, a rename is one step.

    The power fails at the change number `cut`; `room` is for new files, in bytes.
    """

    def __init__(self, cut=None, room=10**6):
        self.files = OLD | {"/new" + path: content for path, content in NEW.items()}
        self.files["/update.json"] = json.dumps(PLAN).encode()
        self.folders = {"/lib", "/lib/limen", "/new", "/new/lib", "/new/lib/limen"}
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

    def mkdir(self, path):
        self.change()
        assert path.rpartition("/")[0] in self.folders | {""}
        self.folders.add(path)

    def remove(self, path):
        self.change()
        del self.files[path]

    def rename(self, path, to):
        self.change()
        self.files[to] = self.files.pop(path)

    def open(self, path, mode="r"):
        if "w" not in mode:
            content = self.files[path]
            return io.BytesIO(content) if "b" in mode else io.StringIO(content.decode())
        return Written(self, path, mode)

    def write(self, path, content):
        assert path.rpartition("/")[0] in self.folders | {""}
        if len(content) > self.room:
            raise OSError(28)
        self.change()
        self.files[path] = content


class Written:
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
    """A script of the firmware that has this disk."""
    script = SimpleNamespace()
    exec(compile((FIRMWARE / f"{name}.py").read_text(), name, "exec"), vars(script))
    script.os, script.open = disk, disk.open
    vars(script)["__import__"] = lambda other: script_on(disk, other)
    return script


def starts(disk, count=1, after_reset=True):
    """So many starts of `boot.py`; one in which the power fails is not counted. True at a reset."""
    resets = []
    while len(resets) < count:
        try:
            resets.append("/update.json" in disk.files and script_on(disk, "swap").go(after_reset))
        except PowerCut:
            assert_none_is_torn(disk)
    return resets


def assert_none_is_torn(disk):
    for path in ("/main.py", "/lib/limen/__init__.mpy"):
        assert disk.files[path] in (OLD[path], NEW[path])
    assert disk.files["/state.json"] == OLD["/state.json"]


def state(disk):
    name = "/update.json" if "/update.json" in disk.files else "/reverted.json"
    return json.loads(disk.files[name])["state"]


def has(disk, files):
    return all(disk.files.get(path) == content for path, content in files.items())


def changes_until_reverted():
    disk = Disk()
    starts(disk, 6)
    assert state(disk) == "reverted"
    return disk.changes


def test_an_update_is_put_in_its_place_and_is_on_trial():
    disk = Disk()
    assert starts(disk) == [True]
    assert has(disk, NEW) and state(disk) == "trial"
    assert GONE not in disk.files and disk.files["/old" + GONE] == OLD[GONE]
    assert starts(disk) == [False]
    assert disk.files["/old/main.py"] == OLD["/main.py"]


def test_three_starts_that_nobody_called_good_bring_the_old_files_back():
    disk = Disk()
    assert starts(disk, 5) == [True, False, False, False, True]
    assert has(disk, OLD) and "/lib/limen/x.mpy" not in disk.files
    assert state(disk) == "reverted" and starts(disk) == [False]
    assert disk.files["/faults/update"] == b"three starts ended before the broker was reached"


def test_starts_that_somebody_at_the_prompt_asks_for_do_not_count():
    disk = Disk()
    starts(disk)
    assert starts(disk, 9, after_reset=False) == [False] * 9
    assert state(disk) == "trial"


@pytest.mark.parametrize("cut", range(changes_until_reverted()))
def test_the_power_may_fail_before_any_change(cut):
    disk = Disk(cut)
    seen = set()
    for _ in range(7):
        starts(disk)
        seen.add(state(disk))
        assert has(disk, NEW if state(disk) == "trial" else OLD)
        assert (GONE in disk.files) == (state(disk) != "trial")
    assert disk.cut is None and state(disk) == "reverted" and "/faults/update" in disk.files
    assert has(disk, OLD) and "/lib/limen/x.mpy" not in disk.files


def test_a_full_file_system_changes_nothing():
    disk = Disk(room=1000)
    assert starts(disk) == [False]
    assert has(disk, OLD) and "/lib/limen/x.mpy" not in disk.files
    plan = json.loads(disk.files["/reverted.json"])
    assert (plan["state"], plan["why"]) == ("reverted", "the file system is full")
