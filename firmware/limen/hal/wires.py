"""The ports of sensors: I2C, SPI and 1-Wire, on the pins that the configuration names."""

from machine import Pin


def open_port(bus):
    """What the bus of this configuration needs: see `drivers.i2c`, `drivers.spi`, …"""
    return _OPENERS[bus["kind"]](bus)


def _i2c(bus):
    from machine import I2C

    return I2C(bus["i2c"], scl=Pin(bus["scl"]), sda=Pin(bus["sda"]), freq=bus["hz"])


def spi(bus):
    return Spi(bus)


class _Spi:
    """An SPI bus of mode 3 with its chip selects."""

    def __init__(self, bus):
        from machine import SPI

        self.spi = SPI(
            bus["spi"],
            baudrate=bus["hz"],
            polarity=1,
            phase=1,
            sck=Pin(bus["sck"]),
            mosi=Pin(bus["mosi"]),
            miso=Pin(bus["miso"]),
        )

    def output(self, pin, level):
        return Pin(pin, Pin.OUT, value=level)


def _onewire(bus):
    from onewire import OneWire

    return OneWire(Pin(bus["pin"]))


_OPENERS = {"i2c": _i2c, "spi": _Spi, "onewire": _onewire}
