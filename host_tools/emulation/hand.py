"""The hand at an emulated board: lines of a script, or typed, that press, wire, cut and look.

A line is a command and its words, such as `pin 34 1`; `#` begins a comment. A line that is wrong
is named with what it should be, and changes nothing. `press` and `status` know the board's button
and light from its file.
"""

import asyncio
from collections.abc import Callable

from host_tools.emulation.board import Board
from host_tools.errors import ToolError

_COMMANDS = """\
press                hold the button down      pin PIN 0|1          put a level on a pin
release              let it go                 volts PIN VOLTS      put a voltage on a converter
wifi on|off          the access point          power on|off         of the board
cable in|out         its network cable         wait SECONDS         before the next line
status               what is seen on it        help                 this table"""


class Hand:
    """Acts on a board whose file says `facts`, its button released; `say(line)` shows what it
    finds."""

    def __init__(self, board: Board, facts: dict, say: Callable[[str], None]):
        self._board = board
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
        elif command:
            self._act(command, words)

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
                raise ValueError(f'"{" ".join([command, *words])}" is none of:\n{_COMMANDS}')

    def _knows_button(self) -> bool:
        return bool(self._button) and self._button["pressed"] in (0, 1)

    def _press(self, is_down: bool) -> None:
        if not self._knows_button():
            raise ValueError("this board has no button whose level is known; use: pin PIN 0|1")
        pressed = self._button["pressed"]
        self._board.set_pin(self._button["pin"], pressed if is_down else 1 - pressed)

    def status(self) -> str:
        """What can be seen on the board, in a line."""
        board = self._board
        network = board.station.joined
        parts = [
            f"{'runs' if board.is_running else 'does not run'}, started {board.boots} times",
            f"Wi-Fi {'joined' if network else 'not joined'}",
            *([f"access point {board.access_point[0]}"] if board.access_point else []),
            *(f"{pin}={level}" for pin, level in sorted(board.pins.items())),
        ]
        if self._light and self._light["kind"] == "addressable":
            colour = bytes(board.peripherals.lights.get(self._light["pin"], (0, 0, 0)))
            parts.append(f"light #{colour.hex()}")
        elif self._light:
            is_on = board.pins.get(self._light["pin"], 0) != (self._light["kind"] == "inverted")
            parts.append(f"light {'on' if is_on else 'off'}")
        return "; ".join(parts)


def _number(words: list[str], kind: type, form: str):
    try:
        (word,) = words
        return kind(word)
    except ValueError:
        raise ValueError(f"write it as: {form}") from None
