"""The hand at an emulated board: lines of a script, or typed, that press, wire, cut and look.

A line is a command and its words, such as `pin 34 1`; `#` begins a comment. A line that is wrong
is named with what it should be, and changes nothing. `press` and `status` know the board's button
and light from its file, `meter` those of the site that is wired to it.
"""

import asyncio
import dataclasses
from collections.abc import Callable

from host_tools.emulation.board import Board
from host_tools.emulation.meter import Meter
from host_tools.errors import ToolError
from host_tools.fault_plan import KINDS

_WELL = "well"
_LOOK_S = 0.05
_COMMANDS = """\
press                hold the button down      pin PIN 0|1          put a level on a pin
release              let it go                 volts PIN VOLTS      put a voltage on a converter
wifi on|off          the access point          power on|off         of the board
cable in|out         its network cable         wait SECONDS         before the next line
meter NAME FAULT     silent, bad-crc, exception or well
i2c BUS ADDRESS in|out    a part of the site   watch SECONDS        what changes meanwhile
status               what is seen on it        help                 this table"""


class Hand:
    """Acts on a board whose file says `facts`, its button released; `say(line)` shows what it
    finds. `meters` are those on its lines, by name."""

    def __init__(
        self,
        board: Board,
        facts: dict,
        say: Callable[[str], None],
        meters: dict[str, Meter] | None = None,
    ):
        self._board = board
        self._meters = meters or {}
        self._button = facts["button"]
        self._light = facts["led"]
        self._say = say
        if self._knows_button():
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
        if name not in self._meters:
            names = ", ".join(self._meters) or "there is none; name a site with --site"
            raise ValueError(f"there is no meter {name}: {names}")
        if fault != _WELL and fault not in KINDS:
            raise ValueError(f"a meter can be {', '.join(KINDS)} or {_WELL}")
        meter = self._meters[name]
        meter.faults.clear()
        if fault != _WELL:
            meter.faults = dataclasses.replace(KINDS[fault][0])

    def _knows_button(self) -> bool:
        return bool(self._button) and self._button["pressed"] in (0, 1)

    def _press(self, is_down: bool) -> None:
        if not self._knows_button():
            raise ValueError("this board has no button whose level is known; use: pin PIN 0|1")
        pressed = self._button["pressed"]
        self._board.set_pin(self._button["pin"], pressed if is_down else 1 - pressed)

    def status(self) -> str:
        """What can be seen on the board and what is wired to it, in a line."""
        board = self._board
        network = board.station.joined
        parts = [
            f"{'runs' if board.is_running else 'does not run'}, started {board.boots} times",
            f"Wi-Fi {'joined' if network else 'not joined'}",
            *([f"access point {board.access_point[0]}"] if board.access_point else []),
            *(f"{pin}={level}" for pin, level in sorted(board.pins.items())),
            *self._light_seen(),
            *self._site_seen(),
        ]
        return "; ".join(parts)

    def _light_seen(self) -> list[str]:
        if not self._light:
            return []
        if self._light["kind"] == "addressable":
            colour = bytes(self._board.peripherals.lights.get(self._light["pin"], (0, 0, 0)))
            return [f"light #{colour.hex()}"]
        level = self._board.pins.get(self._light["pin"], 0)
        return [f"light {'on' if level != (self._light['kind'] == 'inverted') else 'off'}"]

    def _site_seen(self) -> list[str]:
        """Who of the meters and parts is not well."""
        absent = [
            f"no part at {address:#04x} of I²C {bus}"
            for bus, parts in self._board.peripherals.i2c.items()
            for address, part in parts.items()
            if not part.is_present
        ]
        kinds = {repr(fault): kind for kind, (fault, _) in KINDS.items()}
        spoilt = [
            f"{name} {kinds[repr(meter.faults)]}"
            for name, meter in self._meters.items()
            if repr(meter.faults) in kinds
        ]
        return absent + spoilt


def _number(words: list[str], kind: Callable, form: str):
    try:
        (word,) = words
        return kind(word)
    except ValueError:
        raise ValueError(f"write it as: {form}") from None
