"""firmware/swap.py with the power failing before each single change of the file system."""

import json

import pytest

from script_disk import Disk, PowerCut, script_on

GONE = "/lib/limen/gone.mpy"
OLD = {
    GONE: b"gone",
    "/main.py": b"old main",
    "/lib/limen/__init__.mpy": b"o" * 1500,
    "/state/values.json": b"totals",
}
NEW = {"/main.py": b"new main", "/lib/limen/__init__.mpy": b"n" * 900, "/lib/limen/x.mpy": b"x"}
PLAN = {
    "state": "new",
    "starts": 0,
    "put": list(NEW),
    "added": ["/lib/limen/x.mpy"],
    "gone": [GONE],
}


def disk_of(cut=None, room=10**6):
    files = OLD | {"/new" + path: content for path, content in NEW.items()}
    return Disk(files | {"/update.json": json.dumps(PLAN).encode()}, cut, room)


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
    assert disk.files["/state/values.json"] == OLD["/state/values.json"]


def state(disk):
    name = "/update.json" if "/update.json" in disk.files else "/reverted.json"
    return json.loads(disk.files[name])["state"]


def has(disk, files):
    return all(disk.files.get(path) == content for path, content in files.items())


def changes_until_reverted():
    disk = disk_of()
    starts(disk, 6)
    assert state(disk) == "reverted"
    return disk.changes


def test_an_update_is_put_in_its_place_and_is_on_trial():
    disk = disk_of()
    assert starts(disk) == [True]
    assert has(disk, NEW) and state(disk) == "trial"
    assert GONE not in disk.files and disk.files["/old" + GONE] == OLD[GONE]
    assert starts(disk) == [False]
    assert disk.files["/old/main.py"] == OLD["/main.py"]


def test_three_starts_that_nobody_called_good_bring_the_old_files_back():
    disk = disk_of()
    assert starts(disk, 5) == [True, False, False, False, True]
    assert has(disk, OLD) and "/lib/limen/x.mpy" not in disk.files
    assert state(disk) == "reverted" and starts(disk) == [False]
    assert disk.files["/faults/update"] == b"three starts ended before the broker was reached"


def test_starts_that_somebody_at_the_prompt_asks_for_do_not_count():
    disk = disk_of()
    starts(disk)
    assert starts(disk, 9, after_reset=False) == [False] * 9
    assert state(disk) == "trial"


@pytest.mark.parametrize("cut", range(changes_until_reverted()))
def test_the_power_may_fail_before_any_change(cut):
    disk = disk_of(cut)
    seen = set()
    for _ in range(7):
        starts(disk)
        seen.add(state(disk))
        assert has(disk, NEW if state(disk) == "trial" else OLD)
        assert (GONE in disk.files) == (state(disk) != "trial")
    assert disk.cut is None and state(disk) == "reverted" and "/faults/update" in disk.files
    assert has(disk, OLD) and "/lib/limen/x.mpy" not in disk.files


def test_a_full_file_system_changes_nothing():
    disk = disk_of(room=1000)
    assert starts(disk) == [False]
    assert has(disk, OLD) and "/lib/limen/x.mpy" not in disk.files
    plan = json.loads(disk.files["/reverted.json"])
    assert (plan["state"], plan["why"]) == ("reverted", "the file system is full")
