"""What tests of recordings share: a good file, a map, and what a bad file is refused with."""

import pytest

from host_tools.emulation.recording import Recording
from host_tools.errors import ToolError

SECOND_US = 1_000_000
EMPTY = "is empty (with --hold the value before holds)"

GOOD = (
    "time,power_active_total [kW],voltage\n"
    "2024-01-01 00:00:00,4.216,234.840\n"
    "2024-01-01 00:01:00,-0.05,233.63\n"
    "2024-01-01 00:02:00,5.36,1e2\n"
)

MAP = """
delimiter = ";"
decimal = ","
[time]
columns = ["Tag", "Zeit"]
format = "%d.%m.%Y %H:%M"
timezone = "Europe/Berlin"
[columns]
Leistung = { quantity = "power_active_total", unit = "kW", factor = "-4" }
"""


def failure(*arguments):
    with pytest.raises(ToolError) as caught:
        Recording(*arguments)
    assert caught.value.status == 2
    return str(caught.value)
