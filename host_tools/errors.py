"""The error that people see: one sentence that says what is wrong, where, and what to do.

Its kind becomes the exit status of the command, so that a script can tell what to do about it.
"""

from enum import IntEnum


class Kind(IntEnum):
    """What kind of thing is wrong; the number is the exit status."""

    FAILED = 1
    """Anything else: something differs, or did not work out."""
    INPUT = 2
    """What was given is wrong: arguments, site file, secrets, certificates."""
    PORT = 3
    """The serial port: not there, not allowed, in use, or lost meanwhile."""
    BOARD = 4
    """The board: it does not answer, is another one, too small or full, or refuses."""
    IMAGE = 5
    """The MicroPython image: damaged, for another chip, of another digest."""
    NETWORK = 6
    """The network or a broker is not reached, or does not let us in."""
    GATEWAY = 7
    """All is written, but the gateway is not online, or something that it reads does not answer."""


class ToolError(Exception):
    """Ends a command with its sentence on stderr and the kind as exit status."""

    def __init__(self, sentence: str, status: int = Kind.FAILED):
        super().__init__(sentence)
        self.status = status
