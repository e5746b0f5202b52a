from fake_gateway import FakeGateway
from fake_line import Clock, Uart, exception, settings, silent, with_crc

from limen import drivers
from limen.core import nameplate
from limen.core.quality import BAD, GOOD
from limen.drivers import DONE, modbus_ask, modbus_bus, modbus_device, modbus_rtu
from limen.service import nameplate as service
from limen.service.nameplate import Nameplate
from limen.service.poll import Device

ENTRIES = [
    ["serial_number", 3, 100, 2, "u32", "ABCD"],
    ["model", 3, 110, 4, "ascii", "ABCD"],
    ["firmware_version", 4, 120, 3, "ascii", "BADC"],
]
HELD = {(3, 100): b"\x01\x51\xd7\x65", (3, 110): b"M1 \x00\xff\xff\xff\xff"}
HELD[4, 120] = b".1 4  "


def text(data, order="ABCD"):
    return nameplate.decode("ascii", order, b"\x01\x02" + data, 2, len(data) // 2)


def test_texts():
    assert text(b"PM5350") == "PM5350"
    assert text(b"MP3505", "BADC") == "PM5350"
    assert text(b"A1\x00\x00B2") == "A1"
    assert text(b"A1 \xff\xff\xff") == "A1"
    assert text(b"  A 1   ") == "A 1"
    assert text(b'"\\\x07\xe9~\x7f') == "????~?"
    assert text(b"1A\x00B", "BADC") == "A1B"
    assert text(b"\x00\x41\x42\x43") is None
    assert text(b"\xff\xff") is None
    assert text(b"    ") is None


def test_numbers():
    data = b"\xff\x01\x51\xd7\x65"
    assert nameplate.decode("u32", "ABCD", data, 1, 2) == "22140773"
    assert nameplate.decode("u32", "CDAB", b"\xd7\x65\x01\x51", 0, 2) == "22140773"
    assert nameplate.decode("bcd32", "ABCD", b"\x00\x00\x08\x15", 0, 2) == "815"
    assert nameplate.decode("bcd16", "ABCD", b"\x0a\x00", 0, 1) is None


class Channel:
    def __init__(self):
        self.schedule = 1000
        self.fresh = True
        self.value = self.quality = -1


class Plated:
    """A meter with one channel and a nameplate on a line; what it tells is in `events`."""

    def __init__(self):
        self.held = dict(HELD)
        self.clock = clock = Clock()
        modbus_bus.time = modbus_rtu.time = modbus_device.time = service.time = clock
        modbus_ask.asyncio = service.asyncio = clock
        self.uart = Uart(clock, self.answer)
        bus = modbus_rtu.Bus((self.uart, None, 0), settings())
        register = (7, "u16", "ABCD", 1, 1)
        values = {"address": 1, "fc": 4, "max_registers": 80, "pause_ms": 0}
        values["channel"] = [{"register": register}]
        self.channel = Channel()
        _, device_class = drivers.load("modbus-rtu")
        self.reader = device_class(bus, values, [self.channel])
        device = Device("meter", (self.channel,), self.reader)
        self.gateway = FakeGateway([device])
        self.events = []
        self.gateway.path.put_event = lambda number, q, s, ms, body: self.events.append(body)
        self.plate = Nameplate(self.gateway, 1, device, 0, ENTRIES)

    def answer(self, frame):
        if frame[2:4] == b"\x00\x07":
            return [(5000, with_crc(frame[:2] + b"\x02\x01\x03"))]
        data = self.held.get((frame[1], frame[3]))
        if data is None:
            return [(5000, exception(frame, 2))]
        return [(5000, with_crc(frame[:2] + bytes((2 * frame[5],)) + data[: 2 * frame[5]]))]

    def run(self, coroutine=None):
        if coroutine:
            try:
                while True:
                    coroutine.send(None)
            except StopIteration:
                return
        ms = self.reader.step()
        while ms != DONE:
            self.clock.sleep_ms(ms)
            ms = self.reader.step()

    def read(self):
        """Read once; return which registers were asked."""
        self.channel.value = -1
        self.run(self.reader.read())
        return self.asked()

    def asked(self):
        starts = [frame[2] << 8 | frame[3] for _, frame in self.uart.sent]
        self.uart.sent.clear()
        return starts


def test_texts_are_read_once_behind_the_first_reading():
    plated = Plated()
    began_ms = plated.clock.ticks_ms()
    assert plated.read() == [7, 100, 110, 120]
    assert (plated.channel.value, plated.channel.quality) == (259, GOOD)
    assert plated.plate.texts() == {
        "serial_number": "22140773",
        "model": "M1",
        "firmware_version": "1.4",
    }
    assert plated.events == [
        '{"nameplate":"serial_number","text":"22140773","was":null}',
        '{"nameplate":"model","text":"M1","was":null}',
        '{"nameplate":"firmware_version","text":"1.4","was":null}',
    ]
    # The reading is as old as the texts took.
    assert 0 < plated.reader.age_ms < plated.clock.ticks_ms() - began_ms
    for _ in range(3):
        assert plated.read() == [7]
        assert plated.reader.age_ms == 0
    assert len(plated.events) == 3


def test_a_device_that_was_silent_is_asked_again():
    plated = Plated()
    plated.read()
    plated.events.clear()
    plated.uart.answer = silent
    assert plated.read() == [7, 7]
    plated.run(plated.reader.probe())
    plated.uart.answer = plated.answer
    plated.held[3, 100] = b"\x01\x51\xd7\x66"
    plated.asked()
    assert plated.read() == [7, 100, 110, 120]
    assert plated.events == ['{"nameplate":"serial_number","text":"22140774","was":"22140773"}']
    assert plated.read() == [7]


def test_a_device_that_does_not_answer_is_asked_for_no_text():
    plated = Plated()
    plated.uart.answer = silent
    assert plated.read() == [7, 7]
    assert plated.channel.quality == BAD
    assert plated.plate.texts() == {}
    plated.uart.answer = plated.answer
    assert plated.read() == [7, 100, 110, 120]


def test_texts_that_are_not_there_change_nothing():
    plated = Plated()
    plated.read()
    plated.events.clear()
    del plated.held[3, 100]
    plated.held[3, 110] = bytes(8)
    plated.run(plated.reader.probe())
    plated.asked()
    assert plated.read() == [7, 100, 110, 120]
    assert plated.plate.texts()["serial_number"] == "22140773"
    assert plated.plate.texts()["model"] == "M1"
    assert plated.events == []


def test_a_text_that_gets_no_answer_ends_the_asking():
    plated = Plated()

    def mute(frame):
        return [] if frame[3] == 110 else plated.answer(frame)

    plated.uart.answer = mute
    assert plated.read() == [7, 100, 110, 110]
    assert plated.plate.texts() == {"serial_number": "22140773"}
    assert plated.read() == [7]
    assert plated.channel.quality == GOOD
