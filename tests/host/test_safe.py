"""firmware/safe.py and last_good.py: what is counted, and the power failing before each change."""

import sys
from types import SimpleNamespace

import pytest

from limen.occasions import SECRETS
from script_disk import Disk, PowerCut, script_on

GOOD = {"/config.jsonl": b"good", "/birth.json": b"b" * 1300, "/client.key": b"good"}
BAD = {"/config.jsonl": b"bad", "/birth.json": b"c" * 1100, "/client.key": b"wrong"}
KEPT = {"/good" + path: content for path, content in GOOD.items()}
NAMES = {"/good/names.json": b'["config.jsonl", "birth.json", "client.key"]'}
DAY_S = 86400


class Chip:
    """What the scripts see of a chip: `memory` is the RTC's; the clock is ours."""

    PWRON_RESET, HARD_RESET, WDT_RESET, DEEPSLEEP_RESET, SOFT_RESET = 1, 2, 3, 4, 5

    def __init__(self, files=BAD):
        self.disk = Disk(files)
        self.now_s = 700_000_000
        self.content = b""
        self.resets = 0

    def RTC(self):
        return self

    def memory(self, content=None):
        if content is None:
            return self.content
        self.content = bytes(content)

    def reset(self):
        self.resets += 1

    def reset_cause(self):
        return self.cause

    def load(self):
        safe = script_on(self.disk, "safe")
        safe.time = SimpleNamespace(time=lambda: self.now_s, sleep=lambda s: None)
        return safe

    def start(self, cause=HARD_RESET, after_s=10):
        """What `boot.py` does, so long after the start before; the step that is taken."""
        self.now_s += after_s
        self.cause = cause
        safe = self.load()
        sys.modules["safe"] = safe
        try:
            if cause in (2, 3) or "restoring" in self.disk.listdir("/"):
                safe.start(self)
                assert ("safe" in sys.modules) == safe.is_safe
        finally:
            sys.modules.pop("safe", None)
        return "setup" if safe.is_hopeless else "safe" if safe.is_safe else "usual"

    def fail(self, error):
        self.load().end(self, error)

    def has(self, files):
        return all(self.disk.files.get(path) == content for path, content in files.items())


@pytest.fixture(autouse=True)
def micropython(monkeypatch):
    monkeypatch.setattr(sys, "print_exception", print, raising=False)


def test_the_last_good_configuration_then_safe_mode_then_setup_mode():
    chip = Chip(BAD | KEPT | NAMES)
    assert chip.start(Chip.PWRON_RESET) == "usual"
    steps = []
    for _ in range(5):
        chip.fail(ValueError("no pin", 44))
        steps.append((chip.start(), chip.has(GOOD)))
    assert chip.resets == 5
    assert steps == [
        ("usual", False), ("usual", False), ("usual", True), ("safe", True), ("setup", True)
    ]  # fmt: skip
    assert chip.disk.files["/faults/configuration"] == b"ValueError('no pin', 44)"
    assert chip.disk.files["/faults/safe_mode"] == b"ValueError('no pin', 44)"


def test_a_site_that_is_too_large_is_told_so_that_somebody_knows_what_to_do():
    chip = Chip(GOOD)
    chip.start(Chip.PWRON_RESET)
    for _ in range(3):
        chip.fail(MemoryError("memory allocation failed, allocating 405 bytes"))
        chip.start()
    assert chip.disk.files["/faults/safe_mode"] == (
        b"MemoryError: the site is too large for this board; leave out devices, or take one with "
        b"PSRAM"
    )


@pytest.mark.parametrize("good", [{}, KEPT, KEPT | NAMES])
def test_where_there_is_nothing_to_restore_safe_mode_comes_at_once(good):
    chip = Chip(GOOD | good)
    assert [chip.start(Chip.WDT_RESET) for _ in range(4)] == ["usual", "usual", "safe", "setup"]
    assert "/faults/configuration" not in chip.disk.files
    assert chip.disk.files["/faults/safe_mode"] == b"the watchdog reset the board"


