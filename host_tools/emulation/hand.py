"""The hand at an emulated board: lines of a script, or typed, that press, wire, cut and look.

A line is a command and its words, such as `pin 34 1`; `#` begins a comment. A line that is wrong
is named with what it should be, and changes nothing. `press` and `status` know the board's button
and light from its file, `meter` and `measure` the devices of the site that is wired to it.
"""

import asyncio
import dataclasses
from collections.abc import Callable
from fractions import Fraction

from host_tools.emulation.board import Board
from host_tools.emulation.seen import WELL, has_button, look, sentence
from host_tools.errors import ToolError
from host_tools.fault_plan import KINDS
from host_tools.wiring import Wiring

_AGAIN = "again"
_LOOK_S = 0.05
_COMMANDS = """\
press                hold the button down      pin PIN 0|1          put a level on a pin
release              let it go                 volts PIN VOLTS      put a voltage on a converter
wifi on|off          the access point          power on|off         of the board
cable in|out         its network cable         wait SECONDS         before the next line
meter NAME FAULT     silent, bad-crc, exception or well
measure NAME QUANTITY VALUE|again   what a device measures, in its base unit; again by itself
i2c BUS ADDRESS in|out    a part of the site   watch SECONDS        what changes meanwhile
status               what is seen on it        help                 this table"""


class Hand:
    """Acts on a board whose file says `facts`, its button released, and on the site that is wired
    to it, if any; `say(line)` shows what it finds."""

    def __init__(
        self,
        board: Board,
        facts: dict,
        say: Callable[[str], None],
        wiring: Wiring | None = None,
    ):
        self._board = board
        self._facts = facts
        self._wiring = wiring
        self._say = say
        if has_button(facts):
            self._press(False)

    async def play(self, lines: list[str]) -> None:
        """Do the lines of a script; ToolError names the first that is wrong."""
        for number, line in enumerate(lines, 1):
            try:
                await self.do(line)
            except ValueError as error:
                raise ToolError(f"Line {number} of the script: {error}", 2) from None

    async def do(self, line: str) -> None:
        """One line; ValueError says what is wrong with it."""
        command, *words = line.partition("#")[0].split() or [""]
        if command == "wait":
            await asyncio.sleep(_number(words, float, "wait SECONDS"))
        elif command == "watch":
            await self._watch(_number(words, float, "watch SECONDS"))
        elif command:
            self._act(command, words)

    async def _watch(self, seconds: float) -> None:
        """Show what is seen whenever it changes, and how many seconds have passed."""
        loop = asyncio.get_running_loop()
        began, shown, passed = loop.time(), None, 0.0
        while True:
            if (seen := self.status()) != shown:
                shown = seen
                self._say(f"{passed:5.1f} s  {seen}")
            if passed >= seconds:
                return
            await asyncio.sleep(_LOOK_S)
            passed = loop.time() - began

    def _act(self, command: str, words: list[str]) -> None:
        board = self._board
        match command, words:
            case (("press" | "release"), []):
                self._press(command == "press")
            case "pin", [pin, ("0" | "1") as level]:
                board.set_pin(_number([pin], int, "pin PIN 0|1"), int(level))
            case "volts", [pin, volts]:
                value = _number([volts], float, "volts PIN VOLTS")
                number = _number([pin], int, "volts PIN VOLTS")
                board.peripherals.volts[number] = value
            case "wifi", ["on" | "off"]:
                board.wifi(words == ["on"])
            case "cable", ["in" | "out"]:
                board.cable.plug(words == ["in"])
            case "power", ["on"]:
                board.start()
            case "power", ["off"]:
                board.power_cut()
            case "status", []:
                self._say(self.status())
            case "help", []:
                self._say(_COMMANDS)
            case _:
                self._act_on_site(command, words)

    def _act_on_site(self, command: str, words: list[str]) -> None:
        match command, words:
            case "meter", [name, fault]:
                self._spoil(name, fault)
            case "measure", [name, quantity, value]:
                self._measure(name, quantity, value)
            case "i2c", [bus, address, ("in" | "out") as way]:
                form = "i2c BUS ADDRESS in|out, such as: i2c 0 0x44 out"
                place = _number([bus], int, form), _number([address], lambda t: int(t, 0), form)
                parts = self._board.peripherals.i2c.get(place[0], {})
                if place[1] not in parts:
                    raise ValueError(f"the site has no part at address {address} of bus {bus}")
                parts[place[1]].is_present = way == "in"
            case _:
                raise ValueError(f'"{" ".join([command, *words])}" is none of:\n{_COMMANDS}')

    def _spoil(self, name: str, fault: str) -> None:
        meters = self._wiring.meters if self._wiring else {}
        _require_known("meter", name, meters)
        if fault != WELL and fault not in KINDS:
            raise ValueError(f"a meter can be {', '.join(KINDS)} or {WELL}")
        meter = meters[name]
        meter.faults.clear()
        if fault != WELL:
            meter.faults = dataclasses.replace(KINDS[fault][0])

    def _measure(self, name: str, quantity: str, value: str) -> None:
        held = self._wiring.held if self._wiring else {}
        _require_known("device", name, held)
        quantities = self._wiring.quantities(name)
        if quantity not in quantities:
            raise ValueError(f"{name} measures {', '.join(quantities)}")
        if value == _AGAIN:
            held[name].values.pop(quantity, None)
        else:
            form = "measure NAME QUANTITY VALUE|again"
            held[name].values[quantity] = _number([value], Fraction, form)

    def _press(self, is_down: bool) -> None:
        if not has_button(self._facts):
            raise ValueError("this board has no button whose level is known; use: pin PIN 0|1")
        button = self._facts["button"]
        self._board.set_pin(button["pin"], button["pressed"] ^ (not is_down))

    def seen(self) -> dict:
        return look(self._board, self._facts, self._wiring)

    def status(self) -> str:
        """What can be seen on the board and what is wired to it, in a line."""
        return sentence(self.seen())


def _require_known(kind: str, name: str, known: dict) -> None:
    if name not in known:
        names = ", ".join(known) or "there is none; name a site with --site"
        raise ValueError(f"there is no {kind} {name}: {names}")


def _number(words: list[str], kind: Callable, form: str):
    try:
        (word,) = words
        return kind(word)
    except (ValueError, ZeroDivisionError):
        raise ValueError(f"write it as: {form}") from None
