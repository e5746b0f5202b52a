"""`limen listen`: the traffic of a Modbus RTU line, as a trace that `limen replay --trace` plays.

A serial adapter hangs on the line beside its master and hears both sides; nothing is ever sent.
"""

import argparse
import sys
import time
from pathlib import Path

import serial

from host_tools.bus_trace import Cutter, TraceWriter
from host_tools.emulation.line import Framing
from host_tools.errors import Kind, ToolError
from host_tools.serial_port import open_port
from limen.core.units import Mistake, parse_ms

_GRAIN_S = 0.002
_FRAMINGS = {"8N1": (None, 1), "8N2": (None, 2), "8E1": ("E", 1), "8O1": ("O", 1)}
_PARITIES = {None: serial.PARITY_NONE, "E": serial.PARITY_EVEN, "O": serial.PARITY_ODD}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", required=True, help="the serial adapter on the line")
    parser.add_argument("--baud", type=int, default=9600)
    parser.add_argument("--framing", choices=_FRAMINGS, default="8N1")
    parser.add_argument("--for", dest="duration", metavar="TIME", help="default: until Ctrl-C")
    parser.add_argument("--out", type=Path, metavar="FILE", required=True, help="the trace (CSV)")


def run(args: argparse.Namespace) -> int:
    parity, stop = _FRAMINGS[args.framing]
    end_s = time.monotonic() + _duration_s(args.duration)
    settings = {"baudrate": args.baud, "parity": _PARITIES[parity], "stopbits": stop}
    port = open_port(args.port, timeout=_GRAIN_S, **settings)
    try:
        with open(args.out, "x", encoding="utf-8", newline="") as file:
            writer = TraceWriter(file)
            cutter = Cutter(Framing(args.baud, parity=parity, stop=stop))
            try:
                _listen(port, cutter, writer, end_s)
            except KeyboardInterrupt:
                pass
            writer.write(cutter.end())
    except FileExistsError:
        raise ToolError(
            f"{args.out} is there already: name another file, or remove it.", 2
        ) from None
    except serial.SerialException as error:
        sentence = f"The connection to {args.port} was lost ({error})."
        raise ToolError(sentence, Kind.PORT) from error
    except OSError as error:
        raise ToolError(f"{args.out} cannot be written: {error.strerror}.") from None
    finally:
        port.close()
    print(f"limen listen: {writer.count} frames in {args.out}", file=sys.stderr)
    return 0 if writer.count else 1


def _listen(port, cutter: Cutter, writer: TraceWriter, end_s: float) -> None:
    while time.monotonic() < end_s:
        data = port.read(max(1, port.in_waiting))
        if data:
            writer.write(cutter.feed(data, time.time_ns() // 1000))


def _duration_s(text: str | None) -> float:
    if text is None:
        return float("inf")
    try:
        return parse_ms(text) / 1000
    except Mistake as mistake:
        raise ToolError(f"--for: {mistake}", 2) from None
