"""`limen send` at a real broker, with somebody in the gateway's place."""

import json
from contextlib import closing, contextmanager
from socket import create_server

import pytest
from paho.mqtt import client as paho

from host_tools import cli
from host_tools.emulation import brokers

BASE = "limen/v1/hall-2/press-07/cmd/"


@pytest.fixture(scope="module")
def port(tmp_path_factory):
    with closing(create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
    broker = brokers.start("auto", port, tmp_path_factory.mktemp("broker"))
    yield port
    broker.stop()


@contextmanager
def gateway(port, answers):
    """Answers each request with these, of which {} stands for its id; yields the requests."""
    requests = []

    def on_message(client, _, message):
        request = json.loads(message.payload)
        requests.append((message.topic.removeprefix(BASE), request))
        for name, answer in answers:
            payload = json.dumps({"id": request["id"]} | answer)
            client.publish(f"{message.topic}/{name}", payload, 1)

    client = paho.Client(paho.CallbackAPIVersion.VERSION2, "gateway")
    client.on_message = on_message
    client.on_connect = lambda *_: client.subscribe(BASE + "+", 1)
    ready = []
    client.on_subscribe = lambda *_: ready.append(True)
    client.connect("127.0.0.1", port)
    while not ready:
        client.loop(0.1)
    client.loop_start()
    yield requests
    client.loop_stop()
    client.disconnect()


def send(port, *facts):
    return cli.main(["send", "hall-2/press-07", *facts, "--broker", f"127.0.0.1:{port}"])


def test_progress_and_answer_are_shown(port, capsys):
    answers = [
        ("result", {"id": "another's", "ok": True}),
        ("progress", {"say": "Reading."}),
        ("progress", {"done": 3}),
        ("result", {"ok": True, "value": "21.5"}),
    ]
    with gateway(port, answers) as requests:
        assert send(port, "write", "device=oven", "value=21.5") == 0
    ((verb, request),) = requests
    assert (verb, request["device"], request["value"]) == ("write", "oven", "21.5")
    assert request["until"] > 1_795_000_000_000
    out, err = capsys.readouterr()
    assert out == '{"value": "21.5"}\n'
    assert err == 'Reading.\n{"done": 3}\n'


def test_a_refusal_is_a_sentence(port, capsys):
    with gateway(port, [("result", {"ok": False, "error": "no such device"})]):
        assert send(port, "write") == 1
    assert capsys.readouterr().err == "limen send: hall-2/press-07 refuses: no such device.\n"


def test_silence_and_mistakes_are_told(port, capsys):
    assert send(port, "write", "--wait", "300ms") == 1
    assert "hall-2/press-07 does not answer within 0.3 s" in capsys.readouterr().err
    assert send(port, "write", "value") == 2
    assert send(port, "write", "--wait", "soon") == 2


def test_a_gateway_tells_the_frames_of_its_line(port, tmp_path, capsys):
    ask, reply = "010400000002", "01040443666666"
    told = {"utc_s": 1_772_366_400, "from": 0, "frames": [[700, ask], [9000, reply]]}
    answers = [("progress", told), ("progress", told), ("result", {"ok": True, "lost": 1})]
    out = tmp_path / "trace.csv"
    words = ["listen", "--gateway", "hall-2/press-07", "--broker", f"127.0.0.1:{port}"]
    with gateway(port, answers) as requests:
        assert cli.main([*words, "--bus", "rs485", "--for", "5s", "--out", str(out)]) == 0
    ((verb, request),) = requests
    assert (verb, request["bus"], request["for"]) == ("trace", "rs485", "5s")
    assert out.read_text().splitlines() == [
        "time,frame",
        f"2026-03-01T12:00:00.000700+00:00,{ask}",
        f"2026-03-01T12:00:00.009700+00:00,{reply}",
    ]
    assert "1 frames are missing" in capsys.readouterr().err


def test_a_gateway_that_refuses_to_tell_leaves_no_file(port, tmp_path, capsys):
    out = tmp_path / "trace.csv"
    words = ["listen", "--gateway", "hall-2/press-07", "--broker", f"127.0.0.1:{port}"]
    with gateway(port, [("result", {"ok": False, "error": "there is none"})]):
        assert cli.main([*words, "--out", str(out)]) == 1
    assert "hall-2/press-07 refuses: there is none." in capsys.readouterr().err
    assert not out.exists()
