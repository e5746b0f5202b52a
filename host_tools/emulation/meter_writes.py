"""What an emulated meter makes of requests to write: functions 5, 6, 15 and 16.

It takes whole registers of channels that can be written with that function, and refuses all else
with the exception code that a device has for it.
Source: MODBUS Application Protocol V1.1b3, sections 6.5, 6.6, 6.11 and 6.12.
"""

import struct

from host_tools.emulation.meter_models import (
    ILLEGAL_ADDRESS,
    ILLEGAL_FUNCTION,
    ILLEGAL_VALUE,
    Model,
)
from host_tools.emulation.ratios import Value

WRITE_BIT, WRITE_REGISTER, WRITE_BITS, WRITE_REGISTERS = WRITES = (5, 6, 15, 16)

_LEVELS = {0x0000: 0, 0xFF00: 1}


class Refused(Exception):
    """A request that a device does not obey; `code` is that of its exception."""

    def __init__(self, code: int):
        self.code = code


def written(model: Model, request: bytes) -> dict[str, Value]:
    """The values that a request gives to quantities, by their name."""
    registers = model.writable.get(request[0])
    if registers is None:
        raise Refused(ILLEGAL_FUNCTION)
    start, words = _words(request)
    values, at = {}, 0
    while at < len(words):
        register = registers.get(start + at)
        if register is None or at + register.words > len(words):
            raise Refused(ILLEGAL_ADDRESS)
        value = register.decode(b"".join(words[at : at + register.words]))
        if value is None:
            raise Refused(ILLEGAL_VALUE)
        values[register.quantity] = value
        at += register.words
    return values


def _words(request: bytes) -> tuple[int, list[bytes]]:
    """(the first address, what the addresses from there on are to hold)"""
    function, start, second = struct.unpack(">BHH", request[:5])
    if function == WRITE_REGISTER:
        return start, [request[3:5]]
    if function == WRITE_BIT:
        if second not in _LEVELS:
            raise Refused(ILLEGAL_VALUE)
        return start, [_LEVELS[second].to_bytes(2)]
    data = request[6:]
    size = (second + 7) // 8 if function == WRITE_BITS else 2 * second
    if not size or size != len(data) or size != request[5]:
        raise Refused(ILLEGAL_VALUE)
    if function == WRITE_REGISTERS:
        return start, [data[at : at + 2] for at in range(0, size, 2)]
    return start, [(data[at // 8] >> at % 8 & 1).to_bytes(2) for at in range(second)]
