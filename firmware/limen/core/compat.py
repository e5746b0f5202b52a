"""The one place where CPython and MicroPython differ, so that no other module asks which it is on.

`const` folds a constant into the bytecode on the device and is the identity on a desktop Python.
"""

try:
    from micropython import const
except ImportError:

    def const(value):
        """Return value; MicroPython's compiler replaces the call by the value itself."""
        return value
