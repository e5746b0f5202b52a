"""The firmware's TLS session with NATS, whose MQTT is nobody else's code."""

from contextlib import contextmanager

import pytest

import nats_server
from host_tools import authority
from host_tools.emulation import brokers
from session_twin import await_port, free_port, keys_for, play

TOPIC = "limen/v1/hall-2/press-07/dev/main-meter/data"


@contextmanager
def nats(folder, own):
    """A running NATS with MQTT over TLS; yields its port."""
    if not nats_server.find():
        pytest.skip(nats_server.PACKAGE)
    broker = own.issue_server(["127.0.0.1"], 30)
    port = free_port()
    tls = brokers.Tls(own.identity.certificate_file, broker.certificate_file, broker.key_file)
    server = nats_server.NatsServer(port, free_port(), folder, tls)
    try:
        await_port(port)
        yield port
    finally:
        server.stop()


def test_records_are_acknowledged_and_the_session_resumed(twin, tmp_path):
    own = authority.Authority.create(tmp_path / "ca", "limen hall-2", 30)
    own.issue_client("hall-2.press-07", 30)
    flash = keys_for(own, "hall-2.press-07", tmp_path / "flash")
    with nats(tmp_path, own) as port:
        said = play(twin, "secured", port=port, folder=flash, topics=[TOPIC] * 5)
    assert said["kept"] == [False, True]
    assert said["counters"]["connects"] == 2
