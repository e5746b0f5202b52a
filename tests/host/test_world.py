"""What an emulated world is made from: sites, flash files, time, meters."""

import pytest

from host_tools.emulation.line import Framing
from host_tools.emulation.meter_models import MODELS
from host_tools.emulation.scheduler import VirtualScheduler
from host_tools.emulation.signals import Constant
from host_tools.emulation.time_server import time_reply
from host_tools.errors import ToolError
from host_tools.fault_plan import PlannedFault
from host_tools.gateway_image import CONFIGURATION
from host_tools.paths import PROJECT
from host_tools.plan import plan_of_flash, plan_of_site
from host_tools.plan_arguments import EXAMPLES
from host_tools.profile import load_profile
from host_tools.site import sealed
from host_tools.wiring import METERS
from host_tools.world import Listeners, World
from limen.core import sntp

SIGNALS = Constant(voltage=230)


def plan_of(meter):
    return plan_of_site(EXAMPLES[meter] / "site.toml", None, SIGNALS, 0)


def test_the_only_gateway_of_a_site_needs_no_name():
    plan = plan_of("sdm120")
    assert plan.gateway == "household/flat-1"
    with pytest.raises(ToolError, match='has no gateway "flat-2"'):
        plan_of_site(EXAMPLES["sdm120"] / "site.toml", "flat-2", SIGNALS, 0)


def test_a_flash_file_tells_the_configuration_that_it_was_made_with(tmp_path):
    for meter in EXAMPLES:
        plan = plan_of(meter)
        plan.write_flash(tmp_path / "flash.bin")
        assert plan_of_flash(tmp_path / "flash.bin", SIGNALS, 0).config == plan.config


@pytest.mark.parametrize("content", [b"", b"\xff" * 0x400000], ids=["empty", "blank"])
def test_a_flash_file_without_a_gateway_says_what_to_do(tmp_path, content):
    (tmp_path / "flash.bin").write_bytes(content)
    with pytest.raises(ToolError, match="holds no gateway .*`limen flash`"):
        plan_of_flash(tmp_path / "flash.bin", SIGNALS, 0)


def test_another_period_makes_another_configuration_with_its_own_hash():
    plan = plan_of("sdm120")
    before, stored = plan.config, plan.files[CONFIGURATION]
    plan.override(every_ms=1000, diag_s=10)
    channels = plan.config["device"][0]["channel"]
    assert {channel["every_ms"] for channel in channels} == {1000}
    assert before["device"][0]["channel"][0]["every_ms"] == 60000
    assert plan.config["diag_s"] == 10
    unsealed = {key: value for key, value in plan.config.items() if key != "hash"}
    assert plan.config == sealed(unsealed)
    assert plan.config["hash"] != before["hash"]
    assert plan.files[CONFIGURATION] != stored


def test_every_emulated_meter_has_its_profile():
    for model, meter in METERS.items():
        profile = load_profile(meter)
        assert profile["model"] == model
    assert set(METERS.values()) == set(MODELS)


def test_a_site_that_cannot_be_emulated_says_so():
    site = PROJECT / "examples/inputs/site.toml"
    sentence = "A trace is of one Modbus line; this site has 0[.]"
    with pytest.raises(ToolError, match=sentence) as error:
        plan_of_site(site, None, SIGNALS, 0, trace=[])
    assert error.value.status == 2


def test_the_meters_share_a_load_and_fail_as_planned(tmp_path):
    plan = plan_of_site(PROJECT / "examples/four-meters/site.toml", None, Constant(current=12), 0)
    plan.faults = [PlannedFault("press", "silent", 1_000_000, 2_000_000)]
    plan.write_flash(tmp_path / "flash.bin")
    scheduler, told = VirtualScheduler(), []
    listeners = Listeners(on_fault=lambda fault, begins: told.append((fault.device, begins)))
    world = World(scheduler, plan, tmp_path / "flash.bin", listeners)
    assert [meter.address for meter in world.meters.values()] == [1, 2, 3, 4]
    assert {meter.framing for meter in world.meters.values()} == {Framing(19200, 8, "E", 1)}
    scheduler.run_until(1_500_000)
    assert [name for name, meter in world.meters.items() if meter.faults.silent] == ["press"]
    scheduler.run_until(2_000_000)
    assert not any(meter.faults.silent for meter in world.meters.values())
    assert told == [("press", True), ("press", False)]
    world.close()


def test_the_firmware_believes_the_time_server():
    cookie = b"12345678"
    request = bytearray(sntp.PACKET_BYTES)
    sntp.encode_request(request, cookie)
    # 2026-01-01T00:00:00.250Z is 820540800 s after 2000.
    reply = time_reply(bytes(request), 1_767_225_600_250_000)
    assert sntp.decode_reply(reply, cookie, 0) == (820540800, 250, 0)
