"""What the tests of profiles share: compact configurations, and both Pythons to read them."""

import json
import math
import subprocess
from fractions import Fraction

import pytest

from host_tools import interpreter
from host_tools.errors import ToolError
from host_tools.image import library_files, write_files
from host_tools.paths import PROJECT, TOOLS
from host_tools.profile import load_profile
from limen.core.config import check


def compact_device(name, channels, writable=()):
    """The compact configuration of a device that lists these channels, as the gateway stores it;
    the site allows some to be written."""
    board = {"network": "wifi", "uart": [1], "output": [1, 3], "input": []}
    board["port"] = [{"uart": 1, "tx": 1, "rx": 3, "de": None, "high": []}]
    device = {"id": "m", "profile": name, "bus": "b", "address": 17}
    device["channels"] = {
        channel: {"writable": True} if channel in writable else {} for channel in channels
    }
    bus = {"id": "b", "kind": "modbus-rtu"}
    gateway = {"board": "one", "bus": [bus], "device": [device]}
    site = {"site": {"id": "s"}, "mqtt": {"host": "h"}, "gateway": {"g": gateway}}
    compact, problems = check(site, "g", {name: load_profile(name)}, {"one": board})
    assert problems == []
    return compact["device"][0]


def nearest(exact):
    """The integer nearest to a fraction, ties away from zero."""
    magnitude = math.floor(abs(exact) + Fraction(1, 2))
    return -magnitude if exact < 0 else magnitude


def read_in_interpreter(jobs, folder):
    """What `meter_reader` reads in the interpreter that stands for the chip; skips without it."""
    try:
        command = interpreter.find().command
    except ToolError as error:
        pytest.skip(str(error))
    write_files(library_files(), folder / "lib")
    (folder / "jobs.jsonl").write_text("".join(json.dumps(job) + "\n" for job in jobs))
    folders = [str(folder / "lib"), str(TOOLS / "frozen"), str(PROJECT / "tests")]
    script = f"import sys; sys.path[:] = ['.frozen'] + {folders!r}; import meter_reader; "
    script += f"meter_reader.main({str(folder / 'jobs.jsonl')!r})"
    done = subprocess.run([*command, "-X", "heapsize=4M", "-c", script], capture_output=True)
    assert done.returncode == 0, done.stderr.decode() + done.stdout.decode()
    return [json.loads(line) for line in done.stdout.splitlines()]
