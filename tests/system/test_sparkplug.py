"""A gateway as a Sparkplug edge node in virtual time: pysparkplug and the protobuf library as host.

The host notes everything that the specification does not allow, and each scene ends with it.
"""

import json
import random

import pytest
from pysparkplug import DataType

from console import troubles
from host_tools import interpreter
from host_tools.emulation.mqtt_packets import Publish
from host_tools.partitions import layout_of
from oven_gateway import OvenGateway
from sparkplug_host import Host, command

pytestmark = pytest.mark.skipif(not interpreter.find_or_none(), reason="needs MicroPython")

STATE = "spBv1.0/STATE/scada"


class Scene(OvenGateway):
    """The gateway, and what its host hears."""

    def __init__(self, folder, dialects='["sparkplug"]', **options):
        super().__init__(folder, dialects, **options)
        self.host = Host()
        self.broker.subscribe("#", self.host.hear)

    def command(self, kind, device=None, **metric):
        topic, payload = command(kind, device, **metric)
        self.broker.publish(Publish(topic, payload, 1, False))

    def tell_state(self, online, ms):
        payload = json.dumps({"online": online, "timestamp": ms}).encode()
        self.broker.publish(Publish(STATE, payload, 1, True))

    def close(self):
        """All that was told was allowed, and no temperature is missing."""
        self.board.stop()
        assert self.host.wrong == []
        tenths = [round(value * 10) for _, value, _ in self.temperatures() if value is not None]
        assert sorted(set(tenths)) == list(range(min(tenths), max(tenths) + 1))
        return tenths

    def temperatures(self):
        return self.host.values("oven", "temperature")


def kinds_of(host):
    """The kinds of messages, each run of data told once."""
    kinds = [kind for kind, _ in host.kinds if not kind.endswith("DATA")]
    return kinds


def test_births_then_data(tmp_path):
    scene = Scene(tmp_path)
    scene.run(20)
    host = scene.host
    assert host.kinds[:3] == [("NBIRTH", None), ("DBIRTH", "oven"), ("DBIRTH", "valve")]
    oven = host.births["oven"]
    assert list(oven) == [
        "temperature", "temperature_setpoint", "operating_state", "temperature/high", "event",
    ]  # fmt: skip
    temperature = oven["temperature"]
    assert temperature.datatype == DataType.DOUBLE
    properties = dict(zip(temperature.properties.keys, temperature.properties.values, strict=True))
    assert properties["engUnit"].string_value == "°C"
    assert properties["resolution"].double_value == 0.1
    assert oven["temperature_setpoint"].double_value == 20.0
    assert host.births["valve"]["digital_output"].datatype == DataType.BOOLEAN
    node = host.births[None]
    assert node["firmware"].string_value and len(node["configuration"].string_value) == 8
    tenths = scene.close()
    assert tenths == sorted(tenths) and len(tenths) >= 12
    assert troubles(scene.console) == []


def test_an_outage_is_filled_with_history(tmp_path):
    scene = Scene(tmp_path)
    scene.run(20)
    scene.broker.stop()
    scene.run(30)
    scene.broker.start()
    scene.run(40)
    kinds = kinds_of(scene.host)
    assert kinds[:3] + kinds[-3:] == ["NBIRTH", "DBIRTH", "DBIRTH"] * 2
    historical = [value for _, value, is_historical in scene.temperatures() if is_historical]
    assert len(historical) >= 28
    (_, before), (_, after) = [one for one in scene.host.bd_seqs if one[0] == "NBIRTH"]
    assert after > before
    scene.close()


def test_an_outage_with_a_power_cut_is_filled_from_the_journal(tmp_path):
    scene = Scene(tmp_path, layout=layout_of(4))
    scene.run(20)
    scene.broker.stop()
    scene.run(150)
    before = scene.oven.registers[0x1000]
    scene.board.power_cut()
    scene.board.start()
    scene.run(60)
    scene.broker.start()
    scene.run(60)
    told = [(round(value * 10), late) for _, value, late in scene.temperatures() if value]
    known = {tenths for tenths, _ in told}
    assert known >= set(range(min(known), before - 10))
    assert len({tenths for tenths, late in told if late}) > 130
    assert not told[-1][1]
    scene.board.stop()
    assert scene.host.wrong == []
    assert not [line for line in scene.console if "Error" in line]