@pytest.mark.parametrize(
    ("cause", "after_s", "memory"),
    [
        (Chip.HARD_RESET, 300, None),
        (Chip.WDT_RESET, DAY_S, None),
        (Chip.HARD_RESET, -DAY_S, None),  # the power was off, and the clock began anew
        (Chip.HARD_RESET, 10, b"restart"),
        (Chip.WDT_RESET, 10, b"restart"),  # the prompt feeds no watchdog
    ],
)
def test_what_does_not_count(cause, after_s, memory):
    chip = Chip()
    chip.start(), chip.start()
    chip.content = memory or chip.content
    steps = [chip.start(cause, after_s), chip.start(), chip.start(), chip.start()]
    assert steps == ["usual", "usual", "usual", "safe"]


@pytest.mark.parametrize("cause", [Chip.PWRON_RESET, Chip.SOFT_RESET, Chip.DEEPSLEEP_RESET])
def test_other_starts_take_no_step(cause):
    chip = Chip()
    assert [chip.start(cause) for _ in range(9)] == ["usual"] * 9


def test_memory_that_holds_something_else_counts_for_nothing():
    chip = Chip()
    chip.start(), chip.start()
    whole = chip.content
    for at in range(len(whole)):
        for torn in (whole[:at], whole[:at] + bytes([whole[at] ^ 0x10]) + whole[at + 1 :]):
            chip.content = torn
            assert chip.start() == "usual"
            assert chip.content[4] == 1
    chip.content = b"\xff" * 2048
    assert chip.start() == "usual"


def test_safe_mode_ends_with_one_more_try():
    chip = Chip()
    steps = [chip.start() for _ in range(3)]
    chip.content = b"retry"
    steps += [chip.start(after_s=3600), chip.start(), chip.start()]
    assert steps == ["usual", "usual", "safe", "usual", "safe", "setup"]


def test_ctrl_c_leads_to_the_prompt_and_is_no_early_end():
    chip = Chip()
    with pytest.raises(KeyboardInterrupt):
        chip.fail(KeyboardInterrupt())
    assert (chip.resets, chip.content) == (0, b"restart")


@pytest.mark.parametrize("text", ["x" * 500, "déjà\n\0 vu", ""])
def test_any_error_can_be_told(text):
    chip = Chip()
    for _ in range(3):
        chip.fail(ValueError(text))
        step = chip.start()
    told = chip.disk.files["/faults/safe_mode"].decode("ascii")
    assert step == "safe" and told.startswith("ValueError(") and len(told) <= 96


def test_a_full_file_system_does_not_keep_safe_mode_away():
    chip = Chip(BAD | KEPT | NAMES)
    chip.disk.room = 0
    assert [chip.start() for _ in range(5)] == ["usual", "usual", "usual", "safe", "setup"]
    assert chip.has(BAD)


def changes_of(act, files):
    disk = Disk(files)
    act(disk)
    return range(disk.changes)


def restored(disk):
    return script_on(disk, "last_good").restore("because")


@pytest.mark.parametrize("cut", changes_of(restored, BAD | KEPT | NAMES))
def test_the_power_may_fail_before_any_change_of_a_restore(cut):
    chip = Chip(BAD | KEPT | NAMES)
    chip.disk.cut = cut
    with pytest.raises(PowerCut):
        restored(chip.disk)
    has_begun = "/restoring" in chip.disk.files
    chip.content = b""
    chip.start(Chip.PWRON_RESET)
    assert chip.has(GOOD if has_begun or cut > 1 else BAD)
    if has_begun:
        assert chip.disk.files["/faults/configuration"] == b"because"
    assert "/restoring" not in chip.disk.files


def kept(disk):
    script_on(disk, "last_good").keep()


@pytest.mark.parametrize("before", [{}, KEPT | NAMES])
@pytest.mark.parametrize("cut", range(10))
def test_the_power_may_fail_while_files_are_kept(before, cut):
    disk = Disk(BAD | before, cut)
    try:
        kept(disk)
    except PowerCut:
        pass
    is_changed = restored(disk)
    assert all(disk.files[path] in (GOOD[path], BAD[path]) for path in GOOD)
    assert is_changed == ("/faults/configuration" in disk.files)
    assert {path: disk.files[path] for path in GOOD} in (GOOD, BAD)
    disk.cut = None
    kept(disk)
    assert all(disk.files["/good" + path] == disk.files[path] for path in GOOD)
    assert not restored(disk)


def test_the_secrets_that_prove_a_configuration_are_kept_with_it():
    told_by_the_hash = {"config.jsonl", "birth.json", "sparkplug.bin", "home_assistant.txt"}
    assert {*script_on(Disk({}), "last_good").FILES} == {*SECRETS} | told_by_the_hash
