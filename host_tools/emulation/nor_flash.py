"""A NOR flash chip on a file: erasing sets bits, programming only clears them.

What is written is in the file at once, so a process that is killed leaves what a chip would hold
after a power cut.
"""

import mmap
from pathlib import Path

SECTOR_BYTES = 4096


class NorFlash:
    """`size` bytes of flash in the file `path`, which is made blank (0xFF) if it is absent."""

    def __init__(self, path, size: int = 4 * 1024 * 1024):
        self._cells = _map(Path(path), size)

    def __len__(self) -> int:
        return len(self._cells)

    def read(self, address: int, length: int) -> bytes:
        return self._cells[address : address + length]

    def erase(self, address: int, length: int) -> None:
        """Erases every sector that the range touches."""
        start = address // SECTOR_BYTES * SECTOR_BYTES
        end = min(-(-(address + length) // SECTOR_BYTES) * SECTOR_BYTES, len(self))
        self._cells[start:end] = b"\xff" * (end - start)

    def program(self, address: int, data: bytes) -> bool:
        """True if the cells then hold `data`; False where a bit would have had to be set."""
        old = int.from_bytes(self.read(address, len(data)), "big")
        new = (old & int.from_bytes(data, "big")).to_bytes(len(data), "big")
        self._cells[address : address + len(data)] = new
        return new == data

    def close(self) -> None:
        self._cells.close()


def _map(path: Path, size: int) -> mmap.mmap:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"\xff" * size)
    if path.stat().st_size != size:
        raise ValueError(f"{path} has {path.stat().st_size} bytes; this flash has {size}.")
    with path.open("r+b") as file:
        return mmap.mmap(file.fileno(), size)
