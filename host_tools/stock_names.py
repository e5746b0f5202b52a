"""Names that MicroPython itself has: which of them are free to use, and which must be kept.

A name costs heap on the chip only if the interpreter does not have it in its ROM. All names of its
own modules are there, so some of them serve as short names: on a MicroPython without that module
the name would cost a little, and nothing else.
"""

import array
import ast
import asyncio
import binascii
import errno
import functools
import gc
import io
import itertools
import json
import os
import random
import select
import socket
import ssl
import struct
import sys
import time
from collections.abc import Collection, Iterator

from host_tools.paths import PROJECT

_FREE = """
    acos acosh asin asinh atan atan2 atanh ceil copysign cos cosh degrees erf erfc exp expm1 fabs
    factorial floor fmod frexp gamma isclose isfinite isinf isnan ldexp lgamma log10 log2 modf
    radians sin sinh sqrt tan tanh trunc
    EACCES EADDRINUSE EAGAIN EALREADY EBADF ECONNABORTED ECONNREFUSED ECONNRESET EEXIST
    EHOSTUNREACH EINPROGRESS EINVAL EIO EISDIR ENOBUFS ENODEV ENOENT ENOMEM ENOTCONN EOPNOTSUPP
    EPERM ETIMEDOUT
    abs all any append args bool bytecode callable chr classmethod clear copy count dict dir divmod
    endswith eval exec extend find format from_bytes getattr globals hasattr hash index insert
    isalpha isdigit isinstance islower isspace issubclass isupper items iter join key keys
    little locals lower lstrip main map object ord popitem pow range readline remove replace repr
    reverse rfind rindex round rsplit rstrip setattr setdefault sort sorted split startswith
    staticmethod strip sum super throw to_bytes tuple type update upper zip
""".split()

_TWINS = (
    (array.array, asyncio, asyncio.Event, asyncio.StreamReader, asyncio.Task, binascii, bytearray)
    + (bytes, dict, errno, gc, int, io, io.BytesIO, io.StringIO, json, list, memoryview, os)
    + (OSError, random, range, select, set, socket, socket.socket, ssl)
    + (ssl.SSLContext, str, struct, sys, time, tuple)
)
"""What CPython has too; the names of what only the chip has are read from its emulation."""

_CHIP = PROJECT / "host_tools/emulation/device"


def short_names(taken: Collection[str] = ()) -> Iterator[str]:
    """Names that cost little, the cheapest first, without those that are taken."""
    numbered = (f"_{number}" for number in itertools.count())
    return (name for name in itertools.chain(_FREE, numbered) if name not in taken)


@functools.cache
def stock_names() -> frozenset[str]:
    """Names that an object which is not the firmware's may have."""
    names = {name for twin in _TWINS for name in dir(twin)}
    for path in _CHIP.glob("*.py"):
        nodes = list(ast.walk(ast.parse(path.read_text())))
        names |= {node.attr for node in nodes if isinstance(node, ast.Attribute)}
        names |= {node.name for node in nodes if hasattr(node, "name") and node.name}
    return frozenset(names)
