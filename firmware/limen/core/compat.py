"""The one place where CPython and MicroPython differ, so that no other module asks which it is on.

`const` folds a constant into the bytecode on the device and is the identity on a desktop Python.
`pack_into` is that of `struct`; on a desktop Python it has to be told that a string is bytes too.
"""

try:
    from struct import pack_into

    from micropython import const
except ImportError:
    import struct

    def const(value):
        """Return value; MicroPython's compiler replaces the call by the value itself."""
        return value

    def pack_into(form, buffer, at, data):
        """Write a string of ASCII or bytes as `form` says."""
        struct.pack_into(form, buffer, at, data.encode() if isinstance(data, str) else data)
