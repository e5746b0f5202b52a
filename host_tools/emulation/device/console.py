"""The terminal that stands for UART 0, in real time; it takes the place of `micropython`.

As on the chip, byte 3 interrupts a program, but is a byte like any other at the prompt, and for a
program that says `kbd_intr(-1)`: what it then writes goes out as it is, too, while text otherwise
gets the line ends of a terminal.
"""

import termios

import micropython as _native
from micropython import const

_OUTPUT = const(1)
_LOCAL = const(3)
_OPOST = const(1)
_ISIG = const(1)


def start():
    """From now on an interrupt is an exception; before that it would end the interpreter."""
    _native.kbd_intr(3)
    kbd_intr(3)


def kbd_intr(character):
    is_on = character == 3
    settings = termios.tcgetattr(0)
    settings[_OUTPUT] = settings[_OUTPUT] & ~_OPOST | is_on * _OPOST
    settings[_LOCAL] = settings[_LOCAL] & ~_ISIG | is_on * _ISIG
    termios.tcsetattr(0, termios.TCSANOW, settings)


def __getattr__(name):
    return getattr(_native, name)
