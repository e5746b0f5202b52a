"""What is fuzzed: every parser of bytes or text that come from outside.

A target takes any bytes and does with them what the product does. It may refuse them in the way
that its parser promises; whatever else it raises, or never ending, is a bug. The seeds show the
fuzzer what right input looks like.
"""

import contextlib
import json
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import setup_request
from host_tools.board import load_board
from host_tools.bus_trace import read_trace
from host_tools.contract import ContractError
from host_tools.contract import parse as parse_message
from host_tools.emulation.column_map import load_map
from host_tools.emulation.recording import Recording
from host_tools.errors import ToolError
from host_tools.fault_plan import load_faults
from host_tools.paths import PROJECT
from host_tools.profile import compile_profile, load_profile
from host_tools.run_csv import Run
from host_tools.site import load_site
from limen.core import modbus, modbus_writes, mqtt, p1, sparkplug_command
from limen.core.config import check
from limen.core.modbus_identity import encode_identify
from limen.core.modbus_tcp import TcpReply
from limen.core.sparkplug import host_state

EXAMPLES = PROJECT / "examples"
_PIECE_BYTES = 7


@dataclass(frozen=True)
class Target:
    """`run(data)` with what it may raise; `seeds()` gives right input."""

    run: Callable[[bytes], None]
    seeds: Callable[[], list[bytes]]
    refusals: tuple[type[Exception], ...] = ()

    def take(self, data: bytes) -> None:
        """One input; raises only what is a bug."""
        with contextlib.suppress(*self.refusals):
            self.run(data)


def _pieces(data: bytes) -> Iterator[bytes]:
    return (data[at : at + _PIECE_BYTES] for at in range(0, len(data), _PIECE_BYTES))


# Field side: what a line or a connection brings.

_REQUESTS = [
    modbus_writes.encode_register(1, 5, 700),
    modbus_writes.encode_registers(1, 5, b"\1\2\3\4"),
    modbus_writes.encode_exchange(1, 0, 3, 7, b"\0\1"),
    encode_identify(1),
]


def _read(function: int, count: int) -> bytes:
    request = bytearray(modbus.REQUEST_BYTES)
    modbus.encode_read(request, 1, function, 16, count)
    return bytes(request)


_REQUESTS += [_read(1, 17), _read(2, 5), _read(3, 2), _read(4, 125)]


def modbus_rtu(data: bytes) -> None:
    """The first byte chooses the request, the rest is what the line brings."""
    reply = modbus.Reply()
    reply.echoes = bool(data[:1] > b"\x7f")
    reply.expect(_REQUESTS[(data[0] if data else 0) % len(_REQUESTS)])
    _feed(reply, data[1:])


def modbus_tcp(data: bytes) -> None:
    reply = TcpReply()
    request = _REQUESTS[(data[0] if data else 0) % len(_REQUESTS)]
    reply.encode(request)
    reply.expect(request)
    reply.compact()
    _feed(reply, data[1:])


def _feed(reply: modbus.Reply, line: bytes) -> None:
    for piece in _pieces(line):
        result = reply.feed(piece, len(piece))
        if result != modbus.WAITING:
            break
    else:
        result = reply.finish()
    assert 0 <= result < len(modbus.RESULTS)
    assert result != modbus.WAITING
    assert reply.data <= reply.length


def _modbus_seeds() -> list[bytes]:
    data = bytes([0x09, 0x1A, 0x43, 0x66])
    frame = bytearray([1, 3, len(data), *data, 0, 0])
    modbus.close_frame(frame, len(frame) - 2)
    reads = _REQUESTS.index(_read(3, 2))
    return [bytes([reads]) + bytes(frame), bytes([0]) + bytes(_REQUESTS[0])]


def _tcp_seeds() -> list[bytes]:
    reads = _REQUESTS.index(_read(3, 2))
    return [bytes([reads]) + bytes([0, 1, 0, 0, 0, 7, 1, 3, 4, 9, 26, 67, 102])]


