"""Finds and opens serial ports, and says in a sentence why one cannot be found or opened."""

import errno
import grp
import os
import termios

import serial
from serial.tools.list_ports import comports
from serial.tools.list_ports_common import ListPortInfo

from host_tools.errors import Kind, ToolError

LOST = (serial.SerialException, OSError, termios.error)
"""What is raised at a port that has gone while it is used; pyserial lets the last one pass."""


def open_port(port: str, **settings) -> serial.SerialBase:
    """Open a port for us alone: /dev/ttyUSB0, socket://HOST:PORT, rfc2217://HOST:PORT."""
    try:
        return serial.serial_for_url(port, exclusive=True, **settings)
    except (serial.SerialException, OSError, ValueError) as error:
        raise ToolError(_why_not_open(port, error), Kind.PORT) from error


def usb_ports() -> list[ListPortInfo]:
    """The serial ports of USB devices."""
    found = [port for port in comports() if port.vid is not None]
    return sorted(found, key=lambda port: port.device)


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
