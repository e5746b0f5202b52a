"""The examination of a device, which here is a table of registers."""

from limen.core.doctor import Examination, evidence
from limen.core.doctor_words import headline, sentences
from limen.core.exchange import wire_us
from limen.core.finding import Finding, framing_text
from limen.core.modbus import close_frame

FRAMING = (9600, None, 1)
# 230.7, 231.9 and 229.4 V, 50.02 Hz as singles.
VOLTS = (0x4366, 0xB333, 0x4367, 0xE666, 0x4365, 0x6666)
HERTZ = (0x4248, 0x147B)


def channel(name, places, address, kind="f32", order="ABCD", numerator=1, denominator=1):
    register = [address, kind, order, numerator * 10**places, denominator]
    unit = "Hz" if name == "frequency" else "V"
    return {"name": name, "unit": unit, "places": places, "register": register}


def model(name, channels, **more):
    candidate = {"name": name, "model": "Acme " + name, "fc": 4, "serial": FRAMING}
    candidate.update({"channel": channels, "identify": None, "sunspec": None})
    candidate.update(more)
    return candidate


def three_phase(order="ABCD", first=0):
    names = ("voltage_l1", "voltage_l2", "voltage_l3")
    channels = [channel(name, 2, first + 2 * i, order=order) for i, name in enumerate(names)]
    return channels + [channel("frequency", 2, first + 70, order=order)]


def cells(order="ABCD", first=0):
    held = {}
    for start, words in ((first, VOLTS), (first + 70, HERTZ)):
        for at in range(0, len(words), 2):
            pair = words[at : at + 2] if order == "ABCD" else (words[at + 1], words[at])
            held[start + at], held[start + at + 1] = pair
    return held


class Device:
    """Holds `cells` for function 4; `spoil(frame, n)` may change its n-th reply."""

    def __init__(self, held, spoil=None, turnaround_us=20000):
        self.held = held
        self.spoil = spoil or (lambda frame, number: frame)
        self.turnaround_us = turnaround_us
        self.asked = []

    def carry(self, exchange):
        request = exchange.request
        self.asked.append(bytes(request[1:-2]))
        frame = self.spoil(self.answer(request), len(self.asked))
        if frame:
            frames_us = wire_us(exchange.framing, len(request) + len(frame))
            exchange.feed(frame, frames_us + self.turnaround_us)
        exchange.close()

    def answer(self, request):
        start, count = request[2] << 8 | request[3], request[4] << 8 | request[5]
        span = range(start, start + count)
        body = bytes([request[0], request[1] | 0x80, 2])
        if request[1] == 4 and not [at for at in span if at not in self.held]:
            words = [bytes([self.held[at] >> 8, self.held[at] & 0xFF]) for at in span]
            body = bytes([request[0], 4, 2 * count]) + b"".join(words)
        return framed(body)


def framed(body):
    frame = bytearray(body) + bytearray(2)
    close_frame(frame, len(body))
    return bytes(frame)


def examine(device, candidates, **finding):
    examination = Examination(Finding(FRAMING, 5, 4, **finding))
    for exchange in examination.exchanges(candidates):
        device.carry(exchange)
    return examination


def test_a_model_whose_registers_hold_what_they_should_is_known():
    examination = examine(
        Device(cells()), [model("A", three_phase(first=100)), model("B", three_phase())]
    )
    assert examination.is_identified()
    assert [match.candidate["name"] for match in examination.matches] == ["B"]
    assert [count for _, count in examination.matches[0].values] == [5002, 23070, 23190, 22940]
    assert headline(examination) == "Address 5 at 9600 8N1: answers like Acme B (B)"
    assert sentences(examination) == [
        "It reads frequency 50.02 Hz, voltage_l1 230.70 V, voltage_l2 231.90 V, "
        "voltage_l3 229.40 V.",
        "It begins to answer after 20 ms.",
    ]
    assert examination.pause_ms == 0


def test_the_fuller_map_wins_and_one_that_fits_as_well_is_named():
    small = model("small", [channel("voltage", 2, 0), channel("frequency", 2, 70)])
    twin = model("twin", three_phase() + [channel("energy_import", 1, 0)], serial=(2400, None, 1))
    examination = examine(Device(cells()), [small, twin, model("full", three_phase())])
    names = [match.candidate["name"] for match in examination.matches]
    assert names == ["twin", "full", "small"]
    assert [match.candidate["name"] for match in examination.rivals()] == ["full"]
    told = sentences(examination)[1]
    assert told == "The same values fit full: compare with the name on the meter."


def test_swapped_words_are_found_by_plausibility():
    examination = examine(Device(cells("CDAB")), [model("B", three_phase())])
    assert not examination.is_identified()
    assert [(v.order, v.offset) for v in examination.variants] == [("CDAB", 0)]
    assert headline(examination) == "Address 5 at 9600 8N1: nearly Acme B"
    assert sentences(examination)[0] == (
        "It fits if the word order is CDAB: frequency 50.02 Hz, voltage_l1 230.70 V, "
        "voltage_l2 231.90 V, voltage_l3 229.40 V."
    )


