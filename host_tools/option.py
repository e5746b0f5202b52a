"""Options of a command that are more than a word: durations, above all."""

from collections.abc import Callable

from host_tools.errors import Kind, ToolError
from limen.core.units import Mistake, parse_ms


def read_option(option: str, text: str, read: Callable[[str], int] = parse_ms) -> int:
    """What `read` makes of the text, milliseconds if it is not given; ToolError if it refuses."""
    try:
        return read(text)
    except Mistake as mistake:
        raise ToolError(f"{option}: {mistake}", Kind.INPUT) from None
