"""Functions make values of values: energy per interval, machine states, and what else is derived.

A function is a device that reads nothing. Its module has a class `Function`, loaded only when the
configuration names it; its configuration has the numbers of the devices that it `follows`.
`Function(gateway, number, device, settings)` gets the `device` that it is, the gateway's device
`number`, with the channels that its configuration lists. After each reading of a device that it
follows, `feed(device)` is called with that device: its `s` and `ms` are the uptime of the reading,
`fresh` of its channels tells which were read. When a function has something to say it sets value,
quality and `fresh` of its own channels, `s`, `ms` and `fresh` of its own device, and hands it to
`gateway.take(number, device)`: filters, alarms, records, birth and last values come by themselves,
and so do functions that follow a function. What is to be said of events goes to
`gateway.path.put_event`. The arithmetic is in `core/`; here is what ties it to the gateway.
"""


def load_class(name):
    """Return the class of a function."""
    return __import__("limen.functions." + name, None, None, ("*",)).Function
