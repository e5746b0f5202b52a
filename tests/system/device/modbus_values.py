"""Reads numbers from a Modbus peer with the firmware's driver and prints their counts.

/order.json: the bus, and blocks of (function, first register, how many, kind, word order,
numerator, denominator). Prints a line of JSON for each block, at the end "done".
"""

import asyncio
import gc
import json

from limen import drivers
from limen.core import modbus
from limen.core.numbers import number
from limen.drivers.modbus_ask import ask_registers
from limen.hal import board

MOST = 120


async def read_block(bus, function, first, values, kind, order, numerator, denominator):
    decoder = number(kind, order, numerator, denominator)
    words = 1 if kind == "bit" else decoder.words
    counts = []
    at_once = MOST // words
    while len(counts) < values:
        size = min(at_once, values - len(counts))
        start = first + len(counts) * words
        result = await ask_registers(bus, 1, function, start, size * words)
        if result != modbus.OK:
            print(json.dumps({"result": modbus.RESULTS[result], "start": start}))
            return
        begin, step = bus.reply.data, 2 * words
        if kind == "bit":
            begin, step = 8 * begin, 1
        for index in range(size):
            counts.append(decoder.decode(bus.reply.buffer, begin + step * index))
    print(json.dumps(counts))


async def run(order):
    settings = order["bus"]
    bus = drivers.load(settings["kind"])[0](board.open_port(settings), settings)
    for block in order["blocks"]:
        await read_block(bus, *block)
        gc.collect()
    print(json.dumps(bus.counters()))
    print("done")


def main():
    with open("/order.json") as file:
        order = json.load(file)
    asyncio.run(run(order))


main()
