"""`limen emulate`: an emulated board at a serial port, its flash in a file, until Ctrl-C.

It does what the board does at the end of a cable: esptool and `limen flash` write it, it boots what
they wrote, and mpremote types at its prompt. With a site file the devices of one of its gateways
are wired to it. A script, or whoever types where it runs, presses its button and cuts its wires.
"""

import argparse
import asyncio
import re
import sys
from pathlib import Path

from host_tools.board import UNKNOWN, board_names, load_board
from host_tools.emulation.board import Board
from host_tools.emulation.chips import CHIPS, Chip
from host_tools.emulation.hand import Hand
from host_tools.emulation.lan import Lan
from host_tools.emulation.nor_flash import NorFlash
from host_tools.emulation.press import PressModel
from host_tools.emulation.rom_loader import RomLoader
from host_tools.emulation.scheduler import RealScheduler
from host_tools.emulation.serial_carriers import PtyCarrier, Rfc2217Carrier
from host_tools.emulation.serial_chip import SerialChip
from host_tools.emulation.stand_in_image import BANNER, stand_in_image
from host_tools.emulation.status_page import StatusPage
from host_tools.errors import ToolError
from host_tools.paths import BUILD
from host_tools.plan import Plan, plan_of_site
from host_tools.world import Listeners, World

_SMALLEST_MB = 4
_NAME = re.compile(r"([^:=]+):(\d+)=(\d+)")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--board", choices=board_names(), default="espressif-esp32-devkitc")
    parser.add_argument(
        "--flash",
        type=Path,
        default=BUILD / "emulated-flash.bin",
        metavar="FILE",
        help="the flash, made blank where absent (default: build/emulated-flash.bin)",
    )
    parser.add_argument(
        "--rfc2217",
        type=int,
        metavar="TCP_PORT",
        help="serve this TCP port, with reset lines, instead of a pseudo-terminal; 0: a free one",
    )
    parser.add_argument("--site", type=Path, metavar="FILE", help="whose devices are wired to it")
    parser.add_argument("--gateway", metavar="NAME", help="a gateway of that site")
    parser.add_argument(
        "--name",
        action="append",
        default=[],
        metavar="HOST:PORT=LOCAL_PORT",
        help="a server on the board's network, and its port on this machine",
    )
    parser.add_argument(
        "--page",
        type=int,
        metavar="TCP_PORT",
        help="show the board in a browser, at this port of this machine; 0: a free one",
    )
    parser.add_argument("--script", type=Path, metavar="FILE", help="lines such as: wifi off")
    parser.add_argument(
        "--stand-in",
        type=Path,
        metavar="FILE",
        help="write an image that stands in for MicroPython's on this board, and end",
    )


def run(args: argparse.Namespace) -> int:
    facts = load_board(args.board)
    size_mb = _SMALLEST_MB if facts["flash_mb"] == UNKNOWN else facts["flash_mb"]
    if args.stand_in:
        _write_stand_in(args.stand_in, CHIPS[facts["chip"]], size_mb)
        return 0
    plan = args.site and plan_of_site(args.site, args.gateway, PressModel(1), 0)
    names = [_name(text) for text in args.name]
    args.script = _lines(args.script) if args.script else []
    flash = _open_flash(args.flash, size_mb << 20)
    asyncio.run(_serve(args, facts, flash, plan, names))
    return 0


def _write_stand_in(path: Path, chip: Chip, size_mb: int) -> None:
    image = stand_in_image(chip, BANNER, size_mb)
    try:
        path.write_bytes(image)
    except OSError as error:
        raise ToolError(f"{path} cannot be written: {error.strerror}.", 2) from error
    print(f"{path} stands in for MicroPython on an emulated {chip.name}; no real chip starts it.")


def _name(text: str) -> tuple[str, int, int]:
    found = _NAME.fullmatch(text)
    if not found:
        raise ToolError(f'--name {text}: write it as "broker.local:8883=18883".', 2)
    return found[1], int(found[2]), int(found[3])


def _lines(script: Path) -> list[str]:
    try:
        return script.read_text().splitlines()
    except (OSError, ValueError) as error:
        raise ToolError(f"The script cannot be read: {error}", 2) from error


def _open_flash(path: Path, size: int) -> NorFlash:
    try:
        return NorFlash(path, size)
    except (OSError, ValueError) as error:
        raise ToolError(f"The flash file cannot be used: {error}", 2) from error


async def _serve(args, facts: dict, flash: NorFlash, plan: Plan | None, names: list) -> None:
    scheduler = RealScheduler()
    if plan:
        world = World(scheduler, plan, args.flash, Listeners())
        board, lan, end, wiring = world.board, world.lan, world.close, world.wiring
    else:
        lan, wiring = Lan(scheduler), None
        board = Board(scheduler, args.flash, lan=lan)
        end = board.stop
    for name in names:
        lan.name(*name)
    loader = RomLoader(flash, CHIPS[facts["chip"]])
    has_reset_lines = args.rfc2217 is not None
    chip = SerialChip(flash, loader, board, has_reset_lines)
    carrier = Rfc2217Carrier(chip, args.rfc2217) if has_reset_lines else PtyCarrier(chip)
    try:
        await carrier.open()
    except OSError as error:
        raise ToolError(f"The port cannot be opened: {error.strerror or error}.") from error
    print(f"Emulated {facts['name']} with flash {args.flash}; Ctrl-C ends it.")
    print(f"PORT={carrier.url}", flush=True)
    hand = Hand(board, facts, lambda line: print(line, flush=True), wiring)
    if args.page is not None:
        print(f"Page: {StatusPage(hand, facts['name'], args.page).url}", flush=True)
    chip.power_on()
    try:
        await hand.play(args.script)
        await _obey(hand)
    finally:
        end()


async def _obey(hand: Hand) -> None:
    """Do what is typed, where somebody can type, for ever."""
    lines = asyncio.Queue()
    if sys.stdin.isatty():
        asyncio.get_running_loop().add_reader(
            sys.stdin, lambda: lines.put_nowait(sys.stdin.readline())
        )
    while True:
        try:
            await hand.do(await lines.get())
        except ValueError as error:
            print(error, flush=True)
