"""Setup mode on an emulated board: over HTTP, at the console, and its page in a real browser."""

import json
import socket
import urllib.error
import urllib.request

import pytest

from browser import browser, free_port
from emulated_chip import served_chip
from host_tools import interpreter
from host_tools.board import load_board
from host_tools.chip_writer import write_gateway
from host_tools.cli import main
from host_tools.emulation import brokers
from host_tools.emulation.board import HEAP_BYTES, Board
from host_tools.emulation.chips import CHIPS
from host_tools.emulation.lan import Lan
from host_tools.emulation.press import PressModel
from host_tools.emulation.radio import AccessPoint
from host_tools.emulation.scheduler import RealScheduler, VirtualScheduler
from host_tools.emulation.serial_carriers import PtyCarrier
from host_tools.emulation.stand_in_image import stand_in_image
from host_tools.gateway_image import (
    BIRTH,
    CONFIGURATION,
    SECRETS,
    gateway_files,
    stored_configuration,
)
from host_tools.image import build_image, firmware_files
from host_tools.micropython_image import MicroPythonImage
from host_tools.model_broker import add_model_broker
from host_tools.paths import PROJECT
from host_tools.plan import plan_of_site
from host_tools.serial_port import open_port
from host_tools.setup_access import BLANK, SETUP, setup_files
from host_tools.site import load_site
from host_tools.world import Listeners, World
from served_board import ServedBoard, wait_for

pytestmark = pytest.mark.skipif(not interpreter.find_or_none(), reason="needs MicroPython")

PASSWORD = "hall-password"
STORED = "never-to-be-shown"
MOST_TAKEN = 24 * 1024
SAID = "/said.txt"
REFUSED = "2026-11-28 09:00 hall-2: The network does not accept the password: correct it."


ONE_OF_EACH_CHIP = pytest.mark.parametrize(
    "board",
    ["espressif-esp32-devkitc", "espressif-esp32-s3-devkitc-1", "espressif-esp32-c3-devkitm-1"],
)


class SetupBoard(ServedBoard):
    """A board with the heap of a plain ESP32, whose page is at `url`; `names` are of its LAN."""

    def __init__(self, folder, files, names=()):
        super().__init__(folder, files)
        self._http = free_port()
        self._names = [("0.0.0.0", 80, self._http), *names]
        self.url = f"http://127.0.0.1:{self._http}"
        self.pressed = None

    async def _open(self):
        scheduler = RealScheduler()
        lan = Lan(scheduler)
        for name in self._names:
            lan.name(*name)
        points = [AccessPoint("hall-2", PASSWORD, -48), AccessPoint("yard", "yard-password", -71)]
        self.board = self._board = Board(
            scheduler,
            self._flash.path,
            on_console=self.console.append,
            heap=HEAP_BYTES,
            lan=lan,
        )
        self.board.station.access_points = points
        self._board.on_output = lambda data: self.on_output(data)
        self._carrier = PtyCarrier(self)
        await self._carrier.open()
        if self.pressed:
            self._board.set_pin(*self.pressed)
        self._board.start()

    def release(self, pin, level):
        self._loop.call_soon_threadsafe(self._board.set_pin, pin, level)

    def type(self, text):
        self._loop.call_soon_threadsafe(self._board.type, text)

    def has_said(self, words):
        return any(words in line for line in self.console)

    def wait_until_said(self, words):
        wait_for(lambda: self.has_said(words))

    def get(self, path, body=None):
        with urllib.request.urlopen(self.url + path, body, timeout=20) as answer:
            return answer.read().decode()


def bare_site(folder, board="lilygo-t-can485"):
    """A gateway without a line, which the doctor is soon done with."""
    (folder / "site.toml").write_text(
        '[site]\nid = "hall-2"\n[mqtt]\nhost = "broker.local"\n'
        f'[gateway.press-07]\nboard = "{board}"\n'
        '[[gateway.press-07.bus]]\nid = "lan"\nkind = "modbus-tcp"\nhost = "meter.local"\n'
        '[[gateway.press-07.device]]\nid = "meter"\nprofile = "eastron-sdm630"\nbus = "lan"\n'
        "address = 1\n"
    )
    return load_site(folder / "site.toml")


