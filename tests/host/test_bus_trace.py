"""Traces of a Modbus line: frames are cut, paired and answered as they were."""

import pytest

from host_tools.bus_trace import Cutter, Exchange, Frame, ToldFrames, pair, read_trace
from host_tools.emulation.line import Framing, Line
from host_tools.emulation.meter import with_crc
from host_tools.emulation.scheduler import VirtualScheduler
from host_tools.emulation.traced_line import TracedLine
from host_tools.errors import ToolError

FRAMING = Framing(9600)
ASK = with_crc(bytes.fromhex("010400000002"))
ASK_ONE = with_crc(bytes.fromhex("010400010001"))
REPLY = with_crc(bytes.fromhex("01040443666666"))
LATER = with_crc(bytes.fromhex("01040443676666"))
REFUSAL = with_crc(bytes.fromhex("018402"))
OTHER = with_crc(bytes.fromhex("020400000002"))


def test_frames_end_with_a_silence_or_where_a_request_is_whole():
    cutter = Cutter(FRAMING)
    frames = [
        *cutter.feed(ASK + REPLY[:3], 1000),
        *cutter.feed(REPLY[3:], 3000),
        *cutter.feed(b"\0", 90_000),
        *cutter.end(),
    ]
    assert frames == [Frame(1000, ASK), Frame(3000, REPLY), Frame(90_000, b"\0")]


def test_a_reply_belongs_to_the_request_before_it():
    sent = [ASK, REPLY, ASK, OTHER, ASK, REFUSAL, b"\x55", ASK, REPLY[:-1]]
    frames = [Frame(time, data) for time, data in enumerate(sent)]
    assert list(pair(frames)) == [
        Exchange(frames[0], frames[1]),
        Exchange(frames[2], None),
        Exchange(frames[3], None),
        Exchange(frames[4], frames[5]),
        Exchange(frames[7], frames[8]),
    ]


def test_the_newest_reply_of_its_time_comes_back_after_the_same_pause():
    world = VirtualScheduler()
    line = Line(world)
    exchanges = [
        Exchange(Frame(0, ASK), Frame(60_000, REPLY)),
        Exchange(Frame(1_000_000, ASK), Frame(1_060_000, LATER)),
        Exchange(Frame(2_000_000, ASK), None),
    ]
    traced = TracedLine(world, line, FRAMING, exchanges)
    heard = []
    port = line.port(FRAMING, lambda data: heard.append((world.now_us, data)))
    for second, request in enumerate((ASK, ASK, ASK, ASK_ONE, OTHER)):
        world.run_until(second * 1_000_000 + 500_000)
        port.send(request)
    world.run_until(6_000_000)
    one = with_crc(bytes.fromhex("0104026666"))
    assert [data for _, data in heard] == [REPLY, LATER, one]
    # Both the request and the reply take their time on the line; the pause between is recorded.
    assert heard[0][0] == 500_000 + FRAMING.duration_us(len(ASK)) + 60_000
    assert traced.counts == {"replayed": 3, "from registers": 1, "unknown": 1}


def test_frames_of_a_gateway_are_taken_once_and_missing_ones_counted():
    told = ToldFrames()
    one = {"utc_s": 1_772_366_400, "from": 0, "frames": [[500, "0104"], [1500, "0203"]]}
    frames = [*told.take(one), *told.take(one)]
    assert [frame.time_us - 1_772_366_400_000_000 for frame in frames] == [500, 2000]
    assert [frame.data for frame in frames] == [b"\1\4", b"\2\3"]
    later = list(told.take({"utc_s": 1_772_366_400, "from": 5, "frames": [[1000, "05"]]}))
    assert [frame.data for frame in later] == [b"\5"]
    assert told.missing == 3
    assert not list(told.take({"from": 6, "frames": [["x", 7]]}))
    assert not list(told.take({"say": "Searching."}))


def test_what_is_wrong_in_a_trace_is_told_once_a_kind(tmp_path):
    path = tmp_path / "trace.csv"
    good = "2026-03-02T12:00:0{}+00:00,01040000000271cb\n"
    lines = [good.format(at) for at in (5, 1, 2, 6)]
    lines += [
        "noon,01\n",
        "2026-03-02T12:00:07+00:00,011\n",
        "2026-03-02T12:00:08+00:00,zz\n",
        "20\n",
    ]
    path.write_text("time,frame\n" + "".join(lines))
    with pytest.raises(ToolError) as caught:
        read_trace(path)
    assert [line.split(":", 1)[1] for line in str(caught.value).splitlines()] == [
        "3: its time lies before that of the frame before: sort the lines by it"
        " (the first of 2 like it)",
        "6: 'noon' is not a time with its zone",
        "7: the frame '011' is not written in hexadecimal digits, two a byte"
        " (the first of 2 like it)",
        "9: the line has 1 of 2 columns: remove it",
    ]
    path.write_text("time,frame\n")
    with pytest.raises(ToolError, match="there is no frame in it"):
        read_trace(path)
