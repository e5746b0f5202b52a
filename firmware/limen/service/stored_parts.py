"""What the configuration says of a device, read again for a command: it is not kept in memory."""

import json

CONFIGURATION = "/config.jsonl"


def part_of(name, path=CONFIGURATION):
    """The line of the configuration that is about a device; ValueError if there is none."""
    for part in parts(path):
        if part.get("id") == name and "kind" not in part and "function" not in part:
            return part
    raise ValueError('there is no device "%s"' % name)


def parts(path=CONFIGURATION):
    """The lines of the configuration behind its head, one by one."""
    with open(path) as lines:
        next(lines)
        for line in lines:
            yield json.loads(line)


def number_of(gateway, name):
    """The number of a device in `gateway.devices`."""
    for number in range(len(gateway.devices)):
        if gateway.devices[number].id == name:
            return number
    raise ValueError('there is no device "%s"' % name)
