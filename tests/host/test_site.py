import hashlib
import json
import re
import textwrap

import pytest

from host_tools.cli import main
from host_tools.errors import ToolError
from host_tools.paths import PROJECT
from host_tools.site import compile_gateway, config_json, load_site
from host_tools.site_secrets import load_secrets
from host_tools.toml_file import TomlError

PRESS = PROJECT / "examples/press/site.toml"
HOUSEHOLD = PROJECT / "examples/household/site.toml"

EVERY_MISTAKE = """\
[site]
id = "hall 2"

[mqtt]
host = "broker.local"
tls = "yes"
keepalife = "30s"

[gateway.press-07]
board = "lilygo-t-can458"

[[gateway.press-07.bus]]
id = "rs485"
kind = "modbus-rtu"
baud = 9601

[[gateway.press-07.device]]
id = "main-meter"
profile = "eastron-sdm630"
bus = "rs458"
adress = 1
every = "0s"

[gateway.press-07.device.channels]
voltage_l4 = {}
power_active_total.report = { deadband = "50 V", or_percent = "two" }
power_active_total.alarm = { high = "45 kW", low = "46 kW" }

[[gateway.press-07.device]]
id = "main-meter"
profile = "eastron-sdm630"
bus = "rs485"
address = 248

[[gateway.press-07.device]]
id = "third"
profile = "eastron-sdm630"
bus = "rs485"
address = "1"
channels.energy_import.report.deadband = "0.0001 kWh"

[[gateway.press-07.device]]
profile = "eastron-sdm120"
bus = "rs485"
address = 1

[[gateway.press-07.device]]
id = "fifth"
profile = "eastron-sdm120"
bus = "rs485"
address = 1
channels = 2026-01-01
"""

DEVICE = "gateway.press-07.device"
EXPECTED = f"""\
2: site.id: "hall 2" cannot be part of an MQTT topic; use up to 32 letters, digits, "-" and "_"
6: mqtt.tls: must be true or false, not "yes"
7: mqtt.keepalife: unknown key; did you mean "keepalive"?
10: gateway.press-07.board: there is no board "lilygo-t-can458"; did you mean "lilygo-t-can485"?
15: gateway.press-07.bus[0].baud: must be one of 1200, 2400, 4800, 9600, 14400, 19200, 28800, \
38400, 57600, 76800, 115200, 230400, not 9601
20: {DEVICE}[0].bus: there is no bus "rs458" on this gateway; did you mean "rs485"?
21: {DEVICE}[0].adress: unknown key; did you mean "address"?
22: {DEVICE}[0].every: must be 10ms to 6d, not 0s
25: {DEVICE}[0].channels.voltage_l4: Eastron SDM630-Modbus has no such channel; did you mean \
"voltage_l1"?
26: {DEVICE}[0].channels.power_active_total.report.deadband: "50 V" is not in W; write a number \
and its unit, such as "10 W"
26: {DEVICE}[0].channels.power_active_total.report.or_percent: "two" does not begin with a number
27: {DEVICE}[0].channels.power_active_total.alarm.high: 45000.0 W is not above low, 46000.0 W
30: {DEVICE}[1].id: is the id of device[0] already; give every device its own
33: {DEVICE}[1].address: must be 1 to 247 on a modbus-rtu bus, not 248
39: {DEVICE}[2].address: must be a whole number, not "1"
40: {DEVICE}[2].channels.energy_import.report.deadband: is finer than the resolution of \
0.001 kWh; the nearest is "0.000 kWh"
42: {DEVICE}[3].id: is missing; write for example id = "main-meter"
51: {DEVICE}[4].address: address 1 on this bus belongs to device[3] already; two devices at one \
address answer at once
52: {DEVICE}[4].channels: must be a table of settings, not a date or a fraction
"""


