from limen.core.alarm import LimitAlarm
from limen.core.chain import RichChannel, make_report
from limen.core.channel import Channel, FilteredChannel
from limen.core.schedule import Schedule
from limen.core.text import Text
from limen.delivery.outbox import Outbox
from limen.delivery.plain import Plain
from limen.service.path import Path

CONFIG = {"hash": "1c0ffee1", "site": "hall-2", "gateway": "press-07"}


class Clock:
    is_set = True
    s = ms = 0

    def utc_s(self, s, ms):
        return 848609325 + s

    def utc_ms(self, ms):
        return ms


class Device:
    def __init__(self, name, channels):
        self.id = name
        self.channels = channels
        self.s = self.ms = 0
        self.commit = b""


def channel(name, places, report):
    """`report` is a rule, or what `limen.core.report_config` makes of more than that."""
    spec, schedule = {"name": name, "places": places}, Schedule(1000)
    if isinstance(report, dict):
        return RichChannel(spec, schedule, make_report(report))
    return FilteredChannel(spec, schedule, report) if report else Channel(spec, schedule)


class Bench:
    """A device of two channels, with their reports, and what comes out of its path."""

    def __init__(self, power=None, volts=None):
        self.power = channel("power_active_total", 1, power)
        self.volts = channel("voltage_l1", 2, volts)
        self.device = Device("main-meter", (self.power, self.volts))
        self.outbox = Outbox(2048, 1024, 2)
        self.clock = Clock()
        self.path = Path(self.clock, self.outbox)
        self.plain = Plain(
            Text(bytearray(600)), CONFIG, "9f03a1c4", 3, [Device("gateway", ()), self.device]
        )

    def read(self, s, power, volts, quality=0):
        self.device.s = s
        for one, value in ((self.power, power), (self.volts, volts)):
            one.value = value
            one.quality = quality
            one.fresh = True
        self.path.take(1, self.device)

    def message(self):
        records = self.outbox.peek(1)
        if records is None:
            return None
        kind = self.outbox.kind(1)
        self.plain.text.rewind(0)
        self.plain.begin(self.outbox.low_of(1))
        while records.next() and self.plain.add(kind, records):
            records.take()
        self.plain.end()
        self.outbox.ack(1)
        return self.written()

    def written(self):
        text = self.plain.text
        return bytes(text.buffer[: text.at]).decode()


FRAME = '{"inc":"9f03a1c4","boot":3,"cfg":"1c0ffee1","low":'


def test_a_reading_becomes_one_record():
    bench = Bench()
    bench.read(0, 42160, 23484)
    assert bench.message() == FRAME + (
        '1,"r":[[1,1795294125000,0,{"power_active_total":4216.0,"voltage_l1":234.84}]]}'
    )
    assert bench.message() is None


def test_a_bad_reading_has_no_values():
    bench = Bench()
    bench.read(1, 0, 0, 2)
    assert bench.message() == FRAME + (
        '1,"r":[[1,1795294126000,2,{"power_active_total":null,"voltage_l1":null}]]}'
    )


def test_the_report_filter_decides_by_channel():
    bench = Bench(power=(500, 0, 0, 0))
    bench.read(0, -42160, 23484)
    bench.read(1, -41660, 23485)
    bench.read(2, -41659, 23486)
    assert bench.message() == FRAME + (
        '1,"r":[[1,1795294125000,0,{"power_active_total":-4216.0,"voltage_l1":234.84}],'
        '[2,1795294126000,0,{"voltage_l1":234.85}],'
        '[3,1795294127000,0,{"power_active_total":-4165.9,"voltage_l1":234.86}]]}'
    )
    assert bench.path.samples == 6


def test_an_alarm_goes_before_the_data_that_raised_it():
    bench = Bench()
    bench.power.alarms = (LimitAlarm("high", 450000, 10000, 0),)
    bench.read(0, 450001, 0)
    assert bench.message() == FRAME + (
        '1,"r":[[1,1795294125000,0,{"alarm":"power_active_total.high","state":"raised",'
        '"value":45000.1,"limit":45000.0}]]}'
    )
    bench.message()
    bench.read(1, 440000, 0)
    assert '"state":"cleared","value":44000.0' in bench.message()


def test_an_event_of_any_text_is_a_record():
    bench = Bench()
    bench.path.put_event(1, 1, 3, 4, '{"note":"Öl"}')
    assert bench.message() == FRAME + '1,"r":[[1,1795294128004,1,{"note":"Öl"}]]}'


