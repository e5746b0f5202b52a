"""Drivers, one file per kind of field device, loaded only when the configuration names the kind.

The module of a bus has a class `Bus`, the module of the devices on it a class `Device`.
"""

_KINDS = {
    "modbus-rtu": ("modbus_rtu", "modbus_device"),
}


def load(kind):
    """Return the classes (Bus, Device) of a kind of bus."""
    bus, device = _KINDS[kind]
    return _module(bus).Bus, _module(device).Device


def _module(name):
    return __import__("limen.drivers." + name, None, None, ("*",))
