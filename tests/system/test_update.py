"""Updates over MQTT, of a whole gateway in virtual time: installed, tried, taken back."""

import json

import pytest

from console import troubles
from disk import files_on, fill
from host_tools import interpreter
from host_tools.contract import Answer
from host_tools.emulation.mqtt_packets import Publish
from host_tools.errors import Kind, ToolError
from host_tools.gateway_image import SECRETS, configuration_files, gateway_files
from host_tools.site import load_site
from host_tools.update import Network, digest, update
from oven_gateway import OvenGateway

pytestmark = pytest.mark.skipif(not interpreter.find_or_none(), reason="needs MicroPython")

BASE = "limen/v1/hall-2/g1/"
TRIAL_S = 300


class Gateway(OvenGateway):
    def __init__(self, folder):
        super().__init__(folder, '["plain"]')
        self.folder = folder
        self.answers, self.births, self.faults = [], [], []
        self.broker.subscribe(BASE + "#", self._hear)
        self.asked = 0

    def _hear(self, topic, payload, _retain):
        if topic.endswith("/result"):
            self.answers.append(json.loads(payload))
        elif topic == BASE + "birth":
            self.births.append(json.loads(payload))
        elif topic == BASE + "dev/gateway/event":
            bodies = [record[3] for record in json.loads(payload)["r"]]
            self.faults += [body for body in bodies if "fault" in body]

    def ask(self, facts, verb="update"):
        """As `Requests.ask`, in virtual time."""
        self.asked += 1
        self.answers.clear()
        request = json.dumps(facts | {"id": self.asked}).encode()
        self.broker.publish(Publish(f"{BASE}cmd/{verb}", request, 1, False))
        waited = 0
        while not self.answers and waited < 100:
            self.run(0.1)
            waited += 1
        (answer,) = self.answers
        return Answer(verb, answer["id"], answer.get("error"), answer)

    def replaced(self):
        files = gateway_files(load_site(self.folder / "site.toml"), "g1")
        return {path: content for path, content in files.items() if path != SECRETS}

    def with_site(self, text, instead):
        """The files for a site file that is changed so."""
        path = self.folder / "other.toml"
        path.write_text((self.folder / "site.toml").read_text().replace(text, instead))
        assert path.read_text() != (self.folder / "site.toml").read_text()
        return self.replaced() | configuration_files(load_site(path).compile("g1"))

    def update(self, files):
        update(files, Network("hall-2/g1", self.ask))


@pytest.fixture
def gateway(tmp_path):
    gateway = Gateway(tmp_path)
    gateway.run(8)
    yield gateway
    gateway.board.stop()


def test_a_changed_site_is_installed_and_called_good(gateway, capsys):
    before = gateway.births[-1]
    files = gateway.with_site("30 °C", "35 °C")
    gateway.update(files)
    assert "1 of " in capsys.readouterr().out
    gateway.run(30)
    after = gateway.births[-1]
    assert after["cfg"] == json.loads(files["/config.jsonl"].splitlines()[0])["hash"]
    assert after["cfg"] != before["cfg"]
    assert (after["inc"], after["boot"]) == (before["inc"], before["boot"] + 1)
    assert troubles(gateway.console) == ["limen: the update is good"]
    answer = gateway.ask({}, "trial")
    assert (answer.facts["state"], answer.facts["why"]) == (None, None)
    gateway.update(files)
    assert "Nothing has changed" in capsys.readouterr().out


def test_a_program_that_does_not_start_is_taken_back(gateway, capsys):
    before = gateway.births[-1]
    files = gateway.replaced()
    there = Network("hall-2/g1", gateway.ask).programs()
    assert sorted(there) == sorted(path for path in files if path.startswith("/lib/"))
    gone = "/lib/limen/drivers_modbus_rtu.mpy"
    others = {path: content for path, content in files.items() if path != gone}
    gateway.update(others | {"/main.py": b"import nothing\n"})
    assert f"Not needed any more, and taken away: {gone}" in capsys.readouterr().out
    gateway.run(5)
    assert "ImportError" in "".join(gateway.console)
    gateway.run(150)
    assert gateway.births[-1]["cfg"] == before["cfg"]
    assert gateway.births[-1]["inc"] == before["inc"]
    assert gateway.ask({}, "trial").facts["state"] == "reverted"
    gateway.update(files)
    assert "Nothing has changed" in capsys.readouterr().out


