import json

import pytest

from host_tools.board import load_board
from host_tools.gateway_image import (
    BIRTH,
    CONFIGURATION,
    configuration_files,
    stored_configuration,
)
from host_tools.profile import (
    PROFILES,
    compile_profile,
    load_profile,
    profile_names,
    read_profile,
)
from host_tools.toml_file import TomlError
from limen.core.config import check

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
        "acme.toml:3: function: must be one of 1, 2, 3, 4, not 5",
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
        'acme.toml:10: register[3].type: must be one of "u16", "s16", "u32", "s32", "f32", "u48", '
        '"s48", "u64", "s64", "f64", "bcd16", "bcd32", "bcd48", "bcd64", "pf32", "bit", '
        'not "float"',
        'acme.toml:11: register[4].scale: "a*2" does not begin with a number',
        "acme.toml:12: register[5]: must be a table of settings, not 7",
        "acme.toml:15: serial.baud: must be one of 1200, 2400, 4800, 9600, 14400, 19200, 28800, "
        "38400, 57600, 76800, 115200, 230400, not 1",
    ]


def test_a_nameplate_compiles(tmp_path):
    lines = """
[[nameplate]]
name = "serial_number"
address = 30
type = "u32"
[[nameplate]]
name = "model"
function = 4
address = 40
registers = 8
word_order = "BADC"
"""
    assert compile_text(tmp_path, GOOD + lines)["nameplate"] == [
        ["serial_number", 3, 30, 2, "u32", "CDAB"],
        ["model", 4, 40, 8, "ascii", "BADC"],
    ]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('name = "model"\naddress = 1', "registers: is missing; write for example registers = 8"),
        (
            'name = "serial"\naddress = 1\nregisters = 2',
            'name: must be one of "manufacturer", "model", "serial_number", "firmware_version", '
            '"hardware_version", not "serial"',
        ),
        (
            'name = "model"\naddress = 1\ntype = "u32"\nregisters = 2',
            "registers: does not go with the type u32, which has 2",
        ),
        (
            'name = "model"\naddress = 1\nregisters = 2\nword_order = "CDAB"',
            "word_order: of a text is ABCD, or BADC: second character first",
        ),
        (
            'name = "model"\naddress = 65535\nregisters = 2',
            "address: 2 registers from here end beyond 65535",
        ),
        (
            'name = "model"\naddress = 1\nregisters = 21',
            "registers: 21 are more than one request may read, 20",
        ),
        (
            'name = "model"\naddress = 1\nregisters = 33',
            "registers: must be 1 to 32, not 33",
        ),
    ],
)
def test_a_mistake_in_a_nameplate(tmp_path, line, problem):
    (told,) = problems_of(tmp_path, f"{GOOD}\n[[nameplate]]\n{line}\n")
    assert told.partition("nameplate[0].")[2] == problem


def test_a_name_stands_once_on_a_nameplate(tmp_path):
    line = '\n[[nameplate]]\nname = "model"\naddress = 1\nregisters = 2\n'
    (told,) = problems_of(tmp_path, GOOD + line + line)
    assert told.endswith("nameplate[1].name: is the name of nameplate[0] already")


RICH = """\
vendor = "Acme"
model = "Controller"
source = ["Acme manual, revision 2"]
function = 3
max_registers = 20
sentinel = { s16 = [0x7FFF], u16 = [] }
default = ["temperature"]
identify = { address = 8, text = ["AC10", "AC20"] }
sunspec = [101]

[[register]]
quantity = "temperature"
address = 1
type = "s16"
scale = "1/3"
offset = "-17.5"
unit = "degC"
resolution = "0.1 degC"

[[register]]
quantity = "power_active_total"
address = 12
exponent = 4
type = "u32"
unit = "kW"
resolution = "1 W"
sentinel = [0xFFFFFFFF]

[[register]]
quantity = "operating_state"
address = 2
type = "u16"
bits = [0, 3]
states = { 0 = "off", 2 = "on" }

[[register]]
quantity = "alarm"
address = 2
type = "u16"
bits = 15

[[register]]
quantity = "digital_output"
address = 0x0814
type = "bit"
function = 1
write = { function = 5, low = "0", high = "1" }

[[register]]
quantity = "temperature_setpoint"
address = 3
type = "bcd16"
sentinel = []
unit = "degC"
resolution = "1 degC"
write = { function = 6, low = "10 degC", high = "80 degC" }
"""


def test_all_that_a_register_line_can_say(tmp_path):
    profile = compile_text(tmp_path, RICH)
    assert profile["identify"] == {
        "fc": 3,
        "address": 8,
        "words": [[0x4143, 0x3130], [0x4143, 0x3230]],
    }
    assert profile["sunspec"] == [101]
    assert profile["channel"] == [
        ["temperature", 1, [1, "s16*", "ABCD", 2, 6, -105, 1, 0, -1, 0, 0, 0x7FFF]],
        ["power_active_total", 0, [4, "u32*", "ABCD", 1000, 1, 0, 10, 8, 0, 0, 0, 0xFFFFFFFF]],
        [
            "operating_state",
            0,
            [2, "u16*", "ABCD", 1, 1, 0, 1, 0, -1, 0, 4],
            {"states": {"0": "off", "2": "on"}},
        ],
        ["alarm", 0, [2, "u16*", "ABCD", 1, 1, 0, 1, 0, -1, 15, 1]],
        ["digital_output", 0, [0x0814, "bit", "ABCD", 1, 1], {"fc": 1, "write": [5, "0", "1"]}],
        [
            "temperature_setpoint",
            0,
            [3, "bcd16", "ABCD", 1, 1],
            {"write": [6, "10 degC", "80 degC"]},
        ],
    ]


