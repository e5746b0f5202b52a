"""Drivers, one file per kind of field device, loaded only when the configuration names the kind.

The module of a bus has a class `Bus`, the module of the devices on it a class `Device`. Where
devices on a bus differ, the configuration of a device names its driver.

`Device.read()` begins to read the channels that are marked `fresh`. It returns a coroutine to
await, or None: then `Device.step()` is called until it returns DONE, and after every other call so
many milliseconds pass, 0 being one pass of the event loop. Steps allocate nothing. `answered` says
then whether the device was there at all, None if it could not be asked; a device without it always
is.
"""

from limen.core.compat import const

DONE = const(-1)

KINDS = {
    "modbus-rtu": ("modbus_rtu", "modbus_device"),
    "modbus-tcp": ("modbus_tcp", "modbus_device"),
    "modbus-rtu-tcp": ("modbus_tcp", "modbus_device"),
    "modbus-tcp-ahead": ("modbus_pipeline", "modbus_pipeline"),
    "i2c": ("i2c", None),
    "spi": ("spi", None),
    "onewire": ("onewire", None),
    "pins": ("pins", None),
    "p1": ("p1", "p1"),
}


def load(kind, driver=None):
    """Return the classes (Bus, Device) of a kind of bus; the latter of `driver`, if it is named."""
    bus, device = KINDS[kind]
    device = driver or device
    return _module(bus).Bus, device and _module(device).Device


def _module(name):
    return __import__("limen.drivers." + name, None, None, ("*",))
