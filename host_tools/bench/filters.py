"""What a sample costs in each filter, alarm and function on the interpreter: instructions and heap.

Heap blocks are counted with the collector off. Instructions are the interpreter's, counted by
callgrind where valgrind is installed, as the difference of a longer and a shorter run; they do not
depend on the machine's speed. The signal is a slow wave with noise and spikes, once a second.
"""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from host_tools import interpreter
from host_tools.bench.section import Extent, Row
from host_tools.paths import PROJECT

KINDS = (
    "deadband",
    "percent deadband, heartbeat",
    "median of 3",
    "exponential mean",
    "bands",
    "rate of change",
    "line",
    "window: mean and RMS of 60",
    "high alarm, ISA-18.2",
    "early warning",
    "chain",
    "energy",
    "machine",
    "spc",
    "burst: velocity, crest factor, kurtosis, an order",
)
_PROGRAM = PROJECT / "host_tools/bench/programs/filters.py"
_SHORT, _LONG = 50, 250
_HEAP_BYTES = 1 << 21
_CHAIN = "chain: median of 3, percent deadband, heartbeat, high and low alarm"
# An 8-byte no-operation that valgrind 3.19 cannot decode, and one that is the same for it.
_NO_OPERATIONS = (
    (b"\x2e\x8d\xb4\x26", b"\x90\x8d\xb4\x26"),
    (b"\x2e\x8d\x74\x26", b"\x90\x8d\x74\x26"),
)


def measure(extent: Extent) -> list[Row]:
    kinds = KINDS[: extent.filters]
    return [*map(_heap, kinds), *_instructions(kinds)]


def _heap(kind: str) -> Row:
    return Row(f"{_name(kind)}, heap", _blocks(kind), "blocks", most=_most(kind))


def _name(kind: str) -> str:
    return _CHAIN if kind == "chain" else kind


def _most(kind: str) -> int | None:
    """Windows, batches and trends end in large integers; what functions tell and keep is text."""
    costly = ("window", "early", "energy", "machine", "spc", "burst")
    return None if kind.startswith(costly) else 0


def _blocks(kind: str) -> float:
    """Heap blocks for each sample."""
    found = interpreter.find()
    command = [*found.command, *found.heap_option(_HEAP_BYTES), *_arguments(kind, _LONG)]
    return int(_run(command).stdout) / _LONG


def _instructions(kinds: tuple[str, ...]) -> Iterator[Row]:
    if not shutil.which("valgrind"):
        return
    with tempfile.TemporaryDirectory() as folder:
        command = _decodable(interpreter.find().command, Path(folder))
        empty = _of_a_sample(command, "nothing")
        for kind in kinds:
            cost = _of_a_sample(command, kind) - empty
            yield Row(f"{_name(kind)}, instructions", cost, "")


def _decodable(command: list[str], folder: Path) -> list[str]:
    """The same command with a copy of its files, as valgrind can decode them."""
    loader, option, libraries, program = command
    for path in (Path(loader), Path(program), *Path(libraries).glob("lib*.so.*")):
        data = path.read_bytes()
        for before, after in _NO_OPERATIONS:
            data = data.replace(before, after)
        (folder / path.name).write_bytes(data)
        (folder / path.name).chmod(0o755)
    return [str(folder / Path(loader).name), option, str(folder), str(folder / Path(program).name)]


def _of_a_sample(command: list[str], kind: str) -> float:
    counts = [_collected(command, kind, samples) for samples in (_SHORT, _LONG)]
    return (counts[1] - counts[0]) / (_LONG - _SHORT)


def _collected(command: list[str], kind: str, samples: int) -> int:
    valgrind = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
    heap = interpreter.find().heap_option(_HEAP_BYTES)
    said = _run([*valgrind, *command, *heap, *_arguments(kind, samples)]).stderr
    return int(said.rpartition("Collected : ")[2].split()[0])


def _arguments(kind: str, samples: int) -> list[str]:
    return [str(_PROGRAM), kind, str(samples), str(PROJECT / "firmware")]


def _run(command: list[str]) -> subprocess.CompletedProcess:
    return subprocess.run(command, capture_output=True, text=True, check=True)