def p1_telegram(data: bytes) -> None:
    """Bytes of a P1 port, whose telegrams are read to their last line."""
    framer, at = p1.Framer(), 0
    lines = p1.Lines(framer.buffer)
    while at < len(data):
        at = framer.take(data, at, len(data))
        if framer.ready:
            lines.open(framer.length)
            while lines.next():
                lines.channel()
                lines.count(p1.spellings("kWh"), 3)
                lines.time()


def _p1_seeds() -> list[bytes]:
    text = b"/LIM5 TEST\r\n\r\n0-0:1.0.0(260301120000W)\r\n1-0:1.8.1(000123.456*kWh)\r\n"
    return [text + b"!\r\n", text + b"0-1:24.2.1(260301120000W)(00042.123*m3)\r\n!1234\r\n"]


# Delivery: what a broker, or anybody who publishes there, sends.


def mqtt_packets(data: bytes) -> None:
    """A stream of packets, as the session takes them."""
    at = 0
    while at < len(data):
        size = mqtt.packet_size(data, at, len(data))
        if not 0 < size <= len(data) - at:
            return
        if data[at] & 0xF0 == mqtt.PUBLISH:
            mqtt.check_publish(data, at, at + size)
        elif data[at] == mqtt.CONNACK:
            mqtt.check_connack(data, at)
        at += size


def _mqtt_seeds() -> list[bytes]:
    return [b"\x20\x02\x00\x00", b"\x40\x02\x00\x01", b"\x32\x07\x00\x01a\x00\x01hi", b"\xd0\x00"]


def sparkplug(data: bytes) -> None:
    """What comes on NCMD and DCMD: values are of the types that their fields have."""
    for name, alias, field, value in sparkplug_command.metrics(data):
        assert name is None or isinstance(name, str)
        assert alias is None or alias >= 0
        assert field is None or isinstance(value, int | str | bytes)


def sparkplug_state(data: bytes) -> None:
    host_state(data)


def _sparkplug_seeds() -> list[bytes]:
    rebirth = b"\x12\x18\x0a\x14Node Control/Rebirth\x70\x01"
    write = b"\x08\x05\x12\x0b\x10\x08\x69\0\0\0\0\0\x80\x35\x40"
    return [rebirth, write, b"\x12\x04\x10\x09\x50\x07"]


def host_message(data: bytes) -> None:
    """Topic and payload, parted by a line feed, as a host service gets them."""
    topic, _, payload = data.partition(b"\n")
    parse_message(topic.decode(errors="replace"), payload)


def _message_seeds() -> list[bytes]:
    root = b"limen/v1/hall/press/"
    batch = b'{"inc":"0badcafe","boot":3,"cfg":"12345678","low":7,"r":[[7,17672256000,0,{"p":1}]]}'
    return [
        root + b'status\n{"online":true,"inc":"0badcafe","boot":3}',
        root + b"dev/meter/data\n" + batch,
        root + b'dev/meter/last\n{"t":1767225600000,"q":0,"v":{"p":1.5}}',
    ]


# Files that people write.


@contextlib.contextmanager
def _file(name: str, data: bytes) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="limen-fuzz-") as folder:
        path = Path(folder, name)
        path.write_bytes(data)
        yield path


def site_file(data: bytes) -> None:
    with _file("site.toml", data) as path:
        load_site(path).compile_all()


def profile_file(data: bytes) -> None:
    with _file("profile.toml", data) as path:
        compile_profile(path)


def fault_plan(data: bytes) -> None:
    with _file("demo.toml", data) as path:
        load_faults(path, ["incomer", "compressor", "press", "cooling"])


def column_map(data: bytes) -> None:
    with _file("map.toml", data) as path:
        load_map(path)


def recording(data: bytes) -> None:
    with _file("recording.csv", data) as path:
        Recording(path).summary()


