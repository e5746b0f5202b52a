"""Finds and opens serial ports, and says in a sentence why one cannot be found or opened."""

import errno
import grp
import os

import serial
from serial.tools.list_ports import comports

from host_tools.errors import ToolError


def open_port(port: str, **settings) -> serial.SerialBase:
    """Open a port for us alone: /dev/ttyUSB0, socket://HOST:PORT, rfc2217://HOST:PORT."""
    try:
        return serial.serial_for_url(port, exclusive=True, **settings)
    except (serial.SerialException, OSError, ValueError) as error:
        raise ToolError(_why_not_open(port, error)) from error


def only_board_port() -> str:
    """The port of the one USB device with a serial port: with more of them, a person chooses."""
    found = sorted((port for port in comports() if port.vid is not None), key=lambda p: p.device)
    if len(found) == 1:
        return found[0].device
    if not found:
        raise ToolError(
            "No board is plugged in: there is no serial port on USB. Check that the cable carries "
            "data, or name the port with --port."
        )
    candidates = "; ".join(
        f"{port.device} ({port.description}, USB {port.vid:04x}:{port.pid:04x})" for port in found
    )
    raise ToolError(f"Several boards are plugged in; choose one with --port: {candidates}.")


def ports_there_are() -> str:
    """The serial ports of this machine, as a sentence."""
    names = sorted(found.device for found in comports())
    return f"Ports here: {', '.join(names)}." if names else "No serial port is here at all."


def _why_not_open(port: str, error: Exception) -> str:
    if "://" in port:
        return f"Nothing answers at {port} ({error}); check the address."
    if not os.path.exists(port):
        return f"There is no port {port}; check the cable and the name. {ports_there_are()}"
    if not os.access(port, os.R_OK | os.W_OK):
        return (
            f"You may not use {port}: it belongs to the group {_group(port)}. Join it with "
            f'"sudo usermod -aG {_group(port)} $USER", then log out and in again.'
        )
    if getattr(error, "errno", None) in (errno.EBUSY, errno.EAGAIN) or "lock" in str(error):
        return f"{port} is in use by another program; close it and try again."
    return f"{port} cannot be opened as a serial port ({error})."


def _group(port: str) -> str:
    group = os.stat(port).st_gid
    try:
        return grp.getgrgid(group).gr_name
    except KeyError:
        return str(group)
