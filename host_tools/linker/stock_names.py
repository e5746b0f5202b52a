"""Names that MicroPython itself has: which of them are free to use, and which must be kept.

A name costs heap on the chip only if the interpreter does not have it in its ROM: about 20 bytes,
and some kilobytes for a larger table of names where that fills. All names of its own modules are in
its ROM, so some of them serve as short names: on a MicroPython without that module the name would
cost a little, and nothing else.
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

from host_tools.linker.tree import walk
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
    aes cryptolib encrypt deflate DeflateIO GZIP ZLIB framebuf FrameBuffer FrameBuffer1 GS2_HMSB
    GS4_HMSB GS8 MONO_HLSB MONO_HMSB MONO_VLSB MVLSB RGB565 blit ellipse fill_rect hline pixel
    scroll vline hashlib md5 sha1 sha256 heapify heappop heappush heapq separators mem16 mem32 mem8
    time_pulse_us libc_ver python_compiler VfsFat VfsLfs1 search getpeercert
    uctypes ARRAY BFINT16 BFINT32 BFINT8 BFUINT16 BFUINT32 BFUINT8 BF_LEN BF_POS BIG_ENDIAN FLOAT32
    FLOAT64 LITTLE_ENDIAN NATIVE PTR UINT UINT64 ULONG ULONGLONG USHORT VOID addressof bytearray_at
    bytes_at sizeof websocket lookahead progsize readsize collections deque OrderedDict appendleft
    popleft cmath polar rect pi tau abs_tol rel_tol RingIO mem_current mem_peak mem_total
    heap_lock heap_unlock opt_level qstr_info stack_use ps1 ps2 LockType allocate_lock get_ident
    stack_size start_new_thread bound_method closure dict_view generator pend_throw NoneType deleter
    getter setter indices keepends execfile ptr16 ptr32 ptr8 ViperTypeError builtins newline poly
    digest group sub phase invert buffering rb wb doc single function module usys atexit cipher
    verify_callback do_handshake_on_connect server_side acquire PinBase Signal cur_task
""".split()

_UNASKED = frozenset(
    """
    gmtime localtime mktime ticks_add ticks_cpu time_ns chdir getcwd ilistdir mkdir rename rmdir
    statvfs umount unlink urandom choice getrandbits randint randrange uniform byteorder exc_info
    maxsize modules print_exception version_info a2b_base64 b2a_base64 crc32 hexlify unhexlify dumps
    loads calcsize pack_into unpack_from AF_INET AF_INET6 SOCK_DGRAM SOCK_RAW SOCK_STREAM
    getaddrinfo POLLERR POLLHUP POLLIN POLLOUT isenabled mem_alloc mem_free BytesIO StringIO
    kbd_intr mem_info ArithmeticError AssertionError AttributeError BaseException EOFError Ellipsis
    ImportError IndentationError IndexError KeyError KeyboardInterrupt LookupError MemoryError
    NameError NotImplementedError OSError OverflowError RuntimeError StopAsyncIteration SyntaxError
    SystemExit UnicodeError ValueError ZeroDivisionError bin compile complex delattr enumerate
    filter frozenset help input list max memoryview min next oct print property reversed slice
    center difference difference_update discard endswith from_bytes fromkeys insert
    intersection intersection_update isalpha isdigit isdisjoint islower isspace issubset issuperset
    isupper lstrip partition popitem rfind rindex rpartition rsplit rstrip setdefault splitlines
    startswith symmetric_difference symmetric_difference_update to_bytes union
""".split()
)
"""Names of what modules and built-in types have. Nobody asks another object for them, so that they
can be names of attributes, too."""

_TWINS = (
    (array.array, asyncio, asyncio.Event, asyncio.StreamReader, asyncio.Task, binascii, bytearray)
    + (bytes, dict, errno, gc, int, io, io.BytesIO, io.StringIO, json, list, memoryview, os)
    + (OSError, random, range, select, set, socket, socket.socket, ssl)
    + (ssl.SSLContext, str, struct, sys, time, tuple)
)
"""What CPython has too; the names of what only the chip has are read from its emulation."""

_CHIP = PROJECT / "host_tools/emulation/device"


def short_names(taken: Collection[str] = ()) -> Iterator[str]:
    """Names that cost little, the cheapest first and each once, without those that are taken."""
    known = dict.fromkeys([*_FREE, *sorted(_UNASKED)])
    numbered = (f"_{number}" for number in itertools.count())
    return (name for name in itertools.chain(known, numbered) if name not in taken)


def names_of_stock_objects() -> frozenset[str]:
    """The stock names that a short name of an attribute must not be."""
    return stock_names() - _UNASKED


@functools.cache
def stock_names() -> frozenset[str]:
    """Names that an object which is not the firmware's may have."""
    names = {name for twin in _TWINS for name in dir(twin)}
    for path in _CHIP.glob("*.py"):
        nodes = list(walk(ast.parse(path.read_text())))
        names |= {node.attr for node in nodes if isinstance(node, ast.Attribute)}
        names |= {node.name for node in nodes if hasattr(node, "name") and node.name}
    return frozenset(name for name in names if name[0] != "_" or name.startswith("__"))
