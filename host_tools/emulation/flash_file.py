"""The flash chip of an emulated board: a file of 4 MB, laid out as its partition table says.

Without a table it is that of a stock image: the file system is where `image` puts it, and what the
board keeps in NVS is in the partition of that name, so erasing the flash with a flashing tool
erases it too. Here it has a format of our own: two halves, written in turn, each a header with
number, length and CRC, then the values. Whichever whole half has the higher number counts; with
none, NVS is empty, as on the chip.
"""

import struct
import zlib
from pathlib import Path

from host_tools.image import FLASH_BYTES, flash_file
from host_tools.partitions import Layout, partition_of

_STOCK_NVS = 0x9000, 0x6000
_HEADER = struct.Struct("<4sIII")
_MAGIC = b"LNVS"
_VALUE = struct.Struct("<BH")


class FlashFile:
    """The file `path`; it is made blank if it is absent."""

    def __init__(self, path):
        self.path = Path(path)
        if not self.path.exists():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.write_bytes(b"\xff" * FLASH_BYTES)

    @classmethod
    def create(cls, path, image: bytes, layout: Layout | None = None) -> "FlashFile":
        """Make a new flash that holds a file system, and the partition table of a layout."""
        Path(path).write_bytes(flash_file(image, layout))
        return cls(path)

    def read(self, address: int, size: int) -> bytes:
        with self.path.open("rb") as file:
            file.seek(address)
            return file.read(size)

    def write(self, address: int, data: bytes) -> None:
        with self.path.open("r+b") as file:
            file.seek(address)
            file.write(data)

    def load_nvs(self) -> dict[tuple[int, bytes], bytes]:
        """Return the values in NVS by (kind, b"namespace\\0key")."""
        return self._newest()[1]

    def save_nvs(self, values: dict[tuple[int, bytes], bytes]) -> None:
        start, half_bytes = self._nvs()
        number = self._newest()[0] + 1
        body = b"".join(
            _VALUE.pack(kind, len(name) + 1 + len(value)) + name + b"\0" + value
            for (kind, name), value in values.items()
        )
        header = _HEADER.pack(_MAGIC, number, len(body), zlib.crc32(body))
        if len(header) + len(body) > half_bytes:
            raise ValueError("NVS is full")
        self.write(start + number % 2 * half_bytes, header + body)

    def _newest(self) -> tuple[int, dict[tuple[int, bytes], bytes]]:
        start, half_bytes = self._nvs()
        halves = [self._half(start + half * half_bytes, half_bytes) for half in (0, 1)]
        return max(halves, key=lambda half: half[0])

    def _nvs(self) -> tuple[int, int]:
        """Where the NVS begins, and how long each half of it is."""
        start, size = partition_of(self.read(0, _STOCK_NVS[0]), "nvs") or _STOCK_NVS
        return start, size // 2

    def _half(self, address: int, size: int) -> tuple[int, dict[tuple[int, bytes], bytes]]:
        data = self.read(address, size)
        magic, number, size, crc = _HEADER.unpack_from(data)
        body = data[_HEADER.size : _HEADER.size + size]
        if magic != _MAGIC or zlib.crc32(body) != crc:
            return 0, {}
        return number, dict(_values(body))


def _values(body: bytes):
    at = 0
    while at < len(body):
        kind, size = _VALUE.unpack_from(body, at)
        at += _VALUE.size + size
        namespace, key, value = body[at - size : at].split(b"\0", 2)
        yield (kind, namespace + b"\0" + key), value
