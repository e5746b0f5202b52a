"""What the configuration says of a device, read again for a command: it is not kept in memory."""

import json

CONFIGURATION = "/config.jsonl"


def part_of(name, path=CONFIGURATION):
    """The part of the configuration that is about a device; ValueError if there is none."""
    found = parts(path)
    for part in found:
        if part.get("id") == name and "kind" not in part and "function" not in part:
            found.close()  # and with it the file, which else a collection would, at any moment
            return part
    raise ValueError('there is no device "%s"' % name)


def parts(path=CONFIGURATION):
    """The buses and devices of the configuration, one by one, as lines behind its head."""
    with open(path) as lines:
        next(lines)
        for line in lines:
            part = json.loads(line)
            if "channel" in part:
                part["channel"] = [json.loads(next(lines)) for _ in range(part["channel"])]
            yield part


def line_part(name):
    """(number of the RS-485 line of that name or of the only one, its part); else ValueError."""
    buses = [part for part in parts() if "kind" in part]
    lines = [n for n in range(len(buses)) if buses[n]["kind"] == "modbus-rtu"]
    fitting = [n for n in lines if name in (None, buses[n]["id"])]
    if len(fitting) != 1:
        names = ", ".join([buses[n]["id"] for n in lines])
        raise ValueError("name the bus of an RS-485 line: %s" % (names or "there is none"))
    return fitting[0], buses[fitting[0]]


def devices_of(number):
    """The parts about devices with an address on bus `number`."""
    return (part for part in parts() if part.get("bus") == number and "address" in part)


def number_of(gateway, name):
    """The number of a device in `gateway.devices`."""
    for number in range(len(gateway.devices)):
        if gateway.devices[number].id == name:
            return number
    raise ValueError('there is no device "%s"' % name)