@pytest.mark.parametrize(
    ("good", "wrong", "problem"),
    [
        ('scale = "1/3"', 'scale = "1/0"', 'scale: must be a number such as 0.1 or "1/3", not'),
        ('scale = "1/3"', "scale = -1", 'scale: must be more than 0, not "-1"'),
        ('"-17.5"', '"-17.5 degC"', 'offset: must be a number such as 0.1 or "1/3", not'),
        ('resolution = "0.1 degC"', "", "resolution: is missing; write for example resolution ="),
        ("exponent = 4", "exponent = 40", "exponent: value and exponent are 29 registers, more"),
        ("exponent = 4", "exponent = 3", "exponent: register 3 is the value of register[5]"),
        ("bits = [0, 3]", "bits = [3, 0]", "bits: must be one bit, such as 3, or the lowest and"),
        ("bits = [0, 3]", "bits = [0, 16]", "bits: the type u16 has no such bits; they are"),
        ("bits = 15", "bits = 3", "address: register 2 belongs to register[2] already"),
        ("bits = 15", "", "address: register 2 belongs to register[2] already"),
        ('0 = "off"', 'off = "0"', 'states: must be a table such as { 0 = "off", 1 = "on" }'),
        ("function = 1\n", "", "function: function 3: a bit is read with function 1 or 2"),
        ('"u16"\nbits = 15', '"u16"\nfunction = 2', 'function 2: reads the type "bit"'),
        ("function = 5", "function = 4", "write.function: must be one of 5, 6, 15, 16, not 4"),
        ('low = "10 degC"', 'low = "80 degC"', "write.high: 80 degC is not above low, 80 degC"),
        ('low = "10 degC"', 'low = "10 W"', '"10 W" is not in °C; write a number and its unit'),
        ("s16 = [0x7FFF]", "s16 = [0x17FFF]", "sentinel: 0x17fff does not fit into the type s16"),
        ("s16 = [0x7FFF]", "s17 = [0x7FFF]", 'sentinel.s17: unknown key; did you mean "s16"?'),
        ('["AC10", "AC20"]', '["AC1"]', 'identify.text: "AC1" must fill whole registers with two'),
        (', text = ["AC10", "AC20"]', "", 'identify: needs what to find there: text = ["SOCO"]'),
        ("address = 12", "address = 12\nverified = false", None),
        ('default = ["temperature"]', 'default = ["alarm"]', None),
    ],
)
def test_a_mistake_in_a_rich_profile(tmp_path, good, wrong, problem):
    assert RICH.count(good) >= 1
    text = RICH.replace(good, wrong, 1)
    if problem is None:
        assert compile_text(tmp_path, text)
    else:
        assert [line for line in problems_of(tmp_path, text) if problem in line]


def test_a_default_set_has_only_what_a_source_confirms(tmp_path):
    text = RICH.replace("address = 1\n", "address = 1\nverified = false\n")
    assert problems_of(tmp_path, text) == [
        "acme.toml:7: default[0]: temperature is not verified; leave it out of the default set"
    ]


@pytest.mark.parametrize("name", profile_names())
def test_the_project_s_profiles_are_good_and_cite_their_source(name):
    profile = read_profile(PROFILES / f"{name}.toml")
    assert [source for source in profile.values["source"] if len(source) < 10] == []
    assert len(profile.values["default"]) >= 3
    assert len(profile.compiled["channel"]) == len(profile.registers)


def test_sdm630_registers_of_the_vendor_s_document():
    """3X register numbers of the protocol document V1.8, beyond those of the collected maps."""
    registers = {
        quantity: register[0] for quantity, _, register in load_profile("eastron-sdm630")["channel"]
    }
    numbers = {"voltage_l1_l2": 30201, "current_n": 30225, "thd_current_l3": 30245}
    numbers |= {"energy_apparent": 30081, "phase_angle_l1": 30037, "power_active_demand": 30085}
    assert {name: registers[name] + 30001 for name in numbers} == numbers


def test_a_gateway_keeps_what_it_reads_with_and_the_birth_what_a_reader_needs():
    """The controller's run bit: function 2 on the gateway, names of its values in the birth."""
    profile = load_profile("omega-cn7500")
    gateway = {
        "board": "lilygo-t-can485",
        "bus": [{"id": "b", "kind": "modbus-rtu"}],
        "device": [{"id": "oven", "profile": "omega-cn7500", "bus": "b", "address": 10}],
    }
    site = {"site": {"id": "s"}, "mqtt": {"host": "h"}, "gateway": {"g": gateway}}
    board = {"lilygo-t-can485": load_board("lilygo-t-can485")}
    compact, problems = check(site, "g", {"omega-cn7500": profile}, board)
    assert problems == []
    files = configuration_files(compact)
    kept = json.loads(files[CONFIGURATION].splitlines()[-1])
    told = json.loads(b"{" + files[BIRTH])["device"][0]["channel"][-1]
    assert (kept["name"], kept["fc"], "states" in kept) == ("operating_state", 2, False)
    assert told["states"] == {"0": "stopped", "1": "running"}
    assert stored_configuration(files[CONFIGURATION], files[BIRTH]) == compact
