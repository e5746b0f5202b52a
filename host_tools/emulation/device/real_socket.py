"""The native `socket` module, with the names of the emulated LAN in place of the machine's own."""

import socket as _native
import struct

import frames
from backplane import bus

socket = _native.socket
_ports = {}  # (host, port): port on this machine
_hosts = set()


def _learn(id, data):
    if not len(data):
        _ports.clear()
        return _hosts.clear()
    port, real_port = struct.unpack("<HH", data)
    host = str(bytes(data[4:]), "utf-8")
    _ports[host, port] = real_port
    _hosts.add(host)


bus.handlers[frames.NAME] = _learn


def getaddrinfo(host, port, *hints):
    """OSError(-2) for a name that the LAN does not know, as the chip's resolver has it."""
    import network

    bus.catch_up()
    if host.startswith("127.") and host not in _hosts:
        return _native.getaddrinfo(host, port, *hints)
    if host == "0.0.0.0":  # a server of the board's own; port 0 is a free one
        return _native.getaddrinfo("127.0.0.1", _ports.get((host, port), 0), *hints)
    if host not in _hosts or not network.station.is_joined:
        raise OSError(-2)
    # A port that nobody listens on is refused there too: 1 is nobody's.
    return _native.getaddrinfo("127.0.0.1", _ports.get((host, port), 1), *hints)


def __getattr__(name):
    return getattr(_native, name)
