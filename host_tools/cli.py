"""The `limen` command: one table of commands, each in a module of its own.

A command's module offers `add_arguments(parser)` and `run(args) -> exit status`; it is imported
only when it is asked for. What goes wrong in a way that people can mend is a ToolError: its
sentence goes to stderr, its status becomes the exit status.
"""

import argparse
import gc
import importlib
import os
import sys

from host_tools.errors import Kind, ToolError

COMMANDS = {
    "demo": ("host_tools.demo", "show the whole path live, on an emulated board"),
    "replay": ("host_tools.replay", "play a recording through the gateway, in virtual time"),
    "tune": ("host_tools.tune", "propose thresholds from a recording, by error or messages"),
    "draft": ("host_tools.draft", "make a site file that measures what a recording has"),
    "diff": ("host_tools.diff", "compare what two configurations or firmwares publish"),
    "soak": ("host_tools.soak.command", "simulate days full of faults, and check what must hold"),
    "tail": ("host_tools.tail", "show what gateways publish, as it comes"),
    "record": ("host_tools.record", "write what gateways publish as a recording for `replay`"),
    "listen": ("host_tools.listen", "write the traffic of a Modbus line as a trace for `replay`"),
    "send": ("host_tools.send", "send a gateway a command, and wait for its answer"),
    "doctor": (
        "host_tools.doctor.command",
        "find and check the devices on a line, write the site file",
    ),
    "emulate": ("host_tools.emulate", "be an emulated board at a serial port"),
    "flash": ("host_tools.flash", "write a gateway's configuration and firmware to its board"),
    "update": ("host_tools.update", "bring a gateway up to date, with what has changed only"),
    "console": ("host_tools.console", "show what a gateway says, tracebacks as in the sources"),
    "backup": ("host_tools.backup", "save a gateway's totals and configuration"),
    "restore": ("host_tools.restore", "give a board what was saved, under its old name"),
    "station": ("host_tools.station", "write board after board, with a label for each"),
    "boards": ("host_tools.board_table", "list the boards with their pins, or the facts' sources"),
    "profile": ("host_tools.profile_command", "list the meter models, show one, check a new one"),
    "config": ("host_tools.config_command", "check, show or compare what gateways are to store"),
    "secret": ("host_tools.secret", "keep passwords of the site in the system's keyring"),
    "ca": ("host_tools.ca", "make the site's certificates: its authority, gateways, brokers"),
    "broker-config": ("host_tools.broker_config", "write a Mosquitto configuration for the site"),
    "bench": ("host_tools.bench.command", "measure speed, bytes and heap beside umqtt.simple"),
    "filters": ("host_tools.filtering.command", "count points and alarms of real recordings"),
    "size": ("host_tools.size", "print what modules and sites take of a board's memory"),
    "trace": ("host_tools.trace", "show a gateway's traceback with the lines of the sources"),
}
"""name → (module, what it does)"""

_INTERRUPTED = 130


def main(arguments: list[str] | None = None) -> int:
    """Run the command that the arguments name; return its exit status."""
    args, run = _parse(sys.argv[1:] if arguments is None else arguments)
    gc.freeze()  # what is imported is never garbage, and the planner collects after each plan
    try:
        return run(args)
    except ToolError as error:
        print(f"limen {args.command}: {error}", file=sys.stderr)
        return error.status
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:  # whoever read what we print, such as `head`, has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Kind.FAILED


def _parse(arguments: list[str]):
    """Return the parsed arguments and the run function of the command among them."""
    parser = argparse.ArgumentParser(
        prog="limen", description="Builds, emulates, flashes and observes Limen gateways."
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, (_, purpose) in COMMANDS.items():
        commands.add_parser(name, help=purpose, description=purpose)
    chosen = next((word for word in arguments if word in COMMANDS), None)
    if chosen is None:
        parser.parse_args(arguments)
    module = importlib.import_module(COMMANDS[chosen][0])
    module.add_arguments(commands.choices[chosen])
    return parser.parse_args(arguments), module.run
