"""`limen emulate`: an emulated chip at a serial port, its flash in a file, until it is interrupted.

It is in its ROM loader, so esptool and `limen flash` can write it; what they write is in the file.
"""

import argparse
import asyncio
from pathlib import Path

from host_tools.emulation.chips import CHIPS
from host_tools.emulation.nor_flash import NorFlash
from host_tools.emulation.rom_loader import RomLoader
from host_tools.emulation.serial_carriers import PtyCarrier, Rfc2217Carrier
from host_tools.errors import ToolError
from host_tools.paths import BUILD


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--chip", choices=sorted(CHIPS), default="esp32")
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


def run(args: argparse.Namespace) -> int:
    loader = RomLoader(_open_flash(args.flash), CHIPS[args.chip])
    carrier = PtyCarrier(loader) if args.rfc2217 is None else Rfc2217Carrier(loader, args.rfc2217)
    asyncio.run(_serve(carrier, f"Emulated {loader.chip.name} with flash {args.flash}"))
    return 0


def _open_flash(path: Path) -> NorFlash:
    try:
        return NorFlash(path)
    except (OSError, ValueError) as error:
        raise ToolError(f"The flash file cannot be used: {error}", 2) from error


async def _serve(carrier, what: str) -> None:
    try:
        await carrier.open()
    except OSError as error:
        raise ToolError(f"The port cannot be opened: {error.strerror or error}.") from error
    print(f"{what}; Ctrl-C ends it.\nPORT={carrier.url}", flush=True)
    await asyncio.Event().wait()