def test_an_event_that_is_too_long_is_refused_and_leaves_nothing():
    bench = Bench()
    try:
        bench.path.put_event(1, 0, 0, 0, '{"note":"%s"}' % ("x" * 220))
    except ValueError as error:
        assert str(error).startswith('too long: {"note"')
    else:
        raise AssertionError("accepted")
    bench.path.put_event(1, 0, 0, 0, '{"note":"%s"}' % ("x" * 219))
    assert '"r":[[1,' in bench.message()
    assert bench.message() is None


def test_without_a_clock_records_carry_uptime():
    bench = Bench()
    bench.clock.is_set = False
    bench.read(7, 1, 2)
    assert bench.message() == FRAME + (
        '1,"r":[[1,null,0,{"power_active_total":0.1,"voltage_l1":0.02},7000]]}'
    )
    bench.read(0, 1, 2)
    assert ",0]]}" in bench.message()


def test_a_batch_takes_what_fits_and_leaves_the_rest():
    bench = Bench()
    for s in range(40):
        bench.read(s, s, -s)
    seen = 0
    while True:
        text = bench.message()
        if text is None:
            break
        assert len(text) <= 600
        assert text.startswith(FRAME + "%d," % (seen + 1)) and text.endswith("]}")
        seen += text.count("power_active_total")
    assert seen == 40


def test_last_values():
    bench = Bench()
    bench.read(0, -5, 23484)
    bench.volts.quality = 2
    bench.plain.put_last(bench.device, 848609325, 7, True)
    assert bench.written() == (
        '{"t":1795294125007,"q":2,"v":{"power_active_total":-0.5,"voltage_l1":null}}'
    )


class Tail:
    def __init__(self, text):
        self.text = text

    def read(self, size):
        piece = self.text[:size]
        self.text = self.text[size:]
        return piece


def test_birth_is_who_it_is_and_the_tail():
    tail = b'"device":[' + b"1," * 400 + b"1]}"
    pieces = list(Bench().plain.birth({"firmware": "0.1.0"}, Tail(tail)))
    assert max(len(piece) for piece in pieces) <= 256
    head = b'{"inc":"9f03a1c4","boot":3,"cfg":"1c0ffee1","firmware": "0.1.0",'
    assert b"".join(pieces) == head + tail


def test_a_line_publishes_earlier_samples_with_their_times():
    bench = Bench(power=(0, 0, 0, 0), volts={"line": [2, 60000]})
    for s, volts in enumerate((23000, 23001, 23002, 24000)):
        bench.read(s, 42160, volts)
    assert bench.message() == FRAME + (
        '1,"r":[[1,1795294125000,0,{"power_active_total":4216.0,"voltage_l1":230.00}],'
        '[2,1795294127000,0,{"voltage_l1":230.02}]]}'
    )
    bench.read(4, 42160, 0, 2)
    assert bench.message() == FRAME + (
        '3,"r":[[3,1795294128000,0,{"voltage_l1":240.00}],'
        '[4,1795294129000,2,{"power_active_total":null,"voltage_l1":null}]]}'
    )


def test_a_filtered_value_is_published_and_an_alarm_sees_the_sample():
    bench = Bench(power={"median": 3, "change": [0, 0, 0, 0]}, volts=(1000, 0, 0, 0))
    bench.power.alarms = (LimitAlarm("high", 450000, 0, 0),)
    for s, power in enumerate((42160, 42170, 999999, 42170)):
        bench.read(s, power, 23000)
    assert '"value":99999.9' in bench.message()
    assert bench.message() is not None
    assert bench.power.value == 42170


def test_stale_bears_the_time_when_it_was_last_heard():
    bench = Bench(power=(0, 0, 0, 3000), volts=(0, 0, 0, 3000))
    bench.read(1, 42160, 23000)
    bench.device.heard_s, bench.device.heard_ms = 1, 0
    bench.read(2, 0, 0, 2)
    bench.message()
    bench.read(5, 0, 0, 3)
    bench.read(9, 0, 0, 3)
    assert bench.message() == FRAME + (
        '3,"r":[[3,1795294126000,3,{"power_active_total":null,"voltage_l1":null}]]}'
    )


def test_a_device_that_never_answered_is_told_as_bad():
    bench = Bench(power=(500, 200, 0, 300000), volts=(500, 0, 0, 0))
    bench.read(1, 0, 0, 2)
    assert '"power_active_total":null' in bench.message()