def golden_run(data: bytes) -> None:
    Run.of_text(data.decode(errors="replace"))


_PROFILES = {"eastron-sdm630": load_profile("eastron-sdm630")}
_BOARDS = {"lilygo-t-can485": load_board("lilygo-t-can485")}


def configuration(data: bytes) -> None:
    """What arrives as JSON goes to the validator; there is a configuration, or problems."""
    compact, problems = check(json.loads(data), "press-07", _PROFILES, _BOARDS)
    assert (compact is None) == bool(problems)


def _files(pattern: str) -> Callable[[], list[bytes]]:
    return lambda: [path.read_bytes() for path in sorted(PROJECT.glob(pattern))][:6]


def _configuration_seeds() -> list[bytes]:
    site = load_site(EXAMPLES / "press/site.toml").file.data
    return [json.dumps(site).encode()]


def _recording_seeds() -> list[bytes]:
    return [
        b"time,voltage [V]\n2026-03-01T23:50:00Z,230.1\n2026-03-01T23:51:00Z,-1\n",
        b"timestamp;power_active_total [kW]\n1767225600;1.5\n1767225660;2\n",
        b"Datum;Zeit;a.voltage;b.current\n;;kV;mA\n2.3.2026;1:00 PM;1,5;\n1.3.2026;12:59;;7\n",
        b"#group,\n,_time,_value,_field\n,1-Mar-2026 10:00 UTC,5,voltage\n,9,on,digital_input\n",
    ]


def bus_trace(data: bytes) -> None:
    with _file("trace.csv", data) as path:
        read_trace(path)


def http_request(data: bytes) -> None:
    """In pieces, and its form where it has one."""
    request = setup_request.Request()
    if any(request.feed(piece) for piece in _pieces(data)):
        setup_request.read_form(request.body)


def _http_seeds() -> list[bytes]:
    form = b"ssid=hall%202&password=long+enough&port=1883"
    head = b"POST /save HTTP/1.1\r\nHost: 192.168.4.1\r\nContent-Length: %d\r\n\r\n"
    return [b"GET / HTTP/1.1\r\nHost: 192.168.4.1\r\n\r\n", head % len(form) + form]


_JSON = (json.JSONDecodeError, UnicodeDecodeError, RecursionError)

TARGETS = {
    "modbus-rtu": Target(modbus_rtu, _modbus_seeds),
    "modbus-tcp": Target(modbus_tcp, _tcp_seeds),
    "p1": Target(p1_telegram, _p1_seeds),
    "mqtt": Target(mqtt_packets, _mqtt_seeds, (mqtt.MqttError,)),
    "sparkplug": Target(sparkplug, _sparkplug_seeds, (ValueError,)),
    "sparkplug-state": Target(
        sparkplug_state,
        lambda: [b'{"online":true,"timestamp":1795291201000}'],
        (ValueError, RecursionError),
    ),
    "host-message": Target(host_message, _message_seeds, (ContractError,)),
    "configuration": Target(configuration, _configuration_seeds, _JSON),
    "site": Target(site_file, _files("examples/*/site.toml"), (ToolError,)),
    "profile": Target(profile_file, _files("firmware/profiles/*.toml"), (ToolError,)),
    "fault-plan": Target(fault_plan, _files("examples/*/demo.toml"), (ToolError,)),
    "column-map": Target(column_map, _files("examples/maps/*.toml"), (ToolError,)),
    "http": Target(http_request, _http_seeds, (setup_request.HttpError,)),
    "recording": Target(recording, _recording_seeds, (ToolError,)),
    "bus-trace": Target(bus_trace, _files("examples/press/trace.csv"), (ToolError,)),
    "golden-run": Target(
        golden_run, lambda: [b"time,device,channel,value,quality,kind,seq,boot\n"], (ValueError,)
    ),
}
"""name → what to fuzz"""
