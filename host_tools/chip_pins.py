"""What the pins of each chip can and cannot do, whatever board it sits on.

Source: Espressif, ESP-IDF API reference of each chip, GPIO (`docs/en/api-reference/peripherals/
gpio/<chip>.inc`); strapping pins: the chips' datasheets, Boot Configurations. Of these `strapping`
has those that keep a board from starting; the others only change messages or timing at a reset.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class ChipPins:
    """Pins by what is special about them; `converter` are those of the first ADC: the second one
    is stopped by Wi-Fi."""

    pins: frozenset[int]
    flash: frozenset[int]
    input_only: frozenset[int]
    strapping: frozenset[int]
    converter: frozenset[int]
    uarts: int
    counts_pulses: bool


def _pins(*parts) -> frozenset[int]:
    return frozenset(pin for part in parts for pin in part)


CHIP_PINS = {
    "esp32": ChipPins(
        pins=_pins(range(20), range(21, 24), range(25, 28), range(32, 40)),
        flash=_pins(range(6, 12)),
        input_only=_pins(range(34, 40)),
        strapping=_pins((0, 2, 12)),
        converter=_pins(range(32, 40)),
        uarts=3,
        counts_pulses=True,
    ),
    "esp32s3": ChipPins(
        pins=_pins(range(22), range(26, 49)),
        flash=_pins(range(26, 33)),
        input_only=_pins(()),
        strapping=_pins((0, 45, 46)),
        converter=_pins(range(1, 11)),
        uarts=3,
        counts_pulses=True,
    ),
    "esp32c3": ChipPins(
        pins=_pins(range(22)),
        flash=_pins(range(12, 18)),
        input_only=_pins(()),
        strapping=_pins((2, 8, 9)),
        converter=_pins(range(5)),
        uarts=2,
        counts_pulses=False,
    ),
}
