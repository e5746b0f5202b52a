"""In which dialects a gateway talks, from what people write to what a gateway stores.

A gateway whose dialect is the plain one, which is usual, is told nothing.
"""

from limen.core.schema import optional, suggestion, table, text
from limen.core.units import Mistake

PLAIN = "plain"
SPARKPLUG = "sparkplug"
HOME_ASSISTANT = "home-assistant"

_DIALECTS = (PLAIN, SPARKPLUG, HOME_ASSISTANT)


def _dialects(value):
    """A list of dialects, each once."""
    if not isinstance(value, list) or not value:
        raise Mistake('must be a list such as ["plain", "home-assistant"]')
    for index in range(len(value)):
        if value[index] not in _DIALECTS:
            hint = suggestion(text(value[index]), list(_DIALECTS))
            raise Mistake('there is no dialect "%s"%s' % (value[index], hint))
        if value[index] in value[:index]:
            raise Mistake('has "%s" twice' % value[index])
    if HOME_ASSISTANT in value and PLAIN not in value:
        raise Mistake(
            'needs "plain" beside "home-assistant": Home Assistant reads what plain publishes'
        )
    return value


def _sparkplug_id(value):
    """A name that can stand in a Sparkplug topic: anything but its separators and wildcards."""
    name = text(value)
    if len(name) <= 64 and not [True for letter in name if letter in "+/#" or ord(letter) < 32]:
        return name
    raise Mistake('"%s" cannot be part of a Sparkplug topic: no "+", "/" or "#"' % name)


FIELDS = {
    "dialects": optional(_dialects, [PLAIN]),
    "sparkplug": optional(table, {}),
}
"""What the table [mqtt] has for dialects."""

_SPARKPLUG = {
    "group": optional(_sparkplug_id),
    "primary_host": optional(_sparkplug_id),
}


def compact_dialects(spot, values, site, gateway, board):
    """What a gateway is told of its dialects; `values` are those of FIELDS, `board` its facts.

    Each of them may be None where it is wrong, which has been reported then.
    """
    dialects = values["dialects"] or [PLAIN]
    if dialects == [PLAIN]:
        if values["sparkplug"]:
            spot.at("sparkplug").report('is of no use without "sparkplug" among the dialects')
        return {}
    if SPARKPLUG not in dialects:
        return {"dialects": dialects}
    if PLAIN in dialects and board and not board.get("psram_mb"):
        spot.at("dialects").report(
            'has two connections with "plain" and "sparkplug", which the memory of this board does '
            'not allow; write dialects = ["sparkplug"], or take a board with PSRAM'
        )
    settings = spot.at("sparkplug").read_table(values["sparkplug"] or {}, _SPARKPLUG)
    node = {"group": settings["group"] or site, "node": gateway, "host": settings["primary_host"]}
    return {"dialects": dialects, "sparkplug": node}
