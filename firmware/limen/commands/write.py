"""Writes a channel: a register that profile and site declare writable, or a digital output.

The value is the exact decimal in the channel's unit, as a text; the answer has what the device
holds afterwards. A bus is borrowed from its poll for it.
"""

from limen.core import modbus
from limen.core.units import count_text, parse_count
from limen.service.stored_parts import number_of, part_of


def run(gateway, request):
    """{"device", "channel", "value"} → {"value"}."""
    part = part_of(request.get("device"))
    entry = _channel(part, request.get("channel"))
    value = request.get("value")
    if not isinstance(value, (int, str)):
        raise ValueError('the value must be a text, such as "21.5", or an integer')
    count = parse_count(str(value), "", entry["places"])
    reader = gateway.devices[number_of(gateway, part["id"])].reader
    if hasattr(reader, "write"):
        return _switch(reader, count)
    return _write(gateway, part, entry, count)


def _channel(part, name):
    for entry in part["channel"]:
        if entry["name"] == name:
            return entry
    raise ValueError('%s has no channel "%s"' % (part["id"], name))


def _switch(output, level):
    if level not in (0, 1):
        raise ValueError("an output is switched to 0 or 1, not to %d" % level)
    output.write(level)
    return {"value": str(level)}


async def _write(gateway, part, entry, count):
    if "register" not in entry:
        raise ValueError("the channel %s is not writable" % entry["name"])
    from limen.drivers.modbus_write import write

    poll = gateway.polls[part["bus"]]
    await poll.lend()
    try:
        if "framing" in part:
            poll.bus.tune(part["framing"])
        result, held = await write(poll.bus, part, entry, count)
        exception = poll.bus.reply.exception
    finally:
        poll.give_back()
    device = gateway.devices[number_of(gateway, part["id"])]
    device.begin(gateway.clock.s, gateway.clock.ms)
    _check(result, exception, held, count, entry)
    return {"value": count_text(held, "", entry["places"])}


def _check(result, exception, held, count, entry):
    if result == modbus.EXCEPTION:
        raise ValueError("the device refuses with exception %d" % exception)
    if result != modbus.OK:
        sentence = "the device does not confirm (%s): whether it has taken the value is not known"
        raise ValueError(sentence % modbus.RESULTS[result])
    if held != count:
        texts = [count_text(one, "", entry["places"]) for one in (count, held or 0)]
        raise ValueError("the device was told %s and holds %s" % tuple(texts))
