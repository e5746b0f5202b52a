"""What a device says it is: function 43/14, read device identification. Loaded when it is asked.

The objects are texts: 0 vendor, 1 product, 2 revision, and others if the device has them. A reply
holds as many as fit; where there are more, it names the one to ask for next.
Source: MODBUS Application Protocol V1.1b3, section 6.21.
"""

from limen.core.compat import const
from limen.core.modbus import close_frame

VENDOR, PRODUCT, REVISION = const(0), const(1), const(2)
BASIC, REGULAR, EXTENDED, ONE_OBJECT = const(1), const(2), const(3), const(4)

_FUNCTION = const(43)
_TYPE = const(14)
_MORE = const(5)  # where these lie in a reply
_NEXT = const(6)
_OBJECTS = const(7)
_FIRST_OBJECT = const(8)


def encode_identify(address, first=VENDOR, category=BASIC):
    """Ask for the objects of a category from `first` on."""
    frame = bytearray((address, _FUNCTION, _TYPE, category, first, 0, 0))
    close_frame(frame, 5)
    return frame


def expect(reply):
    reply.expect_measured(_TYPE, _measure)


def _measure(buffer, begin, length):
    """The length of the frame that begins here, as far as its bytes tell."""
    at = begin + _FIRST_OBJECT
    if length < at:
        return _FIRST_OBJECT + 2
    for _ in range(buffer[begin + _OBJECTS]):
        if length < at + 2:
            return at - begin + 4
        at += 2 + buffer[at + 1]
    return at - begin + 2


def objects(buffer, begin):
    """({id: bytes}, next id or None) of the reply that begins there."""
    found = {}
    at = begin + _FIRST_OBJECT
    for _ in range(buffer[begin + _OBJECTS]):
        found[buffer[at]] = bytes(buffer[at + 2 : at + 2 + buffer[at + 1]])
        at += 2 + buffer[at + 1]
    return found, buffer[begin + _NEXT] if buffer[begin + _MORE] else None
