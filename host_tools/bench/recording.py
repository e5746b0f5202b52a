"""How a long recording is read: rows in a second, and that memory does not grow with them.

Each file is read by a process of its own, whose highest resident memory counts.
"""

import multiprocessing
import resource
import tempfile
import time
from pathlib import Path

from host_tools.bench.section import Extent, Row
from host_tools.emulation.recording import Recording

_SHORT_ROWS = 100_000
_MOST_GROWTH_MB = 8
_FIRST_S = 1_700_000_000


def measure(extent: Extent) -> list[Row]:
    _, short_mb = _read(_SHORT_ROWS)
    rate, long_mb = _read(extent.recording_rows)
    beside = f"memory that {extent.recording_rows:,} rows take more than {_SHORT_ROWS:,}"
    return [
        Row("rows read, of two values", rate, "rows/s"),
        Row(beside, max(0, long_mb - short_mb), "MB", most=_MOST_GROWTH_MB),
    ]


def _read(rows: int) -> tuple[float, float]:
    """(rows a second, MB at most) of reading so many."""
    with tempfile.TemporaryDirectory(prefix="limen-bench-") as folder:
        path = Path(folder) / "long.csv"
        with open(path, "w", encoding="utf-8") as file:
            file.write("time,power_active_total [kW],voltage\n")
            for row in range(rows):
                file.write(f"{_FIRST_S + row},{row % 9973 / 1000},{230 + row % 70 / 10:.1f}\n")
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            return pool.apply(_read_alone, (path,))


def _read_alone(path: Path) -> tuple[float, float]:
    began = time.monotonic()
    recording = Recording(path)
    rate = recording.rows / (time.monotonic() - began)
    signals = recording.signals()
    for row in range(0, recording.rows, 1000):
        signals.value("voltage", row * 1_000_000)
    return rate, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
