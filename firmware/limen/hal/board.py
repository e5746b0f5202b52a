"""The chip's own parts: identity, reset cause, watchdog, RTC, serial ports."""

import binascii

import machine

from limen.core.compat import const

_RESET_CAUSES = {
    machine.PWRON_RESET: "power-on",
    machine.HARD_RESET: "hard",
    machine.WDT_RESET: "watchdog",
    machine.DEEPSLEEP_RESET: "deep-sleep",
    machine.SOFT_RESET: "soft",
}
_LISTEN_MS = const(2000)
_FIRST_DAY = (2020, 1, 2, 3, 0, 0, 0, 0)


def unique_id():
    """The chip's own id (on an ESP32 its MAC address) in hex digits."""
    return binascii.hexlify(machine.unique_id()).decode()


def reset_cause():
    """Why the board restarted, as a word; a brownout shows as power-on, a panic as hard."""
    return _RESET_CAUSES.get(machine.reset_cause(), "unknown")


def watchdog(timeout_ms):
    """Start the watchdog; from now on it must be fed, and cannot be stopped."""
    return machine.WDT(timeout=timeout_ms)


def rtc():
    """The RTC. One that was never set begins on a day on which the certificates of `limen ca` are
    valid, so that TLS can check all of them but their end (docs/tls.md)."""
    clock = machine.RTC()
    if clock.datetime()[0] < _FIRST_DAY[0]:
        clock.datetime(_FIRST_DAY)
    return clock


def journal_flash():
    """The partition of the journal; None where the partition table has none."""
    from esp32 import Partition

    found = Partition.find(Partition.TYPE_DATA, label="journal")
    return found[0] if found else None


def forget_outputs():
    """The site has no outputs any more: let `boot.py` leave their pins alone from now on."""
    from esp32 import NVS

    try:
        kept = NVS("limen")
        kept.erase_key("outputs")
        kept.commit()
    except OSError:
        pass  # none was ever configured


def open_port(bus):
    """What a bus is read through, as its configuration says; None for one that needs no pins."""
    kind = bus["kind"]
    if kind == "modbus-rtu":
        return rs485(bus) + (_listen_ms(),)
    if "host" in bus:
        return None
    if kind == "pins":
        from limen.hal import pins

        return pins
    from limen.hal import wires

    return getattr(wires, kind)(bus)


def _listen_ms():
    """How long a line may still carry the reply to what was asked before this start; where the
    power was off nobody waits, as it was off for longer."""
    return 0 if machine.reset_cause() == machine.PWRON_RESET else _LISTEN_MS


def rs485(bus):
    """(UART, DE pin or None) of an RS-485 port, as the bus's configuration says.

    The pins in `high` switch the board's transceiver on.
    """
    for pin in bus["high"]:
        machine.Pin(pin, machine.Pin.OUT, value=1)
    de = bus["de"]
    uart = machine.UART(
        bus["uart"],
        baudrate=bus["baud"],
        bits=bus["bits"],
        parity=bus["parity"],
        stop=bus["stop"],
        tx=bus["tx"],
        rx=bus["rx"],
        txbuf=512,
        rxbuf=512,
        timeout=0,
    )
    return uart, None if de is None else machine.Pin(de, machine.Pin.OUT, value=0)
