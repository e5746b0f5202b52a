"""A typed client for host services: every record once, at its time, or a gap that says which not.

docs/host-services.md tells how to use it; docs/mqtt.md what it rests on.
"""

from host_tools.client.connection import Address
from host_tools.client.items import (
    Alarm,
    Born,
    ClockSet,
    ClockStep,
    CounterChange,
    Happening,
    Item,
    Presence,
    Sample,
)
from host_tools.client.reader import Ended, Fault, Gap
from host_tools.client.service import AsyncClient, Client
from host_tools.client.state import State

__all__ = [
    "Address",
    "Alarm",
    "AsyncClient",
    "Born",
    "Client",
    "ClockSet",
    "ClockStep",
    "CounterChange",
    "Ended",
    "Fault",
    "Gap",
    "Happening",
    "Item",
    "Presence",
    "Sample",
    "State",
]
