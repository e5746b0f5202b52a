"""The traffic of a Modbus RTU line as a file: a frame a line, with the time at which it was whole.

    time,frame
    2026-03-01T12:00:00.012345+00:00,01040000000271cb

A listener does not see who sends. A frame is a request where none is waiting for its reply, or
where it is not the reply of the one that is; a request without a reply was not answered.
"""

import csv
import datetime
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from host_tools.emulation.line import Framing
from host_tools.emulation.meter import crc16, request_length, silence_us
from host_tools.emulation.recording_problems import BadRow, Problems
from host_tools.errors import ToolError
from host_tools.table_file import open_rows

HEADING = ["time", "frame"]

_LONGEST_FRAME = 256
_UNIX = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


@dataclass(frozen=True)
class Frame:
    """What was on the line, and when it was over in Unix microseconds."""

    time_us: int
    data: bytes

    def cells(self) -> list[str]:
        time = _UNIX + datetime.timedelta(microseconds=self.time_us)
        return [time.isoformat(timespec="microseconds"), self.data.hex()]


@dataclass(frozen=True)
class Exchange:
    """A request and its reply, if there was one."""

    request: Frame
    reply: Frame | None


class Cutter:
    """Cuts what comes from a line into frames: at a silence, and behind a request that is whole."""

    def __init__(self, framing: Framing):
        self._silence_us = silence_us(framing)
        self._data = bytearray()
        self._last_us = 0

    def feed(self, data: bytes, time_us: int) -> Iterator[Frame]:
        """Take bytes that have come until now; yield the frames that are over."""
        if self._data and time_us - self._last_us > self._silence_us:
            yield from self.end()
        self._data += data
        self._last_us = time_us
        length = request_length(self._data)
        while length and len(self._data) >= length and not crc16(self._data[:length]):
            yield Frame(time_us, bytes(self._data[:length]))
            del self._data[:length]
            length = request_length(self._data)

    def end(self) -> Iterator[Frame]:
        """The line has fallen silent: yield what is left."""
        if self._data:
            yield Frame(self._last_us, bytes(self._data))
            self._data.clear()


class ToldFrames:
    """The frames that a gateway tells of a line; `missing` of them never came.

    Each message has the number of its first frame, so one that comes twice is known.
    """

    def __init__(self):
        self.missing = 0
        self._told = 0
        self._time_us: int | None = None

    def take(self, facts: dict) -> Iterator[Frame]:
        """The new frames of a message."""
        try:
            first, utc_s = int(facts["from"]), facts["utc_s"]
            frames = [(int(us), bytes.fromhex(text)) for us, text in facts["frames"]]
        except (KeyError, TypeError, ValueError):
            return
        if first < self._told:
            return
        if self._time_us is None:
            self._time_us = int((time.time() if utc_s is None else utc_s) * 1_000_000)
        self.missing += first - self._told
        self._told = first + len(frames)
        for us, data in frames:
            self._time_us += us
            yield Frame(self._time_us, data)


def read_trace(path: Path) -> list[Exchange]:
    """The exchanges of a trace, in their order. Raises ToolError with all that is wrong in it, each
    kind once."""
    wrong = Problems()
    try:
        frames = list(_frames(path, wrong))
    except OSError as error:
        raise ToolError(f"cannot read the trace {path}: {error.strerror}", 2) from None
    exchanges = list(pair(frames))
    if not (wrong or exchanges):
        wrong.note(1, "empty", "there is no frame in it")
    if wrong:
        raise ToolError("\n".join(f"{path}:{problem}" for problem in wrong.values()), 2)
    return exchanges


def pair(frames: list[Frame]) -> Iterator[Exchange]:
    """Find the reply to each request."""
    request: Frame | None = None
    for frame in frames:
        if request and _answers(frame.data, request.data):
            yield Exchange(request, frame)
            request = None
            continue
        if request:
            yield Exchange(request, None)
        request = frame if len(frame.data) == request_length(frame.data) else None
    if request:
        yield Exchange(request, None)


def _answers(data: bytes, request: bytes) -> bool:
    """Whether a frame can be the reply to a request; a broken one can, a whole other one cannot."""
    if crc16(data):
        return True
    return data[0] == request[0] and data[1] & 0x7F == request[1]


def _frames(path: Path, wrong: Problems) -> Iterator[Frame]:
    last_us = -(2**63)
    with open_rows(path, ",") as rows:
        header = next(rows, (1, []))[1]
        if header != HEADING:
            told = f"this is no trace: its heading is not {','.join(HEADING)}"
            wrong.note(1, "heading", told)
            return
        for line, cells in rows:
            try:
                frame = _frame(cells)
                if frame.time_us < last_us:
                    told = "its time lies before that of the frame before: sort the lines by it"
                    raise BadRow("order", told)
            except BadRow as bad:
                wrong.note(line, *bad.args)
                continue
            last_us = frame.time_us
            yield frame


def _frame(cells: list[str]) -> Frame:
    """A frame from its line; BadRow with what is wrong."""
    if len(cells) != len(HEADING):
        told = f"the line has {len(cells)} of {len(HEADING)} columns: remove it"
        raise BadRow("columns", told)
    try:
        moment = datetime.datetime.fromisoformat(cells[0])
        time_us = (moment - _UNIX) // datetime.timedelta(microseconds=1)
    except (ValueError, TypeError):
        raise BadRow("time", f"{cells[0]!r} is not a time with its zone") from None
    try:
        data = bytes.fromhex(cells[1])
    except ValueError:
        told = f"the frame {cells[1][:20]!r} is not written in hexadecimal digits, two a byte"
        raise BadRow("frame", told) from None
    if not 0 < len(data) <= _LONGEST_FRAME:
        told = f"a frame has 1 to {_LONGEST_FRAME} bytes, this one {len(data)}"
        raise BadRow("length", told)
    return Frame(time_us, data)


class TraceWriter:
    """Writes frames to a file as they come; `count` of them so far."""

    def __init__(self, file):
        self.count = 0
        self._file = file
        self._writer = csv.writer(file, lineterminator="\n")
        self._writer.writerow(HEADING)

    def write(self, frames: Iterator[Frame]) -> None:
        for frame in frames:
            self._writer.writerow(frame.cells())
            self.count += 1
        self._file.flush()
