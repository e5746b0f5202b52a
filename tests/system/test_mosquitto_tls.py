"""The firmware's TLS session with a real Mosquitto, as `limen broker-config` configures it."""

import getpass
import ssl
import subprocess
import threading
import time

import paho.mqtt.client as paho
import pytest

from host_tools import authority, broker_config
from host_tools.emulation import brokers
from host_tools.paths import PROJECT
from host_tools.site import load_site
from session_twin import await_port, free_port, keys_for, play

PRESS = PROJECT / "examples/press"
OWN = "limen/v1/hall-2/press-07/dev/main-meter/data"
FOREIGN = "limen/v1/hall-2/press-08/dev/main-meter/data"
DEADLINE_S = 20


@pytest.fixture(scope="module")
def plant(tmp_path_factory):
    """A site with its authority and its running Mosquitto: (authority, folder, port)."""
    mosquitto = brokers.find_mosquitto()
    if not mosquitto:
        pytest.skip("Mosquitto is not installed")
    folder = tmp_path_factory.mktemp("plant")
    port = free_port()
    text = (PRESS / "site.toml").read_text()
    options = f'host = "127.0.0.1"\nport = {port}\ntls = true'
    (folder / "site.toml").write_text(text.replace('host = "broker.local"', options))
    own = authority.Authority.create(folder / "ca", "limen hall-2", 30)
    own.issue_server(["127.0.0.1", "broker.local"], 30)
    own.issue_client("hall-2.press-07", 30)
    own.issue_client("hall-2.press-09", 30)
    own.issue_client("historian", 30)
    broker_config.write(load_site(folder / "site.toml"), None, folder / "broker", None)
    configuration = folder / "broker/mosquitto.conf"
    with configuration.open("a") as file:
        file.write(f"user {getpass.getuser()}\npersistence_location {folder}/\n")
    with (folder / "log").open("w") as log:
        process = subprocess.Popen([mosquitto, "-c", configuration], stderr=log)
    await_port(port)
    yield own, folder, port
    process.terminate()
    process.wait()


class Service:
    """A host service with its own certificate that listens to everything of the site."""

    def __init__(self, own, port):
        identity = own.identity_of("historian")
        self.topics = []
        self._ready = threading.Event()
        self._client = paho.Client(paho.CallbackAPIVersion.VERSION2, "historian")
        context = ssl.create_default_context(cafile=own.identity.certificate_file)
        context.load_cert_chain(identity.certificate_file, identity.key_file)
        self._client.tls_set_context(context)
        self._client.on_message = lambda client, data, message: self.topics.append(message.topic)
        self._client.on_connect = lambda *_: self._client.subscribe("limen/v1/hall-2/#", 1)
        self._client.on_subscribe = lambda *_: self._ready.set()
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        assert self._ready.wait(DEADLINE_S)

    def await_topics(self, count):
        deadline = time.monotonic() + DEADLINE_S
        while len(self.topics) < count and time.monotonic() < deadline:
            time.sleep(0.02)
        return self.topics

    def close(self):
        self._client.loop_stop()
        self._client.disconnect()


def test_a_gateway_writes_its_own_topics_and_no_others(twin, plant, tmp_path):
    own, _, port = plant
    service = Service(own, port)
    folder = keys_for(own, "hall-2.press-07", tmp_path / "flash")
    said = play(twin, "secured", port=port, folder=folder, topics=[FOREIGN, "other/topic", OWN])
    assert service.await_topics(2) == [OWN, OWN]
    service.close()
    assert said["kept"] == [False, True]
    assert said["counters"]["connects"] == 2


def test_a_certificate_of_a_gateway_that_the_list_does_not_know_writes_nothing(
    twin,
    plant,
    tmp_path,
):
    own, _, port = plant
    service = Service(own, port)
    folder = keys_for(own, "hall-2.press-09", tmp_path / "flash")
    play(twin, "secured", port=port, folder=folder, topics=[OWN, FOREIGN])
    time.sleep(0.3)
    assert service.topics == []
    service.close()


def test_without_a_certificate_nobody_is_let_in(twin, plant, tmp_path):
    own, _, port = plant
    said = play(twin, "refused", port=port, folder=keys_for(own, None, tmp_path / "flash"))
    kind, cause = said["ending"]
    # The alert may be overtaken by the reset that follows it.
    assert (kind, cause in ("ended", "alert")) == ("TlsError", True)
    assert said["counters"] == {"tls: " + cause: 1}


def test_the_broker_of_another_authority_is_refused(twin, plant, tmp_path):
    _, _, port = plant
    stranger = authority.Authority.create(tmp_path / "ca", "limen hall-2", 30)
    stranger.issue_client("hall-2.press-07", 30)
    folder = keys_for(stranger, "hall-2.press-07", tmp_path / "flash")
    said = play(twin, "refused", port=port, folder=folder)
    assert said == {"ending": ["TlsError", "unknown ca"], "counters": {"tls: unknown ca": 1}}
