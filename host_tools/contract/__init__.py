"""The plain dialect as a subscriber reads it: a topic and its JSON become one typed message.

Nothing is tolerated. What deviates from the contract (docs/mqtt.md) is a ContractError that says
where, because a subscriber that guesses would hide a gateway's mistake. Numbers are exact: a value
is the Decimal that was written, so 230.10 stays 230.10.
"""

from host_tools.contract.alarms import AlarmState, Flood
from host_tools.contract.births import Before, Birth, Channel
from host_tools.contract.devices import NAMES, Answering, GatewayFault, GivenUp, Plate, Refusal
from host_tools.contract.events import (
    Alarm,
    ClockSet,
    ClockStep,
    CounterChange,
    HappeningBody,
    sentence,
)
from host_tools.contract.functions import Finding, OrderChange, Period, Shed, Use
from host_tools.contract.messages import (
    ROOT,
    Answer,
    Diag,
    Message,
    Progress,
    Request,
    Status,
    parse,
)
from host_tools.contract.records import Batch, Last, Record, Values
from host_tools.contract.table import (
    BAD,
    GOOD,
    QUALITY_NAMES,
    UNCERTAIN,
    Boot,
    ContractError,
)

__all__ = [
    "Alarm",
    "AlarmState",
    "Answer",
    "Answering",
    "BAD",
    "Batch",
    "Before",
    "Birth",
    "Boot",
    "Channel",
    "ClockSet",
    "ClockStep",
    "ContractError",
    "CounterChange",
    "Diag",
    "Finding",
    "Flood",
    "GOOD",
    "GatewayFault",
    "GivenUp",
    "HappeningBody",
    "Last",
    "Message",
    "NAMES",
    "OrderChange",
    "Period",
    "Plate",
    "Progress",
    "QUALITY_NAMES",
    "ROOT",
    "Record",
    "Refusal",
    "Request",
    "Shed",
    "Status",
    "UNCERTAIN",
    "Use",
    "Values",
    "parse",
    "sentence",
]
