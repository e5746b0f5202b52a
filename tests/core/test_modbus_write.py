from fake_line import Clock, Uart, exception, settings, with_crc

from limen.core import modbus
from limen.drivers import modbus_ask, modbus_bus, modbus_rtu
from limen.drivers.modbus_write import request_to_write, write

DEVICE = {"address": 1, "fc": 3, "pause_ms": 0}
SETPOINT = {"name": "setpoint", "register": [5, "s16", "ABCD", 1, 1], "write": [6, -500, 500]}
SWITCH = {"name": "run", "register": [7, "bit", "", 1, 1], "fc": 1, "write": [5, 0, 1]}
LEVEL = {"name": "level", "register": [8, "f32", "CDAB", 10, 1], "write": [16, 0, 10000]}


class Controller:
    """Keeps what is written into its registers and bits; `most` is the highest it takes."""

    def __init__(self, most=65535):
        self.registers = {5: 0, 8: 0, 9: 0}
        self.bits = {7: 0}
        self.most = most
        self.loses_replies = False

    def __call__(self, frame):
        start, word = frame[2] << 8 | frame[3], frame[4] << 8 | frame[5]
        if frame[1] == 3:
            words = [self.registers[start + index] for index in range(word)]
            data = b"".join([bytes((value >> 8, value & 0xFF)) for value in words])
            return [(5000, with_crc(frame[:2] + bytes((2 * word,)) + data))]
        if frame[1] == 1:
            return [(5000, with_crc(frame[:2] + bytes((1, self.bits[start]))))]
        if frame[1] == 5:
            self.bits[start] = 1 if word == 0xFF00 else 0
        elif frame[1] == 6:
            if word > 0x8FFF:
                return [(5000, exception(frame, 3))]
            self.registers[start] = min(word, self.most)
        else:
            for index in range(word):
                at = 7 + 2 * index
                self.registers[start + index] = frame[at] << 8 | frame[at + 1]
        return [] if self.loses_replies else [(5000, with_crc(frame[:6]))]


def written(controller, entry, count):
    clock = Clock()
    modbus_bus.time = modbus_rtu.time = clock
    modbus_ask.asyncio = clock
    uart = Uart(clock, controller)
    bus = modbus_rtu.Bus((uart, None, 0), settings())
    coroutine = write(bus, DEVICE, entry, count)
    try:
        while True:
            coroutine.send(None)
    except StopIteration as stop:
        return stop.value, len(uart.sent)


def test_what_is_written_is_read_back():
    controller = Controller()
    assert written(controller, SETPOINT, 235) == ((modbus.OK, 235), 2)
    assert written(controller, SWITCH, 1) == ((modbus.OK, 1), 2)
    assert written(controller, LEVEL, 2301) == ((modbus.OK, 2301), 2)
    assert controller.registers == {5: 235, 8: 0x199A, 9: 0x4366}


def test_a_device_that_takes_another_value():
    assert written(Controller(most=200), SETPOINT, 235) == ((modbus.OK, 200), 2)


def test_a_device_that_refuses():
    assert written(Controller(), SETPOINT, -1) == ((modbus.EXCEPTION, None), 1)


def test_a_lost_reply_is_no_second_order():
    controller = Controller()
    controller.loses_replies = True
    assert written(controller, SETPOINT, 100) == ((modbus.OK, 100), 2)


def refused(entry, count):
    try:
        request_to_write(1, entry, count)
    except ValueError as error:
        return str(error)
    raise AssertionError("was not refused")


def test_what_the_configuration_does_not_allow():
    assert refused(SETPOINT, 501) == "501 is not between -500 and 500"
    assert refused({"name": "power"}, 0) == "the channel power is not writable"
    wide = dict(LEVEL, write=[6, 0, 10])
    assert refused(wide, 1) == "function 6 writes one register, not 2"


def test_bits_by_function_15():
    frame = request_to_write(1, dict(SWITCH, write=[15, 0, 1]), 1)
    assert frame == with_crc(b"\x01\x0f\x00\x07\x00\x01\x01\x01")
