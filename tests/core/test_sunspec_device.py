from fake_line import Clock, Uart, exception, settings, silent, with_crc

from limen import drivers
from limen.core.quality import BAD, GOOD
from limen.drivers import DONE, modbus_ask, modbus_bus, modbus_device, modbus_rtu, sunspec_device


class Channel:
    def __init__(self):
        self.schedule = 1000
        self.fresh = True
        self.value = self.quality = -1


def inverter(base, model=103):
    """A device with the common model and another behind it; power is at 14, its scale at 15."""
    registers = [0x5375, 0x6E53, 1, 66] + [0] * 66 + [model, 50] + [0] * 50 + [0xFFFF, 0]
    registers[70 + 14] = 0x10000 - 421
    registers[70 + 15] = 0x10000 - 1

    def answer(frame):
        start, count = frame[2] << 8 | frame[3], frame[5]
        if frame[1] != 3 or not base <= start <= base + len(registers) - count:
            return [(5000, exception(frame, 2))]
        words = registers[start - base : start - base + count]
        data = b"".join([bytes((word >> 8, word & 0xFF)) for word in words])
        return [(5000, with_crc(frame[:2] + bytes((2 * count,)) + data))]

    return answer


def device(answer):
    """(channel, line, clock, device) that reads the power of a model 101, 102 or 103."""
    clock = Clock()
    modbus_bus.time = modbus_rtu.time = modbus_device.time = clock
    modbus_ask.asyncio = sunspec_device.asyncio = clock
    uart = Uart(clock, answer)
    bus = modbus_rtu.Bus((uart, None, 0), settings())
    values = {"address": 1, "fc": 3, "max_registers": 125, "pause_ms": 0, "sunspec": [101, 103]}
    register = (14, "s16*", "ABCD", 10, 1, 0, 2, 0, 1, 0, 0, 0x8000)
    values["channel"] = [{"register": register}]
    channel = Channel()
    _, device_class = drivers.load("modbus-rtu", "sunspec_device")
    return channel, uart, clock, device_class(bus, values, [channel])


def read(one, clock):
    coroutine = one.read()
    if coroutine:
        try:
            while True:
                coroutine.send(None)
        except StopIteration:
            return
    ms = one.step()
    while ms != DONE:
        clock.sleep_ms(ms)
        ms = one.step()


def asked(uart):
    frames = [frame for _, frame in uart.sent]
    uart.sent.clear()
    return [(frame[2] << 8 | frame[3], frame[5]) for frame in frames]


def test_a_device_is_searched_once_and_then_read():
    channel, uart, clock, one = device(inverter(50000))
    read(one, clock)
    assert (channel.value, channel.quality) == (-421, GOOD)
    assert asked(uart) == [(40000, 4), (50000, 4), (50070, 2), (50084, 2)]
    assert one.origin == 50002
    channel.value = None
    read(one, clock)
    assert (channel.value, channel.quality) == (-421, GOOD)
    assert asked(uart) == [(50084, 2)]


def test_a_device_that_was_silent_is_searched_again():
    channel, uart, clock, one = device(inverter(40000))
    read(one, clock)
    uart.answer = silent
    read(one, clock)
    assert (channel.value, channel.quality, one.answered) == (None, BAD, False)
    uart.answer = inverter(0)
    clock.us += 5000000
    read(one, clock)
    assert (channel.value, channel.quality) == (-421, GOOD)
    assert asked(uart)[-1] == (84, 2)


def test_a_device_that_does_not_answer_the_search():
    channel, uart, clock, one = device(silent)
    read(one, clock)
    assert (channel.value, channel.quality, one.answered) == (None, BAD, False)
    assert set(asked(uart)) == {(40000, 4)}


def test_a_device_without_the_model():
    channel, uart, clock, one = device(inverter(40000, 203))
    read(one, clock)
    assert (channel.value, channel.quality, one.answered) == (None, BAD, True)