def test_what_the_broker_did_not_confirm_comes_again_as_history(tmp_path):
    scene = Scene(tmp_path)
    scene.run(20)
    scene.is_mute = True
    scene.run(40)
    scene.is_mute = False
    scene.run(30)
    times = [time for time, _, _ in scene.temperatures()]
    twice = {time for time in times if times.count(time) > 1}
    assert len(twice) >= 5
    for time in twice:
        told = [t for t in scene.temperatures() if t[0] == time]
        assert {t[1] for t in told} == {told[0][1]}
        assert [t[2] for t in told][1:] == [True] * (len(told) - 1)
    scene.close()


def test_a_rebirth_begins_anew_on_the_same_connection(tmp_path):
    scene = Scene(tmp_path)
    scene.run(20)
    scene.command("NCMD", name="Node Control/Rebirth", datatype=DataType.BOOLEAN, value=True)
    scene.run(10)
    assert kinds_of(scene.host) == ["NBIRTH", "DBIRTH", "DBIRTH"] * 2
    assert [number for _, number in scene.host.bd_seqs] == [0, 0]
    scene.command("NCMD", name="Node Control/Rebirth", datatype=DataType.BOOLEAN, value=False)
    scene.run(10)
    assert len(scene.host.bd_seqs) == 2
    scene.close()


def test_a_device_that_does_not_answer_dies_and_is_born_again(tmp_path):
    scene = Scene(tmp_path)
    scene.run(20)
    scene.oven.is_deaf = True
    scene.run(20)
    assert [kind for kind, device in scene.host.kinds if device == "oven"][-1] == "DDEATH"
    assert scene.temperatures()[-1][1] is None
    scene.oven.is_deaf = False
    scene.run(90)
    assert ("DBIRTH", "oven") in scene.host.kinds[scene.host.kinds.index(("DDEATH", "oven")) :]
    assert scene.temperatures()[-1][1] is not None
    scene.board.stop()
    assert scene.host.wrong == []


def test_an_alarm_is_a_bit_and_a_text(tmp_path):
    scene = Scene(tmp_path)
    scene.oven.registers[0x1000] = 285
    scene.run(30)
    assert scene.host.births["oven"]["temperature/high"].boolean_value is False
    ((_, is_raised, _),) = scene.host.values("oven", "temperature/high")
    assert is_raised is True
    events = [json.loads(text) for _, text, _ in scene.host.values("oven", "event")]
    assert {
        "alarm": "temperature.high", "state": "raised", "value": 30.1, "limit": 30.0
    } in events  # fmt: skip
    scene.command("NCMD", name="Node Control/Rebirth", datatype=DataType.BOOLEAN, value=True)
    scene.run(3)
    assert scene.host.births["oven"]["temperature/high"].boolean_value is True
    scene.close()


def test_nothing_is_sent_while_the_primary_host_is_away(tmp_path):
    scene = Scene(tmp_path, settings='sparkplug = { primary_host = "scada" }')
    scene.run(20)
    assert scene.host.kinds == []
    scene.tell_state(True, 1000)
    scene.run(5)
    assert kinds_of(scene.host) == ["NBIRTH", "DBIRTH", "DBIRTH"]
    assert any(is_historical for _, _, is_historical in scene.temperatures())
    scene.tell_state(False, 999)  # of an older connection of the host
    scene.run(5)
    assert "NDEATH" not in kinds_of(scene.host)
    scene.tell_state(False, 1000)
    scene.run(20)
    assert kinds_of(scene.host)[-1] == "NDEATH"
    assert scene.host.bd_seqs == [("NBIRTH", 0), ("NDEATH", 0)]
    heard = len(scene.host.kinds)
    scene.run(20)
    assert len(scene.host.kinds) == heard
    scene.tell_state(True, 2000)
    scene.run(10)
    assert scene.host.bd_seqs[-1][0] == "NBIRTH" and scene.host.bd_seqs[-1][1] > 0
    scene.close()


