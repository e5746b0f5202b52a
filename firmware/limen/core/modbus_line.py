"""How long things take on a Modbus RTU line. A character is counted in 64ths of a microsecond:
even 256 of them at 1200 baud are a small integer.

Source: MODBUS over Serial Line V1.02, 2.5.1.
"""

from limen.core.compat import const

_FAST_BAUD = const(19200)
_FAST_SILENCE_US = const(1750)
_FRAMES_BYTES = const(13)  # of a request to read, and of its reply beside the data


def character(baud, parity, stop):
    """A character of 8 bits; `parity` is None where it has none."""
    return ((9 + (parity is not None) + stop) * 1000000 << 6) // baud


def silence_us(baud, character):
    """Between two frames: 3.5 characters, 1.75 ms above 19200 baud."""
    return _FAST_SILENCE_US if baud > _FAST_BAUD else (character * 7 >> 7) + 1


def overhead_bytes(character, silence_us, pause_ms):
    """What a request costs beside the registers it reads, in characters: its frames, and the
    silences before them; before the request the device may need a longer pause."""
    silences_us = silence_us + max(silence_us, pause_ms * 1000)
    return _FRAMES_BYTES + (silences_us << 6) // character
