"""Real brokers as processes: they start, they keep their door, and they leave no orphans."""

import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from socket import create_connection, create_server

import pytest
from paho.mqtt import client as paho

from host_tools.emulation import brokers
from host_tools.errors import ToolError
from host_tools.paths import PROJECT

KINDS = ["amqtt"] + ["mosquitto"] * bool(brokers.find_mosquitto())

_PARENT = """
import sys, time
from host_tools.emulation import brokers
broker = brokers.start(sys.argv[1], int(sys.argv[2]), sys.argv[3])
print("up", flush=True)
time.sleep(60)
"""


def free_port() -> int:
    with closing(create_server(("127.0.0.1", 0))) as server:
        return server.getsockname()[1]


def accepts(port: int) -> bool:
    try:
        create_connection(("127.0.0.1", port)).close()
    except ConnectionRefusedError:
        return False
    return True


def connect(port: int, user: str | None = None, password: str | None = None) -> tuple[int, bool]:
    """Connect a client with a session to keep; return the return code, and whether it was kept."""
    client = paho.Client(
        paho.CallbackAPIVersion.VERSION2, "kept", clean_session=False, protocol=paho.MQTTv311
    )
    answers = []
    client.on_connect = lambda c, u, flags, code, p: answers.append((code, flags.session_present))
    client.username_pw_set(user, password)
    client.connect("127.0.0.1", port)
    while not answers:
        client.loop(0.05)
    client.subscribe("a", 1)
    client.loop(0.05)
    client.disconnect()
    (code, kept) = answers[0]
    return code.value, kept


@pytest.mark.parametrize("kind", KINDS)
def test_it_serves_until_it_is_stopped(kind, tmp_path):
    broker = brokers.start(kind, free_port(), tmp_path)
    assert broker.name == kind
    assert connect(broker.port) == (0, False)
    assert connect(broker.port) == (0, True)
    broker.stop()
    assert not broker.is_running() and not accepts(broker.port)


@pytest.mark.parametrize("kind", KINDS)
def test_credentials(kind, tmp_path):
    broker = brokers.start(kind, free_port(), tmp_path, {"user": "geheim:$7$ ü"})
    assert connect(broker.port, "user", "geheim:$7$ ü")[0] == 0
    assert connect(broker.port, "user", "wrong")[0] != 0
    assert connect(broker.port)[0] != 0
    broker.kill()
    assert not broker.is_running()


def test_a_port_in_use_is_a_sentence(tmp_path):
    with closing(create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
        with pytest.raises(ToolError, match=f"cannot have port {port} .*choose another port"):
            brokers.start("amqtt", port, tmp_path)


def test_an_unknown_kind_is_a_sentence(tmp_path):
    with pytest.raises(ToolError, match="no broker 'hive': choose one of auto, amqtt, mosquitto"):
        brokers.start("hive", 1, tmp_path)


def test_without_mosquitto_auto_takes_amqtt(monkeypatch, tmp_path):
    monkeypatch.setattr(brokers, "find_mosquitto", lambda: None)
    with pytest.raises(ToolError, match="is not installed: install it"):
        brokers.start("mosquitto", 1, tmp_path)
    broker = brokers.start("auto", free_port(), tmp_path)
    broker.stop()
    assert broker.name == "amqtt"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a process with its parent")
@pytest.mark.parametrize("kind", KINDS)
def test_it_ends_with_its_parent_even_when_that_is_killed(kind, tmp_path):
    port = free_port()
    command = [sys.executable, "-c", _PARENT, kind, str(port), str(tmp_path)]
    parent = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True)
    assert parent.stdout.readline() == "up\n" and accepts(port)
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    for _ in range(200):
        if not accepts(port):
            return
        time.sleep(0.02)
    pytest.fail("the broker has outlived its parent")
