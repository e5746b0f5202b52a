"""The emulated meter in real time: against pymodbus over a terminal, and on a busy machine."""

import asyncio
import time
from decimal import Decimal

import pytest
from pymodbus.client import ModbusSerialClient

from host_tools.emulation.line import Framing, Line, PtyPort
from host_tools.emulation.meter import Meter, with_crc
from host_tools.emulation.scheduler import RealScheduler
from host_tools.emulation.signals import Constant

FRAMING = Framing(9600)


def run_with_pymodbus(model, talk, **values):
    """Run `talk(client)` of pymodbus against a meter behind a real terminal; its result."""

    async def run():
        line = Line(RealScheduler())
        Meter(line.scheduler, line, 1, model, Constant(**values), framing=FRAMING)
        terminal = PtyPort(line)
        client = ModbusSerialClient(terminal.path, baudrate=9600, timeout=5, retries=0)
        try:
            return await asyncio.to_thread(lambda: client.connect() and talk(client))
        finally:
            client.close()
            terminal.close()

    return asyncio.run(run())


def test_a_request_that_a_busy_machine_hands_over_late_is_one_frame():
    async def run():
        line, heard = Line(RealScheduler()), bytearray()
        values = Constant(voltage=Decimal("230"))
        Meter(line.scheduler, line, 1, "eastron-sdm120", values, framing=FRAMING)
        line.port(FRAMING, heard.extend).send(with_crc(bytes((1, 4, 0, 0, 0, 2))))
        await asyncio.sleep(0.003)
        time.sleep(0.03)  # nothing runs, and the pause looks like the end of a frame
        for _ in range(500):
            await asyncio.sleep(0.01)
            if len(heard) == 9:
                break
        return bytes(heard)

    assert asyncio.run(run())[:3] == bytes((1, 4, 4))


def test_pymodbus_reads_a_three_phase_meter_over_a_terminal():
    def talk(client):
        reply = client.read_input_registers(0, count=80, device_id=1)
        return client.convert_from_registers(reply.registers, client.DATATYPE.FLOAT32)

    values = run_with_pymodbus(
        "eastron-sdm630",
        talk,
        voltage=Decimal("231.25"),
        power_active_total=4500,
        power_reactive_total=6000,
    )
    assert values[0:3] == [231.25] * 3
    assert values[6:9] == [1500] * 3
    assert (values[26], values[28], values[30]) == (4500, 7500, 6000)
    assert values[31] == pytest.approx(0.6) and values[35] == 50


def test_pymodbus_understands_the_exceptions():
    def talk(client):
        return (
            client.read_input_registers(0, count=82, device_id=1).exception_code,
            client.read_input_registers(500, count=2, device_id=1).exception_code,
            client.read_coils(0, count=1, device_id=1).exception_code,
        )

    assert run_with_pymodbus("eastron-sdm120", talk, voltage=230) == (3, 2, 1)
