"""The status page of an emulated board, in a real browser, while the firmware runs on it."""

import asyncio
import json
import threading
import urllib.error
import urllib.request
from fractions import Fraction

import pytest

from browser import browser
from host_tools import interpreter
from host_tools.board import load_board
from host_tools.emulation.hand import Hand
from host_tools.emulation.press import PressModel
from host_tools.emulation.scheduler import RealScheduler
from host_tools.emulation.status_page import StatusPage
from host_tools.errors import ToolError
from host_tools.paths import PROJECT
from host_tools.plan import plan_of_site
from host_tools.world import Listeners, World
from served_board import wait_for

pytestmark = pytest.mark.skipif(not interpreter.find_or_none(), reason="needs MicroPython")

MEASURED = "power_active_total"


class PagedBoard:
    """A context: the board of a gateway of an example, with its page at `url`."""

    def __init__(self, folder, site, gateway, board):
        self._plan = plan_of_site(
            PROJECT / "examples" / site / "site.toml", gateway, PressModel(1), 1
        )
        self._flash = folder / "flash.bin"
        self._plan.write_flash(self._flash)
        self._facts = load_board(board)

    def __enter__(self):
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        self._do(self._open())
        return self

    def __exit__(self, *_):
        self._page.close()
        self._do(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)

    def _do(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(30)

    async def _open(self):
        self.world = World(RealScheduler(), self._plan, self._flash, Listeners())
        self.board = self.world.board
        hand = Hand(self.board, self._facts, print, self.world.wiring)
        self._page = StatusPage(hand, self._facts["name"], 0)
        self.url = self._page.url
        self.board.start()

    async def _close(self):
        self.world.close()


def texts(page, selector):
    return page.run(
        "return [...document.querySelectorAll(arguments[0])].map(one=>one.textContent)", selector
    )


def enter(page, key, value):
    """Type into the field of a row, and leave it."""
    script = (
        "const field=document.querySelector(`[data-key='${arguments[0]}'] input`);"
        "field.focus();field.value=arguments[1];field.dispatchEvent(new Event('change'))"
    )
    page.run(script, key, value)


def test_a_board_is_seen_and_handled_in_a_browser(tmp_path):
    with browser(1000, 1100) as page:
        with PagedBoard(tmp_path, "press", "press-07", "lilygo-t-can485") as one:
            page.open(one.url)
            wait_for(lambda: texts(page, "#state") == ["Runs, starts: 1."])
            assert texts(page, "h1") == ["LilyGO T-CAN485"]
            wait_for(lambda: "joined" in texts(page, "[data-key=wifi] td"))
            page.click("#hand")
            wait_for(lambda: one.board.inputs[0] == 0)
            wait_for(lambda: texts(page, "#hand") == ["Let the button go"])
            page.click("#hand")
            wait_for(lambda: one.board.inputs[0] == 1)
            enter(page, "35", "1.25")
            wait_for(lambda: one.board.peripherals.volts.get(35) == 1.25)
            held = one.world.wiring.held["main-meter"].values
            enter(page, f"main-meter/{MEASURED}", "4321.5")
            wait_for(lambda: held.get(MEASURED) == Fraction("4321.5"))
            page.run("document.querySelector('select').value='silent'")
            page.run("document.querySelector('select').dispatchEvent(new Event('change'))")
            wait_for(lambda: one.world.wiring.meters["main-meter"].faults.silent)
            light = "return document.getElementById('light').style.background"
            wait_for(lambda: page.run(light) not in ("", "rgb(0, 0, 0)"))
            (tmp_path / "page.png").write_bytes(page.screenshot())
            enter(page, "35", "high")
            wait_for(lambda: texts(page, "#said") == ["write it as: volts PIN VOLTS"])
            page.click("#power")
            wait_for(lambda: not one.board.is_running)
        wait_for(lambda: texts(page, "#said") == ["The emulated board has ended."])


def test_parts_on_i2c_and_one_wire_are_listed(tmp_path):
    with PagedBoard(tmp_path, "inputs", "press-08", "espressif-esp32-devkitc") as one:
        seen = json.load(urllib.request.urlopen(one.url + "seen", timeout=20))
        assert {part["part"] for part in seen["i2c"]} == {"SHT3X", "BME280", "MCP9600", "ADS1115"}
        assert [part["part"] for part in seen["one_wire"]] == ["DS18B20"] * 2
        part = seen["i2c"][0]
        order = f"i2c {part['bus']} {part['address']} out".encode()
        assert urllib.request.urlopen(one.url + "do", order, timeout=20).status == 200
        assert not one.board.peripherals.i2c[part["bus"]][part["address"]].is_present
        for path, line, status in (("do", b"jump", 422), ("do", b"wait 9", 422), ("x", b"", 400)):
            with pytest.raises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(one.url + path, line, timeout=20)
            assert refused.value.code == status
        with pytest.raises(ToolError, match="The page cannot be served at port [0-9]+: .*in use"):
            one._do(another_page(one))


async def another_page(one):
    StatusPage(None, "another", int(one.url.rstrip("/").rpartition(":")[2]))
