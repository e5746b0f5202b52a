"""The firmware's TLS session with NATS, whose MQTT is nobody else's code."""

import shutil
import subprocess
from contextlib import contextmanager

import pytest

from host_tools import authority
from session_twin import await_port, free_port, keys_for, play

CONFIGURATION = """\
server_name: plant
listen: 127.0.0.1:{own_port}
jetstream {{ store_dir: "{folder}" }}
mqtt {{
  listen: "127.0.0.1:{port}"
  tls {{
    cert_file: "{certificate}"
    key_file: "{key}"
    ca_file: "{ca}"
    verify: true
  }}
}}
"""
TOPIC = "limen/v1/hall-2/press-07/dev/main-meter/data"


@contextmanager
def nats(folder, own):
    """A running NATS with MQTT over TLS; yields its port."""
    server = shutil.which("nats-server") or shutil.which("nats-server", path="/usr/sbin")
    if not server:
        pytest.skip("NATS is not installed (Debian: apt install nats-server)")
    broker = own.issue_server(["127.0.0.1"], 30)
    port = free_port()
    text = CONFIGURATION.format(
        own_port=free_port(),
        port=port,
        folder=folder,
        certificate=broker.certificate_file,
        key=broker.key_file,
        ca=own.identity.certificate_file,
    )
    (folder / "nats.conf").write_text(text)
    with (folder / "log").open("w") as log:
        process = subprocess.Popen([server, "-c", folder / "nats.conf"], stderr=log)
    try:
        await_port(port)
        yield port
    finally:
        process.terminate()
        process.wait()


def test_records_are_acknowledged_and_the_session_resumed(twin, tmp_path):
    own = authority.Authority.create(tmp_path / "ca", "limen hall-2", 30)
    own.issue_client("hall-2.press-07", 30)
    flash = keys_for(own, "hall-2.press-07", tmp_path / "flash")
    with nats(tmp_path, own) as port:
        said = play(twin, "secured", port=port, folder=flash, topics=[TOPIC] * 5)
    assert said["kept"] == [False, True]
    assert said["counters"]["connects"] == 2
