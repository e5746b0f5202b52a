"""Asks a device for the same registers again and again, as the gateway does.

Beside it, if so ordered, a task looks how long it does not get its turn.
"""

import asyncio
import json
import time

from limen import drivers
from limen.core import modbus
from limen.drivers.modbus_ask import ask_registers
from limen.hal import board


class Companion:
    def __init__(self):
        self.longest_us = 0

    async def run(self):
        before_us = time.ticks_us()
        while True:
            await asyncio.sleep_ms(0)
            now_us = time.ticks_us()
            self.longest_us = max(self.longest_us, time.ticks_diff(now_us, before_us))
            before_us = now_us


async def run(order):
    bus = drivers.load("modbus-rtu")[0](board.open_port(order["bus"]), order["bus"])
    companion = Companion()
    if order["looks"]:
        asyncio.create_task(companion.run())
    for _ in range(order["requests"]):
        result = await ask_registers(bus, 1, 4, 0, order["registers"], 1)
        if result != modbus.OK:
            print(json.dumps({"result": modbus.RESULTS[result]}))
            return
    print(json.dumps({"longest_us": companion.longest_us}))


def main():
    with open("/bench.json") as file:
        order = json.load(file)
    asyncio.run(run(order))


main()
