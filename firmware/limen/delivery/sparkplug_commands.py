"""What Sparkplug hosts may ask of a node and its devices: to be born again, and to be written.

Loaded for each payload, and let go behind it. A metric that there is not, or a value that is no
number, is a ValueError; what came before it in the same payload is carried out.
"""

from limen.core.numbers import number as number_of
from limen.core.sparkplug_command import BOOLEAN, DOUBLE, FLOAT, STRING, metrics
from limen.core.text import decimal

_REBIRTH = "Node Control/Rebirth"
_LITTLE_ENDIAN = "DCBA"


def obey(node, topic, payload, write):
    """Carry out a payload of commands; `write` takes {"device", "channel", "value"}.

    Raises ValueError where it is none.
    """
    device = _device(node, topic)
    for name, alias, field, value in metrics(payload):
        if name == _REBIRTH and not device:
            if field == BOOLEAN and value:
                node.is_birth_due = True
                node.wake.set()
            continue
        channel = node.dialect.channel_of(device, name, alias)
        if channel is None:
            raise ValueError("no such metric")
        text = _text(field, value, channel.places)
        write({"device": node.devices[device].id, "channel": channel.name, "value": text})


def _device(node, topic):
    """The number of the device that a topic of commands is for; 0 is the node."""
    for number in range(len(node.devices)):
        if topic == node.dialect.topic("DCMD" if number else "NCMD", number):
            return number
    raise ValueError("no such device")


def _text(field, value, places):
    """A value as exact decimal text; floats are rounded to the channel's resolution."""
    if field is None or field == STRING:
        raise ValueError("no number")
    if field not in (FLOAT, DOUBLE):
        return str(value)
    kind = "f32" if field == FLOAT else "f64"
    steps, units = 10 ** max(places, 0), 10 ** max(-places, 0)
    count = number_of(kind, _LITTLE_ENDIAN, steps, units).decode(value, 0)
    if count is None:
        raise ValueError("not a number")
    return decimal(count, places)
