"""World and interpreters in virtual time share a core, and the world is free again afterwards."""

import os
import subprocess
import sys

import pytest

from host_tools.emulation.one_core import OneCore


@pytest.fixture
def pids():
    command = [sys.executable, "-c", "input()"]
    processes = [subprocess.Popen(command, stdin=subprocess.PIPE) for _ in range(2)]
    yield [process.pid for process in processes]
    for process in processes:
        process.communicate()


def test_all_that_take_turns_are_on_one_core_until_the_last_has_left(pids):
    allowed = os.sched_getaffinity(0)
    core = OneCore()
    for pid in pids:
        core.join(pid)
    shared = os.sched_getaffinity(0)
    assert len(shared) == 1
    assert [os.sched_getaffinity(pid) for pid in pids] == [shared, shared]
    core.leave()
    assert os.sched_getaffinity(0) == shared
    core.leave()
    assert os.sched_getaffinity(0) == allowed


def test_a_core_that_the_user_forbids_is_never_taken(pids):
    allowed = os.sched_getaffinity(0)
    last = max(allowed)
    os.sched_setaffinity(0, {last})
    core = OneCore()
    core.join(pids[0])
    assert os.sched_getaffinity(pids[0]) == {last}
    core.leave()
    assert os.sched_getaffinity(0) == {last}
    os.sched_setaffinity(0, allowed)
