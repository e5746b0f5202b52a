"""A whole gateway with meters behind TCP connections, in virtual time."""

import json
import struct

import pytest

from host_tools import interpreter
from host_tools.contract import Plate
from host_tools.emulation.meter import with_crc
from virtual_gateway import VirtualGateway

pytestmark = pytest.mark.skipif(not interpreter.find_or_none(), reason="needs MicroPython")

SITE = """
[site]
id = "hall-2"
ntp = ["time.local"]
[mqtt]
host = "broker.local"
[gateway.g1]
board = "espressif-esp32-devkitc"
[[gateway.g1.bus]]
id = "plc"
kind = "modbus-tcp"
host = "plc.local"
[[gateway.g1.bus]]
id = "server"
kind = "modbus-rtu-tcp"
host = "server.local"
port = 4196
[[gateway.g1.device]]
id = "one"
profile = "eastron-sdm120"
bus = "plc"
address = 1
every = "1s"
[[gateway.g1.device]]
id = "two"
profile = "eastron-sdm120"
bus = "plc"
address = 2
every = "1s"
[[gateway.g1.device]]
id = "three"
profile = "eastron-sdm120"
bus = "server"
address = 3
every = "1s"
[[gateway.g1.device]]
id = "four"
profile = "eastron-sdm630"
bus = "server"
address = 4
every = "10s"
nameplate = true
"""
VALUES = {"voltage": 0, "current": 6, "power_active_total": 12, "frequency": 70}
GOOD, BAD = 0, 2


def pdu(request: bytes) -> bytes:
    """The answer of a meter in which each float is its own address."""
    start, count = struct.unpack(">HH", request[1:5])
    floats = [struct.pack(">f", address) for address in range(start, start + count, 2)]
    data = b"".join(floats)[: 2 * count]
    return request[:1] + bytes([len(data)]) + data


class Server:
    """Meters behind one port; those that are `silent` do not answer."""

    def __init__(self, world, has_headers):
        self.world = world
        self.has_headers = has_headers
        self.connections = []
        self.silent = set()
        self._frame = b""

    def accept(self, connection):
        self.connections.append(connection)
        self._frame = b""
        connection.on_data = lambda data: self.receive(connection, data)

    def receive(self, connection, data):
        self._frame += data
        size = 12 if self.has_headers else 8
        while len(self._frame) >= size:
            frame, self._frame = self._frame[:size], self._frame[size:]
            unit = frame[6] if self.has_headers else frame[0]
            if unit not in self.silent:
                reply = self.reply(frame)
                self.world.after(20_000, lambda reply=reply: connection.send(reply))

    def reply(self, frame):
        if self.has_headers:
            answer = frame[6:7] + pdu(frame[7:])
            return frame[:4] + struct.pack(">H", len(answer)) + answer
        return with_crc(frame[:1] + pdu(frame[1:]))


class Gateway(VirtualGateway):
    def __init__(self, folder, site=SITE):
        super().__init__(folder, site)
        self.plc, self.server = Server(self.scheduler, True), Server(self.scheduler, False)
        self.lan.listen("plc.local", 502, self.plc.accept)
        self.lan.listen("server.local", 4196, self.server.accept)

    def diagnostics(self):
        """What the gateway told of itself last."""
        return json.loads(self.broker.retained["limen/v1/hall-2/g1/diag"].payload)

    def told(self, device):
        """[(quality, {channel: value})] since the last time."""
        found = [
            (arrival.record.quality, arrival.record.body.by_channel)
            for arrival in self.arrivals
            if arrival.device == device and hasattr(arrival.record.body, "by_channel")
        ]
        self.arrivals[:] = [arrival for arrival in self.arrivals if arrival.device != device]
        return found


@pytest.fixture
def gateway(tmp_path):
    with Gateway(tmp_path) as gateway:
        yield gateway


def qualities(told):
    return [quality for quality, _ in told]


def test_units_behind_connections_are_read_each_second(gateway):
    gateway.run(5)
    for device in ("one", "two", "three"):
        # The network is not there at once; that is told once.
        told = qualities(gateway.told(device))
        assert told == [BAD] + [GOOD] * (len(told) - 1)
    gateway.run(20)
    for device in ("one", "two", "three"):
        told = gateway.told(device)
        assert len(told) == 20
        assert set(qualities(told)) == {GOOD}
        for _, values in told:
            assert {name: int(values[name]) for name in VALUES} == VALUES
    assert (len(gateway.plc.connections), len(gateway.server.connections)) == (1, 1)


def test_a_serial_number_is_told_once_and_stands_in_the_diagnostics(gateway):
    gateway.run(70)
    serial = str(int.from_bytes(struct.pack(">f", 0xFC00), "big"))
    events = [a.record.body for a in gateway.arrivals if a.device == "four"]
    plates = [body for body in events if isinstance(body, Plate)]
    assert plates == [Plate("serial_number", serial, None)]
    assert gateway.diagnostics()["nameplate"] == {"four": {"serial_number": serial}}


def test_diagnostics_leave_out_what_has_no_room(tmp_path):
    site = SITE.replace("[mqtt]", "[mqtt]\nbatch_bytes = 512")
    with Gateway(tmp_path, site) as gateway:
        gateway.run(70)
        told = gateway.diagnostics()
        assert "bus" not in told
        assert told["outbox"]["dropped"] == 0
        assert told["store"]["failures"] == 0


def test_a_dead_unit_does_not_slow_the_other_behind_its_connection(gateway):
    gateway.run(20)
    gateway.told("one")
    gateway.told("two")
    gateway.plc.silent = {2}
    gateway.run(120)
    assert len(gateway.told("one")) >= 114
    assert qualities(gateway.told("two")) == [BAD] * 3
    gateway.plc.silent = set()
    gateway.run(70)
    assert qualities(gateway.told("two"))[-5:] == [GOOD] * 5


def test_a_connection_that_breaks_is_made_again(gateway):
    gateway.run(20)
    for server in (gateway.plc, gateway.server):
        server.connections[-1].close()
    for device in ("one", "three"):
        gateway.told(device)
    gateway.run(10)
    for device in ("one", "three"):
        assert qualities(gateway.told(device))[-8:] == [GOOD] * 8
    assert (len(gateway.plc.connections), len(gateway.server.connections)) == (2, 2)


def test_a_host_that_does_not_speak_modbus_spoils_nothing_else(gateway):
    gateway.plc.reply = lambda frame: b"HTTP/1.0 400 Bad Request\r\n\r\n"
    gateway.run(60)
    assert len(gateway.told("three")) >= 57
    assert qualities(gateway.told("one")) == [BAD]
    assert len(gateway.plc.connections) <= 8
