"""A converter in real time, asked by pymodbus."""

import asyncio
import struct

from pymodbus.client import AsyncModbusTcpClient

from host_tools.emulation.converter import FRAMING, Converter
from host_tools.emulation.lan import Lan
from host_tools.emulation.meter import Meter
from host_tools.emulation.scheduler import RealScheduler
from host_tools.emulation.signals import Constant


async def ask(*reads):
    """The registers of each (address, count, device)."""
    scheduler = RealScheduler()
    lan = Lan(scheduler)
    converter = Converter(scheduler, has_headers=True)
    signals = Constant(voltage=231, power_active_total=-1250)
    meter = Meter(scheduler, converter.line, 7, "eastron-sdm120", signals, framing=FRAMING)
    lan.listen("meters.local", 502, converter.accept)
    client = AsyncModbusTcpClient("127.0.0.1", port=lan.names["meters.local", 502], timeout=5)
    assert await client.connect()
    replies = [
        await client.read_input_registers(address, count=count, device_id=device)
        for address, count, device in reads
    ]
    client.close()
    meter.close()
    lan.close()
    return replies


def test_a_long_reply_comes_whole_and_an_exception_as_such():
    long, refused = asyncio.run(ask((0, 80, 7), (0, 81, 7)))
    volts, watts = (
        struct.unpack(">f", struct.pack(">HH", *long.registers[at : at + 2]))[0] for at in (0, 12)
    )
    assert (len(long.registers), volts, watts) == (80, 231, -1250)
    assert refused.exception_code == 3
