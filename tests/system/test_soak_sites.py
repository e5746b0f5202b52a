"""Days full of faults on sites of one's own, whatever is on them."""

import pytest

from host_tools.paths import PROJECT
from host_tools.soak.schedule import Fault, Schedule, make_schedule
from host_tools.soak.trial import Trial, devices_of


@pytest.mark.parametrize("name", ["energy", "smart-meter", "press-orders"])
def test_a_site_of_one_s_own_with_functions_pulses_and_a_port(name):
    site = PROJECT / "examples" / name / "site.toml"
    assert Trial(site, make_schedule(1, 1, devices_of(site))).run() == []


COARSE = """\
vendor = "Acme"
model = "Ten"
source = ["a test"]
function = 3
word_order = "ABCD"
max_registers = 8
default = ["energy_import", "energy_reactive_import", "power_active_total"]
[[register]]
quantity = "energy_import"
address = 0
type = "u32"
scale = 10
unit = "kWh"
resolution = "1 kWh"
[[register]]
quantity = "energy_reactive_import"
address = 2
type = "u32"
unit = "varh"
resolution = "1 varh"
[[register]]
quantity = "power_active_total"
address = 4
type = "s32"
unit = "W"
resolution = "1 W"
[serial]
baud = 9600
source = ["a test"]
"""
COARSE_SITE = """\
[site]
id = "hall-2"
[mqtt]
host = "broker.local"
[gateway.g]
board = "lilygo-t-can485"
[[gateway.g.bus]]
id = "rs485"
kind = "modbus-rtu"
[[gateway.g.device]]
id = "meter"
profile = "ten"
bus = "rs485"
address = 1
every = "10s"
channels = { energy_import = {}, energy_reactive_import = { ledger = false } }
"""


def test_a_coarse_counter_rounds_and_one_without_a_ledger_tells_lies(tmp_path):
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles/ten.toml").write_text(COARSE)
    (tmp_path / "site.toml").write_text(COARSE_SITE)
    lie = Fault(1, "meter-lies", "meter", 1200, 1260)
    assert Trial(tmp_path, Schedule(1, 2, (lie,))).run() == []
