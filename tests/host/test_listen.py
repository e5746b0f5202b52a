"""`limen listen`: frames from a serial port to a file."""

import contextlib
import os
import threading
import time
import tty

from host_tools import cli
from host_tools.bus_trace import read_trace
from host_tools.emulation.meter import with_crc
from host_tools.errors import Kind
from host_tools.serial_port import open_port

ASK = with_crc(bytes.fromhex("010400000002"))
REPLY = with_crc(bytes.fromhex("01040443666666"))


def listen(port: str, out, *options, duration="2s") -> int:
    return cli.main(["listen", "--port", port, "--out", str(out), "--for", duration, *options])


@contextlib.contextmanager
def an_exchange_once_the_port_is_open(master: int, monkeypatch):
    """What was sent before is thrown away, as with any port that is opened."""
    opened = threading.Event()

    def open_and_tell(*args, **settings):
        port = open_port(*args, **settings)
        opened.set()
        return port

    def speak():
        opened.wait()
        os.write(master, ASK)
        time.sleep(0.5)
        os.write(master, REPLY)

    monkeypatch.setattr("host_tools.listen.open_port", open_and_tell)
    speaker = threading.Thread(target=speak, daemon=True)
    speaker.start()
    yield
    speaker.join()


def test_what_passes_on_a_line_is_written(tmp_path, capsys, monkeypatch):
    master, slave = os.openpty()
    tty.setraw(slave)
    out = tmp_path / "trace.csv"
    with an_exchange_once_the_port_is_open(master, monkeypatch):
        assert listen(os.ttyname(slave), out, "--framing", "8N2") == 0
    assert capsys.readouterr().err == f"limen listen: 2 frames in {out}\n"
    (exchange,) = read_trace(out)
    assert (exchange.request.data, exchange.reply.data) == (ASK, REPLY)
    assert exchange.reply.time_us > exchange.request.time_us
    assert listen(os.ttyname(slave), out) == 2
    assert "is there already" in capsys.readouterr().err
    assert listen(os.ttyname(slave), tmp_path / "silent.csv", duration="50ms") == 1


def test_a_port_that_is_not_there_is_a_sentence(tmp_path, capsys):
    assert listen("/dev/ttyNone", tmp_path / "x.csv") == Kind.PORT
    assert "There is no port /dev/ttyNone" in capsys.readouterr().err
    assert not (tmp_path / "x.csv").exists()
