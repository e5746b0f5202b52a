"""Frames of the journal: any records come back as they were, and a torn frame is no frame."""

from hypothesis import given, settings
from hypothesis import strategies as st

from limen.core.frame import DATA, EVENT, HEAD_BYTES, Frame
from limen.core.frame_reader import FrameReader
from limen.delivery.ring import Cursor, Ring

VALUES = st.integers(-(2**40), 2**40)
RECORD = st.tuples(
    st.integers(1, 3),  # step of seq
    st.integers(0, 70),  # device
    st.integers(0, 3),  # quality
    st.integers(-5, 4000),  # step of time in seconds
    st.integers(0, 999),
    st.lists(st.tuples(st.integers(0, 200), VALUES), min_size=1, max_size=6),
    st.binary(max_size=200),
)


def cursor_of(kind, records, uptime):
    """A cursor before records that lie in a ring, and what they say."""
    ring = Ring(8192, Cursor())
    seq, s, said = 1000, 5000, []
    for step, device, quality, step_s, ms, channels, text in records:
        seq, s = seq + step, s + step_s
        ring.begin(seq, device, quality, s, ms, uptime)
        body = text
        if kind == EVENT:
            ring.add_text(text)
        else:
            body = [(channel, value if quality < 2 else None) for channel, value in channels]
            for channel, value in body:
                ring.add(channel)
                if value is not None:
                    ring.add(value)
        ring.commit()
        said.append((seq, device, quality, s, ms, uptime, body))
    record = Cursor()
    record.begin(ring, ring.head)
    return record, said


def written(frame, kind, record):
    """How many records a frame took."""
    count = 0
    while record.load():
        if not count:
            frame.start(900, 4000, record, 4000)
        elif not frame.fits(record):
            break
        frame.add(kind, record)
        count += 1
    return count


def read(frame, kind):
    frame.open(900, 4000)
    while frame.next(kind):
        body = bytes(frame.text()) if kind == EVENT else list(frame.channels)
        if kind == DATA:
            values = frame.values if frame.quality < 2 else [None] * len(body)
            body = list(zip(body, values, strict=True))
        yield (frame.seq, frame.device, frame.quality, frame.s, frame.ms, frame.uptime, body)


@settings(max_examples=150)
@given(st.lists(RECORD, min_size=1, max_size=12), st.sampled_from((DATA, EVENT)), st.booleans())
def test_what_a_frame_took_comes_back(records, kind, uptime):
    frame = Frame()
    record, said = cursor_of(kind, records, uptime)
    count = written(frame, kind, record)
    size = frame.close()
    again = FrameReader(bytearray(frame.buffer[:size]))
    assert again.is_whole()
    assert list(read(again, kind)) == said[:count]


@settings(max_examples=60)
@given(st.lists(RECORD, min_size=1, max_size=6), st.data())
def test_a_torn_frame_is_none(records, data):
    frame = Frame()
    record, _ = cursor_of(DATA, records, False)
    written(frame, DATA, record)
    size = frame.close()
    whole = bytes(frame.buffer[:size])
    cut = data.draw(st.integers(0, size - 1))
    torn = whole[:cut] + b"\xff" * (size - cut)
    frame.buffer[:size] = torn
    again = FrameReader(frame.buffer)
    assert torn == whole or not again.is_whole()
    assert again.size() <= len(frame.buffer) - HEAD_BYTES
