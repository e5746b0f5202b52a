"""Asks a device for the same registers again and again, as a program on micropython-modbus does.

It looks how long each request takes, for nothing else gets a turn meanwhile.
"""

import json
import time

from umodbus.serial import Serial


def run(order):
    bus = order["bus"]
    host = Serial(
        uart_id=bus["uart"],
        baudrate=bus["baud"],
        data_bits=bus["bits"],
        stop_bits=bus["stop"],
        parity=bus["parity"],
        pins=(bus["tx"], bus["rx"]),
        ctrl_pin=bus["de"],
    )
    longest_us = 0
    for _ in range(order["requests"]):
        before_us = time.ticks_us()
        host.read_input_registers(1, 0, order["registers"], False)
        longest_us = max(longest_us, time.ticks_diff(time.ticks_us(), before_us))
    print(json.dumps({"longest_us": longest_us}))


def main():
    with open("/bench.json") as file:
        order = json.load(file)
    run(order)


main()