@pytest.fixture
def site(tmp_path):
    folder = tmp_path / "site"
    folder.mkdir()
    text = (PROJECT / "examples/press/site.toml").read_text()
    (folder / "site.toml").write_text(text)
    (folder / "secrets.toml").write_text(
        f'[wifi]\nssid = "old"\npassword = "{STORED}"\n[mqtt]\nuser = "u"\npassword = "{STORED}"\n'
    )
    return load_site(folder / "site.toml")


def files_of(site, gateway="press-07"):
    return gateway_files(site, gateway) | setup_files(site, gateway)


@ONE_OF_EACH_CHIP
def test_a_board_flashed_at_its_port_is_set_up_there_while_its_button_is_held(board, tmp_path):
    facts = load_board(board)
    button, light = facts["button"], facts["led"]
    stand_in = stand_in_image(CHIPS[facts["chip"]], "MicroPython v1.25.0", facts["flash_mb"])
    micropython = MicroPythonImage(tmp_path / "image", stand_in, facts["chip"])
    files = {path: data for path, data in firmware_files().items() if "/lib/" not in path}
    files |= setup_files(bare_site(tmp_path, board), "press-07")
    label = json.loads(files[SETUP])
    assert (label["ssid"], len(label["password"])) == ("limen-press-07", 12)
    chip = {"chip": facts["chip"], "size_mb": facts["flash_mb"]}
    with served_chip(tmp_path / "flash.bin", **chip) as one:
        one.board.set_pin(button["pin"], button["pressed"])
        write_gateway(
            one.url, lambda layout: build_image(files, layout.vfs_bytes), facts, 921600, micropython
        )
        one.wait_for(b"setup mode, as the button is held")
        assert one.board.access_point == (label["ssid"], label["password"])
        lights = one.board.peripherals.lights
        wait_for(lambda: not light or lights.get(light["pin"]) == (0, 0, 24))
        with open_port(one.url, baudrate=115200) as line:
            line.write(b"set gateway Press 7\nsave\nstate\n")
            one.wait_for(b"A gateway's name has at most 32 of a-z, 0-9 and -.")
            one.wait_for(b'"gateway": "press-07"')


def test_without_a_configuration_and_a_blank_one_nothing_is_saved(site, tmp_path):
    files = files_of(site)
    for path in (CONFIGURATION, BLANK):
        del files[path]
    with SetupBoard(tmp_path, files) as one:
        one.wait_until_said("setup mode, as /config.jsonl is not there, or damaged")
        one.type(b"set host a\nsave\n")
        one.wait_until_said("There is no configuration on this board, nor a blank one: flash it.")


def test_without_a_configuration_there_is_setup_mode_with_much_room(site, tmp_path):
    files = files_of(site) | {"/config.jsonl": b'{"mqtt":{', SAID: b"2026-11-28 09:00 uplink: lost"}
    with SetupBoard(tmp_path, files) as one:
        one.wait_until_said("setup mode, as /config.jsonl is not there, or damaged")
        free = next(int(line.split("; ")[1].split()[0]) for line in one.console if "; " in line)
        assert free > HEAP_BYTES - MOST_TAKEN
        assert json.loads(one.get("/scan")) == [["hall-2", -48], ["yard", -71]]
        state = json.loads(one.get("/state"))
        assert STORED not in str(state)
        assert (state["ssids"], state["is_configured"]) == (["old"], False)
        assert state["log"] == ["2026-11-28 09:00 uplink: lost"]
        with pytest.raises(urllib.error.HTTPError) as refused:
            one.get("/save", b"ssid=hall-2&password=short&port=99999&host=a+b")
        told = refused.value.read().decode()
        for words in ("8 to 63", "1 to 65535", "no spaces"):
            assert words in told
        with socket.create_connection(("127.0.0.1", one._http), 10) as raw:
            raw.sendall(b"GET / HTTP/9\r\n\r\n")
            assert raw.recv(100).startswith(b"HTTP/1.0 400 ")
        assert "<title>Limen setup</title>" in one.get("/")
        one.type(b"state\nset ssid yard\nset password yard-password\nset gateway press-09\nsave\n")
        one.wait_until_said("limen: broker.local:1883: The name of the broker is not known.")
        wait_for(lambda: b"The name of the broker is not known" in one.files()[SAID])
        assert not one.has_said(STORED)
        found = one.files()
    stored = json.loads(found[SECRETS])
    assert stored["wifi"][0] == {"ssid": "yard", "password": "yard-password"}
    assert stored["wifi"][1]["ssid"] == "old"
    assert stored["mqtt"]["password"] == STORED
    compact = stored_configuration(found[CONFIGURATION], found[BIRTH])
    assert (compact["gateway"], compact["device"], compact["bus"]) == ("press-09", [], [])


