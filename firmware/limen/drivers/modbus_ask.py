"""Single requests to Modbus devices, beside the readings. Loaded by those who send such."""

import asyncio

from limen.core import modbus
from limen.drivers import DONE


async def ask(bus, request, attempts=2, pause_ms=0):
    """Send a whole frame until it is answered, or so many times; return the result.

    Nobody else may use the bus meanwhile.
    """
    for _ in range(attempts):
        bus.start(request, pause_ms)
        ms = bus.step()
        while ms != DONE:
            await asyncio.sleep_ms(ms)
            ms = bus.step()
        if bus.result in (modbus.OK, modbus.EXCEPTION):
            break
    return bus.result


async def ask_registers(bus, address, function, start, count, attempts=2, pause_ms=0):
    """Read registers, or bits; the data are in `bus.reply` after OK."""
    request = bytearray(modbus.REQUEST_BYTES)
    modbus.encode_read(request, address, function, start, count)
    return await ask(bus, request, attempts, pause_ms)
