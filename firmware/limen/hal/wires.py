"""The ports of sensors, one function for each kind of bus, on the pins of its configuration."""

from machine import Pin


def i2c(bus):
    from machine import I2C

    return I2C(bus["i2c"], scl=Pin(bus["scl"]), sda=Pin(bus["sda"]), freq=bus["hz"])


def spi(bus):
    return _Spi(bus)


class _Spi:
    """An SPI bus of mode 3, and its chip selects."""

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


def onewire(bus):
    from onewire import OneWire

    return OneWire(Pin(bus["pin"]))


def p1(bus):
    """(UART, pin of the request line or None) of a smart meter's port.

    The UART always drives a pin for sending; if it is the request line, it loses it again here.
    """
    from machine import UART

    uart = UART(
        bus["uart"],
        baudrate=bus["baud"],
        bits=bus["bits"],
        parity=bus["parity"],
        stop=bus["stop"],
        tx=bus["tx"],
        rx=bus["rx"],
        rxbuf=bus["rx_bytes"],
        timeout=0,
        invert=UART.INV_RX if bus["invert"] else 0,
    )
    request = bus["request"]
    return uart, None if request is None else Pin(request, Pin.OUT, value=0)