def test_the_access_point_ends_after_ten_minutes_and_the_gateway_starts(site, tmp_path):
    plan = plan_of_site(site.file.path, None, PressModel(1), 1)
    plan.files |= setup_files(site, "press-07")
    plan.write_flash(tmp_path / "flash.bin")
    scheduler, said = VirtualScheduler(), []
    world = World(scheduler, plan, tmp_path / "flash.bin", Listeners(on_console=said.append))
    add_model_broker(world)
    pin, level = json.loads(plan.files[SETUP])["button"]
    world.board.set_pin(pin, level)
    world.board.start()
    scheduler.run_until(598_000_000)
    assert world.board.access_point[0] == "limen-press-07"
    world.board.set_pin(pin, 1 - level)
    scheduler.run_until(640_000_000)
    assert world.board.access_point is None
    assert "limen: online at broker.local:1883" in said
    world.close()


def test_a_board_set_up_from_blank_is_given_its_devices_by_an_update(site, tmp_path):
    """Where no time server is, too."""
    files = files_of(site)
    for path in (CONFIGURATION, BIRTH, SECRETS):
        del files[path]
    broker = brokers.start("amqtt", free_port(), tmp_path / "broker")
    names = [("new.local", 1884, broker.port), ("broker.local", 1883, broker.port)]
    try:
        with SetupBoard(tmp_path, files, names) as one:
            one.wait_until_said("setup mode, as /config.jsonl is not there, or damaged")
            one.get("/save", f"ssid=hall-2&password={PASSWORD}&host=new.local&port=1884".encode())
            one.wait_until_said("limen: online at new.local:1884")
            options = ["--site", str(site.file.path), "--gateway", "press-07"]
            assert main(["update", *options, "--broker", f"127.0.0.1:{broker.port}"]) == 0
            one.wait_until_said("limen: online at broker.local:1883")
            one.wait_until_said('limen: main-meter: {"device":"silent"}')
            wait_for(lambda: "/update.json" not in one.files())
            wanted = gateway_files(site, "press-07")
            assert one.has({path: wanted[path] for path in wanted if path != SECRETS})
    finally:
        broker.stop()


def test_the_page_in_a_browser_brings_the_board_online(site, tmp_path):
    with browser() as page:
        broker = brokers.start("amqtt", free_port(), tmp_path / "broker")
        try:
            _set_up(page, bare_site(site.file.path.parent), tmp_path, broker.port)
        finally:
            broker.stop()


def _set_up(page, site, tmp_path, broker_port):
    secrets = {"wifi": [{"ssid": "hall-2", "password": STORED}]}
    files = files_of(site) | {SECRETS: json.dumps(secrets).encode(), SAID: REFUSED.encode()}
    pin, level = json.loads(files[SETUP])["button"]
    one = SetupBoard(tmp_path, files, [("new.local", 1884, broker_port)])
    one.pressed = pin, level
    with one:
        one.wait_until_said("setup mode")
        page.open(one.url)
        value = "return document.querySelector(arguments[0]).value"
        wait_for(lambda: page.run(value, "[name=ssid]") == "hall-2")
        assert page.run("return document.getElementById('log').textContent") == REFUSED
        page.click("#ask")
        doctor = "return document.getElementById('doctor').textContent"
        wait_for(lambda: "That is all." in page.run(doctor))
        assert "hall-2: The network does not accept the password" in page.run(doctor)
        page.click("#scan")
        buttons = "return [...document.querySelectorAll('#networks button')].map(b=>b.textContent)"
        wait_for(lambda: len(page.run(buttons)) == 2)
        page.click("#networks button")
        page.type("[name=password]", PASSWORD)
        page.type("[name=host]", "new.local")
        page.type("[name=port]", "1884")
        (tmp_path / "setup.png").write_bytes(page.screenshot())
        assert STORED not in page.run("return document.documentElement.innerHTML")
        one.release(pin, 1 - level)
        page.click("#save")
        wait_for(lambda: "Saved." in page.run("return document.getElementById('said').textContent"))
        one.wait_until_said("limen: online at new.local:1884")
        assert one.board.station.joined.ssid == "hall-2"
        assert one.board.access_point is None