def test_a_configuration_that_loses_the_broker_is_taken_back(gateway):
    gateway.update(gateway.with_site("broker.local", "borker.local"))
    count = len(gateway.births)
    gateway.run(TRIAL_S - 30)
    assert len(gateway.births) == count
    gateway.run(60)
    assert len(gateway.births) > count
    facts = gateway.ask({}, "trial").facts
    assert (facts["state"], facts["why"]) == ("reverted", "the broker was not reached")
    assert gateway.faults == [{"fault": "update", "why": "the broker was not reached"}]


def test_an_update_cut_off_is_made_good_by_the_next(gateway):
    files = gateway.replaced() | {"/main.py": gateway.replaced()["/main.py"] + b"# new\n" * 99}
    ask = gateway.ask

    def ask_until_cut(facts):
        if facts.get("at", 0) > 200:
            raise ToolError("The power is off.")
        return ask(facts)

    gateway.ask = ask_until_cut
    with pytest.raises(ToolError, match="The power is off[.]"):
        gateway.update(files)
    gateway.ask = ask
    gateway.board.power_cut()
    gateway.board.start()
    gateway.run(8)
    assert ask({"of": ["/main.py"]}).facts["digests"] == [digest(gateway.replaced()["/main.py"])]
    gateway.update(files)
    gateway.run(12)
    assert ask({"of": ["/main.py"]}).facts["digests"] == [digest(files["/main.py"])]
    assert troubles(gateway.console) == ["limen: the update is good"]


def test_a_full_file_system_is_told_and_changes_nothing(gateway):
    before = gateway.births[-1]
    gateway.board.power_cut()
    fill(gateway.flash, 3)
    gateway.board.start()
    gateway.run(8)
    files = gateway.replaced()
    larger = files | {"/main.py": files["/main.py"] + b"# new\n" * 3000}
    with pytest.raises(ToolError, match="the file system refuses .*; is it full[?]") as full:
        gateway.update(larger)
    assert full.value.status == Kind.BOARD
    gateway.run(60)
    assert gateway.board.boots == 2 and gateway.births[-1]["cfg"] == before["cfg"]
    assert files_on(gateway.flash)["/main.py"] == files["/main.py"]
    assert troubles(gateway.console) == []


REFUSED = [
    ({"put": "/secrets.json", "at": 0, "data": ""}, "/secrets.json is no file of an update"),
    (
        {"put": "/state/values.json", "at": 0, "data": ""},
        "/state/values.json is no file of an update",
    ),
    ({"of": ["/client.key"]}, "/client.key is no file of an update"),
    ({"put": "/lib/../state.json", "at": 0, "data": ""}, "a path must be a text without .."),
    ({"put": 5, "at": 0, "data": ""}, "a path must be a text without .."),
    ({"put": "/a.py", "at": 0, "data": 7}, "the data must be base64"),
    ({"put": "/a.py", "at": 0, "data": "A"}, "the data must be base64"),
    ({"put": "/a.py", "at": "x", "data": ""}, '"at" must be a number of bytes'),
    ({"of": 7}, '"of" must be a list of paths'),
    ({"in": "/", "from": 0}, "/ is no folder of programs"),
    ({"in": "/lib/../good", "from": 0}, "/lib/../good is no folder of programs"),
    ({"in": 5, "from": 0}, "5 is no folder of programs"),
    ({"in": "/lib", "from": "x"}, '"from" must be a number of programs'),
    ({}, "the plan did not come as it was sent"),
    ({"install": "x"}, "the plan did not come as it was sent"),
]


def test_what_no_update_may_touch_is_refused(gateway):
    for facts, sentence in REFUSED:
        assert gateway.ask(facts).error == sentence
    plan = json.dumps({"digests": {"/a.py": "0" * 16}}).encode()
    Network("hall-2/g1", gateway.ask).write("/new/update.json", plan)
    assert gateway.ask({"install": digest(plan)}).error == "/a.py did not come as it was sent"
    with pytest.raises(ToolError, match="refuses: /a.py did not come as it was sent[.]"):
        Network("hall-2/g1", gateway.ask).install(plan)
    gone = json.dumps({"digests": {}, "gone": ["/secrets.json"]}).encode()
    Network("hall-2/g1", gateway.ask).write("/new/update.json", gone)
    assert gateway.ask({"install": digest(gone)}).error == "/secrets.json is no program, and stays"
    assert troubles(gateway.console) == []
