"""`limen config diff`: two site files, or a site file and what a gateway reports."""

import json
from contextlib import closing
from socket import create_server

import pytest
from paho.mqtt import publish

from host_tools.cli import main
from host_tools.config_diff import told_by_birth
from host_tools.emulation import brokers
from host_tools.errors import Kind
from host_tools.paths import PROJECT
from host_tools.site import compile_gateway

PRESS = PROJECT / "examples/press/site.toml"
TOPIC = "limen/v1/hall-2/press-07/birth"


@pytest.fixture
def other(tmp_path):
    """A site file like the example, with one text in the place of another."""

    def write(text, instead):
        assert text in PRESS.read_text()
        path = tmp_path / "site.toml"
        path.write_text(PRESS.read_text().replace(text, instead))
        return path

    return write


def diff(*arguments):
    return main(["config", "diff", *map(str, arguments)])


def test_the_same_file_does_not_differ(capsys):
    assert diff(PRESS, PRESS) == 0
    assert capsys.readouterr().out == "Nothing differs.\n"


def test_a_changed_fact_is_told_by_its_name(other, capsys):
    assert diff(PRESS, other("baud = 9600", "baud = 19200")) == 1
    assert capsys.readouterr().out == "press-07:   bus.rs485.baud: 9600 -> 19200\n"


def test_an_address_on_i2c_is_told_as_data_sheets_print_it(tmp_path, capsys):
    site = (PROJECT / "examples/inputs/site.toml").read_text()
    sensor = 'profile = "sensirion-sht3x"'
    (tmp_path / "site.toml").write_text(site.replace(sensor, sensor + "\naddress = 0x45"))
    assert diff(PROJECT / "examples/inputs/site.toml", tmp_path / "site.toml") == 1
    assert capsys.readouterr().out == "press-08:   device.cabinet.address: 0x44 -> 0x45\n"


def test_a_gateway_that_only_one_has_is_told(other, capsys):
    assert diff(PRESS, other("press-07", "press-08")) == 1
    assert capsys.readouterr().out == (
        "press-07: is only in the first\npress-08: is only in the second\n"
    )


def test_mistakes_are_told_as_by_check(other, capsys):
    assert diff(PRESS, other("baud = 9600", "baud = 9601")) == 2
    assert "1 problem; nothing was written" in capsys.readouterr().err


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    with closing(create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
    broker = brokers.start("auto", port, tmp_path_factory.mktemp("broker"))
    yield port
    broker.stop()


def report(port, compact):
    birth = {"inc": "9f03a1c4", "boot": 3, "firmware": "0.1.0", "reset": "hard", "low": 1}
    payload = birth | {"cfg": compact["hash"]} | told_by_birth(compact)
    publish.single(TOPIC, json.dumps(payload), qos=1, retain=True, port=port)


def test_a_gateway_reports_what_it_has(broker, other, capsys):
    port = broker
    compact = compile_gateway(PRESS, "press-07")
    report(port, compact)
    assert diff(PRESS, "--broker", f"127.0.0.1:{port}") == 0
    report(port, compile_gateway(other('id = "main-meter"', 'id = "meter-1"'), "press-07"))
    assert diff(PRESS, "--broker", f"127.0.0.1:{port}") == 1
    said = capsys.readouterr().out
    assert f"press-07:   configuration: {compact['hash']} -> " in said
    assert "press-07: - device.main-meter.model: " in said
    assert "press-07: + device.meter-1.model: " in said


def test_an_unknown_gateway_is_told(broker, monkeypatch, capsys):
    monkeypatch.setattr("host_tools.config_command._WAIT_S", 0.5)
    publish.single(TOPIC, b"", qos=1, retain=True, port=broker)
    assert diff(PRESS, "--broker", f"127.0.0.1:{broker}") == Kind.NETWORK
    assert "knows no birth of hall-2/press-07" in capsys.readouterr().err
