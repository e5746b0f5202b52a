"""Writes a channel of a Modbus device, if its profile and the site declare it writable."""

from limen.core import modbus, modbus_writes
from limen.core.modbus_values import encode
from limen.core.numbers import number
from limen.drivers.modbus_ask import ask, ask_registers

_ONE_BIT, _ONE_REGISTER, _BITS, _REGISTERS = 5, 6, 15, 16


def request_to_write(address, entry, count):
    """The frame that gives a channel a value; ValueError says what does not go.

    `entry` is the channel's part of the configuration; `write` in it has the function, the lowest
    and the highest count.
    """
    if "write" not in entry:
        raise ValueError("the channel %s is not writable" % entry["name"])
    function, low, high = entry["write"]
    if not low <= count <= high:
        raise ValueError("%d is not between %d and %d" % (count, low, high))
    register = entry["register"]
    if function == _ONE_BIT:
        return modbus_writes.encode_bit(address, register[0], count)
    if function == _BITS:
        return modbus_writes.encode_bits(address, register[0], (1 if count else 0,))
    start, data = encode(register, count)
    if function == _REGISTERS:
        return modbus_writes.encode_registers(address, start, data)
    if len(data) > 2:
        raise ValueError("function 6 writes one register, not %d" % (len(data) // 2))
    return modbus_writes.encode_register(address, start, data[0] << 8 | data[1])


async def write(bus, settings, entry, count):
    """Write a channel and read it back; return (result, count read or None).

    `settings` are the device's part of the configuration. The bus must be the caller's: see
    `Poll.lend`. A request to write is sent once: a reply that is lost does not tell whether the
    device has done it, and reading back does.
    """
    pause_ms = settings["pause_ms"]
    request = request_to_write(settings["address"], entry, count)
    result = await ask(bus, request, 1, pause_ms)
    if result == modbus.EXCEPTION:
        return result, None
    kind, order, numerator, denominator = entry["register"][1:5]
    decoder = number(kind, order, numerator, denominator, tuple(entry["register"][5:]))
    function = entry.get("fc", settings["fc"])
    start = entry["register"][0]
    result = await ask_registers(
        bus, settings["address"], function, start, decoder.words, 2, pause_ms
    )
    if result != modbus.OK:
        return result, None
    begin = bus.reply.data * (8 if function <= modbus.READ_BITS else 1)
    return result, decoder.decode(bus.reply.buffer, begin)
