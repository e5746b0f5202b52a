"""Exchanges over a real terminal and a real TCP connection."""

import asyncio
import contextlib
import socketserver
import threading

import pytest

from host_tools import cli
from host_tools.doctor.carriers import SerialCarrier, TcpCarrier
from host_tools.emulation.line import Line, PtyPort
from host_tools.emulation.meter import Meter
from host_tools.emulation.scheduler import RealScheduler
from host_tools.emulation.signals import Constant
from host_tools.errors import ToolError
from host_tools.site import load_site
from limen.core import modbus
from limen.core.exchange import Exchange, read_request

FRAMING = (9600, None, 1)
VOLTS = b"\x43\x67\x00\x00"  # 231.0 as a single


@contextlib.contextmanager
def real_line():
    """The path of a terminal at a line with a meter at address 7, 9600 8N1."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    async def build():
        line = Line(RealScheduler())
        Meter(line.scheduler, line, 7, "eastron-sdm630", Constant(voltage=231))
        return line, PtyPort(line)

    _, terminal = asyncio.run_coroutine_threadsafe(build(), loop).result(5)
    try:
        yield terminal.path
    finally:
        loop.call_soon_threadsafe(terminal.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def ask(carrier, framing=FRAMING, address=7, patience_ms=2000):
    exchange = Exchange(framing, read_request(address, 4, 0, 2), patience_ms)
    carrier.carry(exchange)
    return exchange


def test_a_serial_port_carries_an_exchange():
    with real_line() as path:
        carrier = SerialCarrier(path)
        exchange = ask(carrier)
        assert exchange.result == modbus.OK
        assert exchange.frame[3:-2] == VOLTS
        assert ask(carrier, address=8, patience_ms=50).result == modbus.TIMEOUT
        carrier.close()


def test_a_parity_that_the_port_does_not_have_is_left_out():
    """Linux keeps its pseudo-terminals at 8N."""
    with real_line() as path:
        carrier = SerialCarrier(path)
        even = (9600, 0, 1)
        assert ask(carrier, even).result == modbus.TIMEOUT
        assert ask(carrier, (19200, 0, 1)).result == modbus.TIMEOUT
        assert carrier.refused == {even, (19200, 0, 1)}
        assert ask(carrier).result == modbus.OK
        carrier.close()


def test_a_port_in_use_is_a_sentence():
    with real_line() as path:
        carrier = SerialCarrier(path)
        with pytest.raises(ToolError, match="is in use by another program"):
            SerialCarrier(path)
        carrier.close()


def test_a_port_that_is_not_there_is_a_sentence():
    with pytest.raises(ToolError, match="There is no port /dev/ttyUSB99; check the cable"):
        SerialCarrier("/dev/ttyUSB99")


def test_the_command_examines_a_meter_at_a_port(tmp_path, capsys):
    path = tmp_path / "site.toml"
    with real_line() as port:
        options = (
            "--address",
            "7",
            "--baud",
            "9600",
            "--parity",
            "none",
            "--expect",
            "1",
            "--patience",
            "1000",
        )
        model = ("--profile", "eastron-sdm630", "--write", str(path))
        assert cli.main(["doctor", "--port", port, *options, *model]) == 0
    assert "Address 7 at 9600 8N1: answers like Eastron SDM630-Modbus" in capsys.readouterr().out
    (device,) = load_site(path).compile("gateway-1")["device"]
    assert (device["model"], device["address"]) == ("Eastron SDM630-Modbus", 7)


@contextlib.contextmanager
def server(answer):
    """The port of a TCP server; `answer(request)` gives its reply, None closes the connection."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self):
            while request := self.request.recv(512):
                reply = answer(request)
                if reply is None:
                    return
                for piece in reply:
                    self.request.sendall(piece)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as listening:
        listening.daemon_threads = True
        thread = threading.Thread(target=listening.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield listening.server_address[1]
        finally:
            listening.shutdown()
            thread.join()


def volts(request):
    assert request[2:] == b"\0\0\0\x06" + bytes((request[6],)) + b"\x04\0\0\0\x02"
    return [request[:2] + b"\0\0\0\x07", request[6:7] + b"\x04\x04", VOLTS]


def test_tcp_carries_an_exchange_in_pieces():
    with server(volts) as port:
        carrier = TcpCarrier("127.0.0.1", port)
        for address in (7, 255):
            exchange = ask(carrier, None, address)
            assert exchange.result == modbus.OK
            assert exchange.frame[:3] == bytes((address, 4, 4))
            assert exchange.frame[3:-2] == VOLTS
        carrier.close()


def test_tcp_passes_over_the_answer_to_an_earlier_question():
    with server(lambda request: [b"\x7f\xff\0\0\0\x03\x07\x84\x0b", *volts(request)]) as port:
        carrier = TcpCarrier("127.0.0.1", port)
        assert ask(carrier, None).result == modbus.OK
        carrier.close()


def test_tcp_comes_back_after_the_server_has_closed():
    replies = [None, b""]

    def answer(request):
        return replies.pop(0) if replies[0] is None else volts(request)

    with server(answer) as port:
        carrier = TcpCarrier("127.0.0.1", port)
        assert ask(carrier, None).result == modbus.TIMEOUT
        assert ask(carrier, None).result == modbus.OK
        carrier.close()


@pytest.mark.parametrize(
    "nonsense", [b"HTTP/1.1 400 Bad Request", b"\0\1\0\0\0\0\7", b"\0\1\0\0\xff\xff\7"]
)
def test_tcp_takes_nonsense_for_no_answer(nonsense):
    with server(lambda request: [nonsense]) as port:
        carrier = TcpCarrier("127.0.0.1", port)
        assert ask(carrier, None).result == modbus.TIMEOUT
        carrier.close()


def test_a_host_that_takes_no_connection_is_a_sentence():
    with server(volts) as port:
        pass
    with pytest.raises(ToolError, match=f"takes no connection on port {port}"):
        TcpCarrier("127.0.0.1", port)
    with pytest.raises(ToolError, match="There is no host nowhere.invalid"):
        TcpCarrier("nowhere.invalid", 502)
