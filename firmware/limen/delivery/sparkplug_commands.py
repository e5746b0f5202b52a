"""What Sparkplug hosts may ask of a node and its devices: to be born again, and to be written.

Loaded when the first command comes. A metric that nobody may write, or a value that is none, is
counted as a refused command; the others of the same payload are still carried out.
"""

from limen.core.sparkplug_command import BOOLEAN, metrics

_REBIRTH = "Node Control/Rebirth"


def obey(node, topic, payload):
    """Carry out a command payload. Raises ValueError where it is no payload at all."""
    wanted = metrics(payload)
    number = _device(node, topic)
    for name, alias, field, value in wanted:
        if number or name != _REBIRTH:
            node.write(number, alias, name, field, value)
        elif field == BOOLEAN and value:
            node.is_birth_due = True
            node.wake.set()


def _device(node, topic):
    for number in range(len(node.devices)):
        if topic == node.dialect.topic("DCMD" if number else "NCMD", number):
            return number
    raise ValueError("no such device")