def test_addresses_off_by_one_are_found_to_either_side():
    for first, where in ((1, "n + 1"), (99, "n - 1")):
        wrong = model("B", three_phase(first=100 if first == 99 else 0))
        examination = examine(Device(cells(first=first)), [wrong])
        assert [v.offset for v in examination.variants] == [1 if first == 1 else -1]
        assert examination.variants[0].order is None
        assert sentences(examination)[0].startswith(
            "It fits if your addresses are off by one: what the map has at register n lies at "
            + where
        )


def test_a_register_that_names_the_model_settles_it():
    held = cells()
    held[200] = 0x0070
    probe = {"fc": 4, "address": 200, "words": [[0x0020], [0x0070]]}
    other = {"fc": 4, "address": 200, "words": [[0x0021]]}
    candidates = [
        model("other", three_phase(), identify=other),
        model("plain", three_phase()),
        model("named", three_phase(), identify=probe),
    ]
    examination = examine(Device(held), candidates)
    assert [match.candidate["name"] for match in examination.matches] == ["named", "plain"]
    assert examination.matches[0].is_certain
    assert examination.rivals() == []
    assert headline(examination) == "Address 5 at 9600 8N1: is Acme named (named)"


def test_what_a_device_calls_itself_speaks_for_models_of_that_name():
    class Named(Device):
        def answer(self, request):
            if request[1] == 43:
                told = b"\x00\x04Acme\x01\x04TWO\xff"
                return framed(bytes([request[0]]) + b"\x2b\x0e\x01\x01\x00\x00\x02" + told)
            return super().answer(request)

    examination = examine(
        Named(cells()), [model("one", three_phase()), model("two", three_phase())]
    )
    assert examination.identity == {0: b"Acme", 1: b"TWO\xff"}
    assert [match.candidate["name"] for match in examination.matches] == ["two", "one"]
    assert sentences(examination)[0] == "It calls itself Acme, TWO?."


def test_a_device_that_no_model_fits_is_not_called_one():
    examination = examine(Device({0: 0, 1: 0}), [model("B", three_phase())])
    assert (examination.matches, examination.variants) == ([], [])
    assert headline(examination) == "Address 5 at 9600 8N1: a device that no profile fits"


def test_two_devices_are_told_by_the_second_reply():
    examination = examine(Device(cells(), lambda frame, number: frame + frame), [])
    assert examination.replies.doubled == 4
    assert headline(examination) == "Address 5 at 9600 8N1: two devices answer"
    assert sentences(examination)[0].startswith("A second reply came behind 4 of 4: ")


def test_two_devices_are_told_by_broken_replies():
    def collide(frame, number):
        return bytes([frame[0] ^ number]) + frame[1 : len(frame) - number % 3]

    examination = examine(Device(cells(), collide), [model("B", three_phase())], is_garbled=True)
    assert examination.replies.broken == 4
    assert examination.matches == []
    assert sentences(examination)[0].startswith("4 of 4 replies were broken")


def test_the_pause_that_a_device_needs_is_measured():
    class Deaf(Device):
        def carry(self, exchange):
            if exchange.pause_ms < 20:
                exchange.close()
            else:
                super().carry(exchange)

    examination = Examination(Finding(FRAMING, 5, 4))
    device = Deaf(cells())
    for exchange in examination.exchanges([model("B", three_phase())]):
        device.carry(exchange)
    assert examination.pause_ms == 20
    assert sentences(examination)[-1] == "It needs a pause of 20 ms before a request."


def test_no_register_is_asked_for_twice_to_identify():
    device = Device(cells())
    examination = Examination(Finding(FRAMING, 5, 4))
    asked = []
    for exchange in examination.exchanges([model(name, three_phase()) for name in "ABC"]):
        asked.append((exchange.pause_ms, bytes(exchange.request[1:6])))
        device.carry(exchange)
    # 4 for its manners, 1 for its name, 4 registers, 4 for its manners, 4 for the pause.
    assert len(asked) == 17
    assert len(set(asked)) == 6


def test_evidence_is_what_can_be_judged_the_strongest_first():
    channels = [channel("pulse_count", 0, 9), channel("current", 1, 5)] + three_phase()
    names = [one["name"] for one in evidence(model("B", channels))]
    assert names == ["frequency", "voltage_l1", "voltage_l2", "voltage_l3", "current"]


def test_framings_as_people_write_them():
    assert framing_text((9600, None, 1)) == "9600 8N1"
    assert framing_text((19200, 0, 1)) == "19200 8E1"
    assert framing_text((2400, 1, 2)) == "2400 8O2"


def test_silence_is_no_answer():
    examination = examine(Device(cells(), lambda frame, number: b""), [model("B", three_phase())])
    assert examination.replies.silent == 4
    assert headline(examination).endswith("it answered in the search, and is silent now")
