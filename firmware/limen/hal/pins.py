"""What a pin of the chip can be: analog or digital input, output, pulse counter.

The safe levels of the outputs are kept in the chip's own NVS, beside any configuration, where
`boot.py` finds them: a board without its configuration does no harm.
"""

import esp32
from machine import ADC, Pin

COUNTER_RANGE = 32000
_FILTER_CYCLES = 1023
_PULLS = {None: None, "up": Pin.PULL_UP, "down": Pin.PULL_DOWN}
_SAFE = "outputs"
_MOST_OUTPUTS = 16


def analog(pin):
    """A converter for 0.15 to 2.45 V."""
    return ADC(Pin(pin), atten=ADC.ATTN_11DB)


def input(pin, pull):
    return Pin(pin, Pin.IN, _PULLS[pull])


def watch(pin, on_edge):
    """Call `on_edge(pin)` soon after each edge of an input."""
    pin.irq(on_edge, Pin.IRQ_RISING | Pin.IRQ_FALLING)


def output(pin, level):
    return Pin(pin, Pin.OUT, value=level)


def counter(unit, pin, pull, edge):
    """A counter of the edges "rising" or "falling"; None on a chip or a firmware without one.

    It runs from 0 to COUNTER_RANGE and there begins at 0 again.
    """
    if not hasattr(esp32, "PCNT"):
        return None
    kind = esp32.PCNT
    found = kind(
        unit,
        pin=Pin(pin, Pin.IN, _PULLS[pull]),
        rising=kind.INCREMENT if edge == "rising" else kind.IGNORE,
        falling=kind.INCREMENT if edge == "falling" else kind.IGNORE,
        max=COUNTER_RANGE,
        filter=_FILTER_CYCLES,
        value=0,
    )
    found.start()
    return found


def keep_safe(outputs):
    """Keep the safe levels of the outputs, [(pin, level), …], for the boots to come."""
    levels = bytes([number for output in outputs for number in output])
    if levels != _safe_levels():
        nvs = esp32.NVS("limen")
        nvs.set_blob(_SAFE, levels)
        nvs.commit()


def _safe_levels():
    levels = bytearray(2 * _MOST_OUTPUTS)
    try:
        return bytes(levels[: esp32.NVS("limen").get_blob(_SAFE, levels)])
    except OSError:
        return b""