PRESS_CHANNELS = [
    *("voltage_l1", "voltage_l2", "voltage_l3", "current_l1", "current_l2", "current_l3"),
    *("power_active_total", "power_factor_total", "frequency", "energy_import"),
]
PRESS_POWER = {
    "name": "power_active_total",
    "unit": "W",
    "kind": "gauge",
    "places": 1,
    "every_ms": 1000,
    "register": [52, "f32", "ABCD", 10, 1],
    "report": [500, 200, 0, 300000],
    "alarm": [{"name": "high", "limit": 450000, "hysteresis": 10000, "delay_ms": 3000}],
}


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Write a file into the folder that the test runs in; return its name."""
    monkeypatch.chdir(tmp_path)

    def write_file(content, name="site.toml"):
        content = content if isinstance(content, bytes) else textwrap.dedent(content).encode()
        (tmp_path / name).write_bytes(content)
        return name

    return write_file


def problems_of(function, *arguments) -> list[str]:
    with pytest.raises(TomlError) as caught:
        function(*arguments)
    assert caught.value.status == 2
    return caught.value.problems


def test_the_press_compiles_to_what_its_gateway_stores():
    compact = compile_gateway(PRESS, "press-07")
    assert compact["mqtt"]["host"] == "broker.local"
    assert compact["ntp"] == [["pool.ntp.org", 123]]
    bus, device = compact["bus"][0], compact["device"][0]
    wiring = [bus[key] for key in ("uart", "tx", "rx", "de", "high")]
    assert wiring == [1, 22, 21, None, [16, 17, 19]]
    assert device["id"] == "main-meter"
    assert device["model"] == "Eastron SDM630-Modbus"
    assert [device[key] for key in ("address", "fc", "max_registers")] == [1, 4, 80]
    assert [entry["name"] for entry in device["channel"]] == PRESS_CHANNELS
    assert device["channel"][PRESS_CHANNELS.index("power_active_total")] == PRESS_POWER


def test_the_household_resolves_its_recording_exactly():
    channels = compile_gateway(HOUSEHOLD, "flat-1")["device"][0]["channel"]
    steps = {entry["name"]: (entry["places"], entry["unit"]) for entry in channels}
    assert steps == {
        "voltage": (2, "V"),
        "current": (3, "A"),
        "power_active_total": (1, "W"),
        "power_reactive_total": (1, "var"),
    }


def test_the_hash_names_the_content_and_nothing_else():
    compact = compile_gateway(PRESS, "press-07")
    without = {key: value for key, value in compact.items() if key != "hash"}
    assert compact["hash"] == hashlib.sha256(config_json(without)).hexdigest()[:8]
    assert json.loads(config_json(compact)) == compact
    assert compile_gateway(PRESS, "press-07") == compact


def test_every_kind_of_mistake_is_told_at_once_with_its_line(write):
    name = write(EVERY_MISTAKE)
    found = problems_of(load_site(name).compile_all)
    assert found == [f"site.toml:{line}" for line in EXPECTED.splitlines()]


def test_the_command_says_it_on_stderr_with_status_2(write, capsys):
    write(EVERY_MISTAKE)
    assert main(["config", "check", "site.toml"]) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.splitlines()[:2] == [
        "limen config: 19 problems; nothing was written",
        f"site.toml:{EXPECTED.splitlines()[0]}",
    ]


def test_the_command_shows_a_good_site(capsys):
    assert main(["config", "check", str(PRESS)]) == 0
    hash8 = compile_gateway(PRESS, "press-07")["hash"]
    told = re.sub(r"; memory about \d+ KB of 110 KB", "", capsys.readouterr().out)
    assert told == (
        f"{PRESS}: press-07 is good: buses 1, devices 1, channels 10; "
        f"lines in use rs485 13 %; configuration {hash8}\n"
    )
    assert main(["config", "show", str(PRESS), "press-07"]) == 0
    assert json.loads(capsys.readouterr().out) == compile_gateway(PRESS, "press-07")


def test_an_unknown_gateway_suggests_the_nearest():
    with pytest.raises(ToolError, match='has no gateway "press-7"; did you mean "press-07"[?]'):
        compile_gateway(PRESS, "press-7")


def test_an_empty_file_lists_what_it_lacks(write):
    assert problems_of(load_site(write("")).compile_all) == [
        "site.toml:1: gateway: is missing; write for example [gateway.press-07]",
        "site.toml:1: mqtt: is missing; write for example [mqtt] and below it host = "
        '"broker.local"',
        'site.toml:1: site: is missing; write for example [site] and below it id = "hall-2"',
    ]


def test_problems_that_gateways_share_are_told_once(write):
    site = """\
        [site]
        id = "a/b"
        [mqtt]
        host = "b"
        [gateway.one]
        [gateway.two]
        """
    found = problems_of(load_site(write(site)).compile_all)
    assert [line.split(": ")[:2] for line in found] == [
        ["site.toml:2", "site.id"],
        ["site.toml:5", "gateway.one.board"],
        ["site.toml:5", "gateway.one.bus"],
        ["site.toml:5", "gateway.one.device"],
        ["site.toml:6", "gateway.two.board"],
        ["site.toml:6", "gateway.two.bus"],
        ["site.toml:6", "gateway.two.device"],
    ]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (
            '[site]\nid = "a\n',
            "2: is not TOML: the text is not closed; write the quote at its end, too",
        ),
        (
            "[site]\nid = 'a\n\n",
            "2: is not TOML: the text is not closed; write the quote at its end, too",
        ),
        (
            "[site]\n[site]\n",
            "2: is not TOML: the same table is written twice; "
            "each entry of a list is written [[site]]",
        ),
        ("[a]\n[[a]]\n", "2: is not TOML: it is no list further up; write [[a]] there, too"),
        ("[site]\nid =", "2: is not TOML: there is no value behind ="),
        ("a = 1\na = 2\n", "2: is not TOML: the same key is written twice"),
        (
            "a = { b = 1 }\na.c = 2\n",
            "2: is not TOML: a table in { } cannot grow in another line",
        ),
        (b"[site]\nid = '\xff'\n", "2: is not text in UTF-8; save it as such"),
        (
            b"[site]\r\nid\r\n",
            "2: is not TOML: a setting is written as name = value; there is no = in this line",
        ),
        ("# größe\n[site]\n".encode("utf-16"), "1: is text in UTF-16; save it as UTF-8"),
        ("[site]\n".encode("utf-16-le"), "1: is text in UTF-16; save it as UTF-8"),
        (
            'a = 1\nb = [\n "x",\n "y"\n\n[[c]]\n',
            "2: is not TOML: the list that begins here is not closed before line 6; write ]",
        ),
        ("a = [1,", "1: is not TOML: the list is not closed; write ]"),
        (
            'b = [\n "x"\n "y",\n]\n',
            "3: is not TOML: a comma is missing, or the ] of the list that begins in line 1",
        ),
        ("b = [\n x,\n]\n", '2: is not TOML: texts in a list need quotes: ["one", "two"]'),
        ('a = 1\nb = """x\n\n', '2: is not TOML: the text that begins here has no end; write """'),
        ("a = +-5\n", "1: is not TOML: Invalid value"),
    ],
)
def test_what_is_not_toml_is_told_with_its_line(write, content, expected):
    assert problems_of(load_site, write(content)) == [f"site.toml:{expected}"]


def test_files_of_windows_editors_have_the_same_lines(write):
    plain = EVERY_MISTAKE.encode()
    name = write(b"\xef\xbb\xbf" + plain.replace(b"\n", b"\r\n"))
    found = problems_of(load_site(name).compile_all)
    assert found == [f"site.toml:{line}" for line in EXPECTED.splitlines()]


def test_a_site_may_be_named_by_its_folder():
    assert load_site(PRESS.parent).file.path == PRESS


def test_a_file_that_is_not_there(write):
    with pytest.raises(ToolError, match="nowhere.toml cannot be read: No such file") as caught:
        load_site("nowhere.toml")
    assert caught.value.status == 2


def test_an_entry_without_keys_has_the_line_of_its_list(write):
    site = """\
        [gateway.g]
        board = "lilygo-t-can485"
        [[gateway.g.bus]]
        id = "a"

        [[gateway.g.bus]]

        # said above the key
        id = 5
        [[gateway.g.device]]
        """
    file = load_site(write(site)).file
    assert file.line(("gateway", "g", "bus", 0)) == 3
    assert file.line(("gateway", "g", "bus", 1, "kind")) == 6
    assert file.line(("gateway", "g", "device", 0, "id")) == 10


def test_secrets_beside_the_site_file(write):
    assert load_secrets(load_site(PRESS)).stored == {
        "wifi": [{"ssid": "hall-2", "password": "replace-this"}],
        "mqtt": {"user": None, "password": None},
    }
    site = load_site(write(""))
    with pytest.raises(ToolError, match="^secrets.toml is missing; write \\[wifi\\] with ssid"):
        load_secrets(site)
    write('[wifi]\nssid = "a"\npassword = ""\n[mqtt]\nuser = "u"\npassword = "p"\n', "secrets.toml")
    assert load_secrets(site).stored == {
        "wifi": [{"ssid": "a", "password": ""}],
        "mqtt": {"user": "u", "password": "p"},
    }
    write(
        '[[wifi]]\nssid = "a"\npassword = ""\n[[wifi]]\nssid = "b"\npassword = "x"', "secrets.toml"
    )
    assert problems_of(load_secrets, site) == [
        "secrets.toml:6: wifi[1].password: must be a text of 8 to 63 characters, or empty for an "
        "open network"
    ]
    write('[wifi]\nssid = ""\npasword = "short"\n[mqtt]\nuser = 1\n', "secrets.toml")
    assert problems_of(load_secrets, site) == [
        'secrets.toml:2: wifi.ssid: must be a text in "quotes", not an empty text',
        'secrets.toml:3: wifi.pasword: unknown key; did you mean "password"?',
        'secrets.toml:5: mqtt.user: must be a text in "quotes", not 1',
    ]
    write('[wifi]\nssid = "a"\npassword = "short"\n', "secrets.toml")
    assert problems_of(load_secrets, site) == [
        "secrets.toml:3: wifi.password: must be a text of 8 to 63 characters, or empty for an open "
        "network"
    ]
