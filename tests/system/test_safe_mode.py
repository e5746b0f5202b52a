"""A gateway that ends early again and again: last good configuration, safe mode."""

import json

import pytest

from console import troubles
from disk import files_on, put_on
from host_tools import interpreter
from host_tools.bytecode import compile_module
from host_tools.setup_access import setup_files
from host_tools.site import load_site
from oven_gateway import OvenGateway

pytestmark = pytest.mark.skipif(not interpreter.find_or_none(), reason="needs MicroPython")

CONFIGURATION = "/config.jsonl"
BASE = "limen/v1/hall-2/g1/"


class Gateway(OvenGateway):
    def __init__(self, folder, heap=None):
        super().__init__(folder, '["plain"]', heap=heap)
        self.births, self.faults = [], []
        self.broker.subscribe(BASE + "#", self._hear)

    def _hear(self, topic, payload, _retain):
        if topic == BASE + "birth":
            self.births.append(json.loads(payload))
        elif topic == BASE + "dev/gateway/event":
            bodies = [record[3] for record in json.loads(payload)["r"]]
            self.faults += [(body["fault"], body["why"]) for body in bodies if "fault" in body]


@pytest.fixture
def gateway(tmp_path):
    gateway = Gateway(tmp_path)
    gateway.run(8)
    yield gateway
    gateway.board.stop()


def broken(gateway, files):
    """Let the gateway start with these files in the places of its own."""
    gateway.board.power_cut()
    put_on(gateway.flash, files)
    gateway.board.start()


def with_bad_device(gateway):
    head, rest = files_on(gateway.flash)[CONFIGURATION].split(b"\n", 1)
    return {CONFIGURATION: head.replace(b'"hash":"', b'"hash":"f') + b"\n[]\n" + rest}


def test_a_configuration_that_ran_well_comes_back(gateway):
    assert not any("/good" in path for path in files_on(gateway.flash))
    gateway.run(310)
    before = files_on(gateway.flash)
    assert before["/good" + CONFIGURATION] == before[CONFIGURATION]
    assert (gateway.faults, troubles(gateway.console)) == ([], [])
    broken(gateway, with_bad_device(gateway))
    gateway.run(60)
    ((what, why),) = gateway.faults
    assert what == "configuration" and "Error" in why
    assert gateway.board.boots == 5
    after = files_on(gateway.flash)
    assert after[CONFIGURATION] == before[CONFIGURATION]
    assert not any(path.startswith(("/faults/", "/restoring")) for path in after)
    assert gateway.births[-1]["cfg"] == gateway.births[0]["cfg"]


def test_devices_that_end_the_start_are_left_out_for_an_hour(gateway):
    broken(gateway, with_bad_device(gateway))
    gateway.run(60)
    ((what, why),) = gateway.faults
    assert what == "safe_mode" and "Error" in why
    boots = gateway.board.boots
    gateway.run(3500)
    assert gateway.board.boots == boots
    gateway.run(100)
    assert gateway.board.boots == boots + 2
    assert [what for what, _ in gateway.faults] == ["safe_mode"] * 2


def test_a_driver_that_hangs_is_left_out(gateway):
    hanging = compile_module(b"import time\nwhile True:\n    time.sleep(1)\n", "hanging")
    broken(gateway, {"/lib/limen/drivers_modbus_rtu.mpy": hanging})
    gateway.run(120)
    assert gateway.faults == [("safe_mode", "the watchdog reset the board")]
    assert gateway.births[-1]["reset"] == "watchdog"


@pytest.mark.parametrize("kilobytes", [66, 72, 78])
def test_a_site_that_is_too_large_for_the_board_is_told_so(tmp_path, kilobytes):
    gateway = Gateway(tmp_path, kilobytes * 1024)
    gateway.run(200)
    gateway.board.stop()
    ((what, why),) = gateway.faults
    assert what == "safe_mode"
    assert why.startswith("MemoryError: the site is too large for this board; leave out devices")
    assert f"limen: {why}" in gateway.console
    assert f"limen: safe mode, as it ended early: {why}" in gateway.console
    assert gateway.board.boots == 4


def test_a_torn_configuration_is_replaced_at_once(gateway):
    site = load_site(gateway.flash.path.parent / "site.toml")
    gateway.run(310)
    files = files_on(gateway.flash)
    broken(gateway, setup_files(site, "g1") | {CONFIGURATION: b'{"torn'})
    boots = gateway.board.boots
    gateway.run(20)
    assert gateway.faults == [("configuration", "/config.jsonl is not there, or damaged")]
    assert (gateway.board.boots, files_on(gateway.flash)[CONFIGURATION]) == (
        boots + 1,
        files[CONFIGURATION],
    )


def test_a_program_that_cannot_be_loaded_ends_up_in_setup_mode(gateway):
    site = load_site(gateway.flash.path.parent / "site.toml")
    setup = setup_files(site, "g1")["/setup.json"]
    broken(gateway, {"/setup.json": setup, "/lib/limen/__init__.mpy": b"broken"})
    gateway.run(200)
    words = "limen: setup mode, as it ends early, even without its devices: the watchdog reset"
    assert any(line.startswith(words) for line in gateway.console)
    assert gateway.board.access_point[0] == "limen-g1"
