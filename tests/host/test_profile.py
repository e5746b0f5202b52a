import json
from pathlib import Path

import pytest

from host_tools.board import board_names, load_board
from host_tools.paths import PROJECT
from host_tools.profile import (
    PROFILES,
    WORDS,
    compile_profile,
    load_profile,
    profile_names,
)
from host_tools.toml_file import TomlError

REGISTER_MAPS = PROJECT.parent / "shared/meters/register_maps.json"
TYPES = {"float32": "f32", "uint16": "u16", "int16": "s16", "uint32": "u32", "int32": "s32"}

GOOD = """\
vendor = "Acme"
model = "M1"
source = ["Acme M1 register list, revision 3"]
function = 3
word_order = "CDAB"
max_registers = 20
pause = "5 ms"
default = ["power_active_total"]

[[register]]
quantity = "power_active_total"
address = 10
type = "s32"
scale = 0.01
unit = "kW"
resolution = "1 W"

[[register]]
quantity = "energy_import"
address = 12
type = "u64"
unit = "Wh"
resolution = "1 Wh"
sentinel = [0xFFFFFFFFFFFFFFFF]

[[register]]
quantity = "temperature"
address = 16
type = "s16"
word_order = "ABCD"
scale = "0.5"
unit = "degC"
resolution = "0.1 degC"

[serial]
baud = 19200
parity = "even"
"""


def compile_text(tmp_path, text):
    path = tmp_path / "acme.toml"
    path.write_text(text)
    return compile_profile(path)


def problems_of(tmp_path, text):
    with pytest.raises(TomlError) as caught:
        compile_text(tmp_path, text)
    return [line.removeprefix(f"{tmp_path}/") for line in caught.value.problems]


def test_a_profile_compiles_to_exact_fractions_of_the_quantity_s_unit(tmp_path):
    assert compile_text(tmp_path, GOOD) == {
        "model": "Acme M1",
        "fc": 3,
        "max_registers": 20,
        "pause_ms": 5,
        "serial": {"baud": 19200, "parity": "even", "stop": 1},
        "default": ["power_active_total"],
        "channel": [
            ["power_active_total", 0, [10, "s32", "CDAB", 10, 1]],
            ["energy_import", 3, [12, "u64", "CDAB", 1, 1000, 0xFFFFFFFFFFFFFFFF]],
            ["temperature", 1, [16, "s16", "ABCD", 1, 2]],
        ],
    }


def test_every_mistake_in_a_profile_has_its_line(tmp_path):
    text = """\
vendor = "Acme"
model = "M1"
function = 5
max_registers = 3
default = ["power", "energy_import"]
register = [
  { quantity = "power_activ_total", address = 10, type = "s32", unit = "W", resolution = "1 W" },
  { quantity = "energy_import", address = 11, type = "u64", unit = "kvarh", resolution = "1 Wh" },
  { quantity = "energy_import", address = 65535, type = "u32", unit = "kWh", resolution = "1 Wh" },
  { quantity = "frequency", address = 70000, type = "float", unit = "Hz", resolution = "0.5 Hz" },
  { quantity = "power_factor_total", address = 1, type = "u16", resolution = "0.1", scale = "a*2" },
  7,
]
[serial]
baud = 1
"""
    assert problems_of(tmp_path, text) == [
        'acme.toml:1: source: is missing; write for example source = ["document title, revision"]',
        "acme.toml:3: function: must be one of 3, 4, not 5",
        'acme.toml:5: default[0]: no register has the quantity "power"; known here: energy_import, '
        "frequency, power_factor_total",
        'acme.toml:7: register[0].quantity: "power_activ_total" is not in the vocabulary of '
        'quantities; did you mean "power_active_total"?',
        "acme.toml:8: register[1].address: register 11 belongs to register[0] already",
        "acme.toml:8: register[1].type: takes 4 registers, more than one request may read",
        'acme.toml:8: register[1].unit: must be "kWh" or a multiple of it, not "kvarh"',
        "acme.toml:9: register[2].address: 2 registers from here end beyond 65535",
        "acme.toml:9: register[2].quantity: is the quantity of register[1] already",
        "acme.toml:10: register[3].address: must be 0 to 65535, not 70000",
        'acme.toml:10: register[3].resolution: "0.5 Hz" is not a resolution: write 1, 10, 0.1, '
        "0.01 and so on",
        'acme.toml:10: register[3].type: must be one of "u16", "s16", "u32", "s32", "f32", "u64", '
        '"s64", "f64", not "float"',
        'acme.toml:11: register[4].scale: "a*2" does not begin with a number',
        "acme.toml:12: register[5]: must be a table of settings, not 7",
        "acme.toml:15: serial.baud: must be one of 1200, 2400, 4800, 9600, 14400, 19200, 28800, "
        "38400, 57600, 76800, 115200, 230400, not 1",
    ]


@pytest.mark.parametrize("name", profile_names())
def test_the_project_s_profiles_are_good_and_cite_their_source(name):
    profile = load_profile(name)
    last = {
        quantity: register[0] + WORDS[register[1]] for quantity, _, register in profile["channel"]
    }
    assert set(profile["default"]) <= set(last)
    assert "source = [" in (PROFILES / f"{name}.toml").read_text()


@pytest.mark.skipif(not REGISTER_MAPS.exists(), reason=f"{REGISTER_MAPS} is not on this machine")
@pytest.mark.parametrize("name", profile_names())
def test_registers_agree_with_the_collected_maps(name):
    meter = json.loads(Path(REGISTER_MAPS).read_text())["meters"][name.replace("-", "_")]
    profile = load_profile(name)
    assert profile["fc"] == meter["fc"]
    assert profile["max_registers"] == meter["max_regs_per_request"]
    registers = {quantity: register for quantity, _, register in profile["channel"]}
    for quantity, known in meter["registers"].items():
        # Both units are the quantity's own here, so the fraction is the scale.
        wanted = [known["addr"], TYPES[known["type"]], meter["word_order"], known["scale"], 1]
        assert registers[quantity] == wanted, quantity


def test_sdm630_registers_of_the_vendor_s_document():
    """3X register numbers of the protocol document V1.8, beyond those of the collected maps."""
    registers = {
        quantity: register[0] for quantity, _, register in load_profile("eastron-sdm630")["channel"]
    }
    numbers = {"voltage_l1_l2": 30201, "current_n": 30225, "thd_current_l3": 30245}
    numbers |= {"energy_apparent": 30081, "phase_angle_l1": 30037, "power_active_demand": 30085}
    assert {name: registers[name] + 30001 for name in numbers} == numbers


def test_boards():
    assert board_names() == ["espressif-esp32-devkitc", "lilygo-t-can485"]
    assert load_board("lilygo-t-can485")["port"] == [
        {"uart": 1, "tx": 22, "rx": 21, "de": None, "high": [16, 17, 19]}
    ]
    assert load_board("espressif-esp32-devkitc")["port"] == []