def test_commands_write_what_is_writable(tmp_path):
    scene = Scene(tmp_path)
    scene.run(10)
    aliases = {name: metric.alias for name, metric in scene.host.births["oven"].items()}
    setpoint = {"alias": aliases["temperature_setpoint"]}
    scene.command("DCMD", "oven", **setpoint, datatype=DataType.DOUBLE, value=21.5)
    scene.run(3)
    assert scene.oven.writes == [(6, 0x1001, 215)]
    assert scene.host.values("oven", "temperature_setpoint")[-1][1] == 21.5
    scene.command("DCMD", "oven", **setpoint, datatype=DataType.INT64, value=23)
    scene.run(3)
    scene.command("DCMD", "oven", **setpoint, datatype=DataType.FLOAT, value=22.1)
    scene.run(3)
    assert [word for _, _, word in scene.oven.writes] == [215, 230, 221]
    alias = aliases["temperature"]
    scene.command("DCMD", "oven", alias=alias, datatype=DataType.DOUBLE, value=1.0)
    valve = scene.host.births["valve"]["digital_output"].alias
    scene.command("DCMD", "valve", alias=valve, datatype=DataType.BOOLEAN, value=True)
    scene.run(5)
    assert len(scene.oven.writes) == 3
    assert scene.board.pins[23] == 1
    assert "".join(scene.console).count("temperature is not writable") == 1
    scene.close()


def test_bad_commands_and_states_are_counted_and_nothing_else(tmp_path):
    scene = Scene(tmp_path, settings='sparkplug = { primary_host = "scada" }')
    scene.tell_state(True, 1)
    scene.run(10)
    good = command("NCMD", name="Node Control/Rebirth", datatype=DataType.BOOLEAN, value=False)
    states = [b"", b"[]", b"{}", b"null", b'{"online":1,"timestamp":5}', b"[" * 400, b"\xff" * 9,
              b'{"online":false,"timestamp":true}', b'{"online":false,"timestamp":0}']  # fmt: skip
    rng = random.Random(1)
    for state in states:
        scene.broker.publish(Publish(STATE, state, 1, False))
    for _ in range(400):
        payload = bytearray(good[1])
        for _ in range(rng.randrange(1, 6)):
            payload[rng.randrange(len(payload))] = rng.randrange(256)
        payload = rng.choice([bytes(payload), rng.randbytes(rng.randrange(60))])
        topic = rng.choice([good[0], "spBv1.0/hall-2/DCMD/g1/oven", "spBv1.0/hall-2/DCMD/g1/no"])
        scene.broker.publish(Publish(topic, payload, 1, False))
        scene.run(0.02)
    scene.run(5)
    scene.run(60)
    told = json.loads(scene.host.values(None, "diagnostics")[-1][1])
    assert told["boot"] == 1 and told["mqtt"]["bad commands"] >= 300
    assert kinds_of(scene.host)[:3] == ["NBIRTH", "DBIRTH", "DBIRTH"]
    assert "NDEATH" not in kinds_of(scene.host)
    assert scene.oven.writes == []
    scene.close()


def test_two_dialects_each_keep_what_their_own_receiver_has_not_got(tmp_path):
    scene = Scene(
        tmp_path,
        dialects='["plain", "sparkplug"]',
        settings='sparkplug = { primary_host = "scada" }',
        board="espressif-esp32-devkitc-ve",
        heap=1024 * 1024,
    )
    plain = []
    scene.broker.subscribe(
        "limen/v1/hall-2/g1/dev/oven/data",
        lambda topic, payload, retain: plain.extend(json.loads(payload)["r"]),
    )
    scene.run(30)
    assert scene.host.kinds == [] and len(plain) >= 20
    scene.tell_state(True, 1)
    scene.run(5)
    scene.broker.stop()
    scene.run(20)
    scene.broker.start()
    scene.run(60)
    seqs = [record[0] for record in plain]
    assert seqs == sorted(set(seqs))
    told = [record[3].get("temperature") for record in plain]
    heard = [value for _, value, _ in scene.temperatures()]
    assert [value for value in told if value is not None] == sorted(set(heard))
    scene.close()
