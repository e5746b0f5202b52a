"""Modbus requests that change a device: functions 5, 6, 15, 16, 22 and 23, and their replies.

Loaded when the first of them is sent. Each `encode_` returns a whole frame of Modbus RTU. A device
confirms by repeating the beginning of the request; function 23 answers with registers.
Source: MODBUS Application Protocol V1.1b3, sections 6.5, 6.6, 6.11, 6.12, 6.16 and 6.17.
"""

from limen.core.compat import const
from limen.core.modbus import close_frame

WRITE_BIT = const(5)
WRITE_REGISTER = const(6)
WRITE_BITS = const(15)
WRITE_REGISTERS = const(16)
MASK_REGISTER = const(22)
EXCHANGE_REGISTERS = const(23)
IDENTIFY = const(43)

_CONFIRMED_BYTES = const(6)
_MASK_BYTES = const(8)
_ON = const(0xFF00)


def encode_bit(address, start, is_on):
    """Function 5: switch one bit."""
    return _frame(address, WRITE_BIT, (start, _ON if is_on else 0))


def encode_register(address, start, value):
    """Function 6: write one register, 0 to 65535."""
    return _frame(address, WRITE_REGISTER, (start, value))


def encode_bits(address, start, bits):
    """Function 15: write some bits, each 0 or 1, from `start` on."""
    data = bytearray((len(bits) + 7) // 8)
    for index in range(len(bits)):
        data[index // 8] |= bits[index] << index % 8
    return _frame(address, WRITE_BITS, (start, len(bits)), data)


def encode_registers(address, start, data):
    """Function 16: write whole registers, two bytes each, from `start` on."""
    return _frame(address, WRITE_REGISTERS, (start, len(data) // 2), data)


def encode_mask(address, start, kept, set_bits):
    """Function 22: the register becomes (itself & kept) | (set_bits & ~kept)."""
    return _frame(address, MASK_REGISTER, (start, kept, set_bits))


def encode_exchange(address, start, count, write_start, data):
    """Function 23: write registers, then read `count` others from `start` on."""
    words = start, count, write_start, len(data) // 2
    return _frame(address, EXCHANGE_REGISTERS, words, data)


def _frame(address, function, words, data=None):
    """Address, function, words, and data with their length before them."""
    size = 2 + 2 * len(words) + (0 if data is None else 1 + len(data))
    frame = bytearray(size + 2)
    frame[0] = address
    frame[1] = function
    for index in range(len(words)):
        frame[2 + 2 * index] = words[index] >> 8
        frame[3 + 2 * index] = words[index] & 0xFF
    if data is not None:
        frame[size - len(data) - 1] = len(data)
        frame[size - len(data) : size] = data
    close_frame(frame, size)
    return frame


def expect(reply, request):
    """Tell a `modbus.Reply` what the reply to this request looks like."""
    function = request[1]
    if function == EXCHANGE_REGISTERS:
        reply.expect_data(2 * (request[4] << 8 | request[5]))
    elif function == IDENTIFY:
        from limen.core.modbus_identity import expect

        expect(reply)
    else:
        reply.expect_repeated(_MASK_BYTES if function == MASK_REGISTER else _CONFIRMED_BYTES)
