"""`limen listen`: the traffic of a Modbus RTU line, as a trace that `limen replay --trace` plays.

A serial adapter hangs on the line beside its master and hears both sides; nothing is ever sent. Or
a gateway tells what goes over a line of its own.
"""

import argparse
import contextlib
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import serial

from host_tools import broker_arguments
from host_tools.bus_trace import Cutter, ToldFrames, TraceWriter
from host_tools.client.commands import NoAnswer, send
from host_tools.emulation.line import Framing
from host_tools.errors import Kind, ToolError
from host_tools.option import read_option
from host_tools.serial_port import open_port

_GRAIN_S = 0.002
_ANSWER_S = 30
_GATEWAYS_DURATION = "1min"
_FRAMINGS = {"8N1": (None, 1), "8N2": (None, 2), "8E1": ("E", 1), "8O1": ("O", 1)}
_PARITIES = {None: serial.PARITY_NONE, "E": serial.PARITY_EVEN, "O": serial.PARITY_ODD}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    who = parser.add_mutually_exclusive_group(required=True)
    who.add_argument("--port", help="the serial adapter on the line")
    who.add_argument("--gateway", metavar="SITE/GATEWAY", help="the gateway whose line it is")
    parser.add_argument("--baud", type=int, default=9600)
    parser.add_argument("--framing", choices=_FRAMINGS, default="8N1")
    parser.add_argument("--bus", metavar="ID", help="the gateway's line, if it has several")
    parser.add_argument(
        "--for", dest="duration", metavar="TIME",
        help=f"default: until Ctrl-C at a port, {_GATEWAYS_DURATION} at a gateway",
    )  # fmt: skip
    parser.add_argument("--out", type=Path, metavar="FILE", required=True, help="the trace (CSV)")
    broker_arguments.add_address_arguments(parser)


def run(args: argparse.Namespace) -> int:
    with _trace_file(args.out) as writer:
        if args.gateway:
            _ask(args, writer)
        else:
            _hear(args, writer)
    print(f"limen listen: {writer.count} frames in {args.out}", file=sys.stderr)
    return 0 if writer.count else 1


@contextlib.contextmanager
def _trace_file(path: Path) -> Iterator[TraceWriter]:
    """A new file for frames; it is removed again where nothing could be listened to."""
    try:
        file = open(path, "x", encoding="utf-8", newline="")
    except FileExistsError:
        raise ToolError(f"{path} is there already: name another file, or remove it.", 2) from None
    except OSError as error:
        raise ToolError(f"{path} cannot be written: {error.strerror}.") from None
    with file:
        writer = TraceWriter(file)
        try:
            yield writer
        except ToolError:
            if not writer.count:
                path.unlink()
            raise


def _ask(args: argparse.Namespace, writer: TraceWriter) -> None:
    """Let a gateway tell."""
    duration = args.duration or _GATEWAYS_DURATION
    wait_s = _duration_s(duration) + _ANSWER_S
    facts = {"for": duration} | ({"bus": args.bus} if args.bus else {})
    told = ToldFrames()
    try:
        answer = send(
            broker_arguments.address(args), args.gateway, "trace", facts, wait_s,
            lambda facts: writer.write(told.take(facts)),
        )  # fmt: skip
    except NoAnswer as reason:
        raise ToolError(f"{reason}.") from None
    if answer.error is not None:
        raise ToolError(f"{args.gateway} refuses: {answer.error}.")
    lost = answer.facts.get("lost", 0)
    if lost:
        _warn(f"{lost} frames are missing, as the gateway could not tell them so fast")
    if told.missing:
        _warn(f"{told.missing} frames got lost on their way; times behind them are too early")


def _warn(sentence: str) -> None:
    print(f"limen listen: {sentence}", file=sys.stderr)


def _hear(args: argparse.Namespace, writer: TraceWriter) -> None:
    """Listen at a serial port."""
    parity, stop = _FRAMINGS[args.framing]
    end_s = time.monotonic() + _duration_s(args.duration)
    settings = {"baudrate": args.baud, "parity": _PARITIES[parity], "stopbits": stop}
    port = open_port(args.port, timeout=_GRAIN_S, **settings)
    cutter = Cutter(Framing(args.baud, parity=parity, stop=stop))
    try:
        _listen(port, cutter, writer, end_s)
    except KeyboardInterrupt:
        pass
    except serial.SerialException as error:
        sentence = f"The connection to {args.port} was lost ({error})."
        raise ToolError(sentence, Kind.PORT) from error
    finally:
        writer.write(cutter.end())
        port.close()


def _listen(port, cutter: Cutter, writer: TraceWriter, end_s: float) -> None:
    while time.monotonic() < end_s:
        data = port.read(max(1, port.in_waiting))
        if data:
            writer.write(cutter.feed(data, time.time_ns() // 1000))


def _duration_s(text: str | None) -> float:
    if text is None:
        return float("inf")
    return read_option("--for", text) / 1000
