"""The stock `esp32` module, as far as used: NVS, partitions and the state of the IDF's heap."""

import struct

import frames
from backplane import bus
from micropython import const

_BLOCK = const(4096)
_PIECE = const(512)
_NOT_FOUND = const(0x1102)
_INVALID_LENGTH = const(0x110C)
_KEY_TOO_LONG = const(0x1109)

HEAP_DATA = 4
HEAP_EXEC = 1

flash = None  # the opened flash file, set by the launcher
reports_flash = False


class _Faults:
    """What is wrong with the flash, as the world says."""

    refuses = False
    stuck = ()
    tear = None  # operations that are still whole, 256ths of the next


def _fail(id, data):
    if id == frames.FLASH_REFUSES:
        _Faults.refuses = data[0]
    elif id == frames.FLASH_STUCK:
        _Faults.stuck += struct.unpack("<I", data)
    else:
        _Faults.tear = list(struct.unpack("<HB", data)) if len(data) else None


bus.handlers[frames.FLASH] = _fail

_TABLE_ADDRESS = const(0x8000)
_ENTRY_MAGIC = b"\xaa\x50"

# What a stock 4 MB image has at run time: type, subtype, address, size, label, encrypted.
_STOCK = (
    (1, 0x02, 0x9000, 0x6000, "nvs", False),
    (1, 0x01, 0xF000, 0x1000, "phy_init", False),
    (0, 0x00, 0x10000, 0x1F0000, "factory", False),
    (1, 0x81, 0x200000, 0x200000, "vfs", False),
)

table = _STOCK  # what the flash has, once it is read


def read_table():
    """Take the partitions from the table in the flash; those of a stock image if it has none."""
    global table
    found = []
    flash.seek(_TABLE_ADDRESS)
    while True:
        magic, kind, subtype, address, size, label, flags = struct.unpack(
            "<2sBBII16sI", flash.read(32)
        )
        if magic != _ENTRY_MAGIC:
            break
        label = str(label.rstrip(b"\0"), "utf-8")
        found.append((kind, subtype, address, size, label, bool(flags & 1)))
    table = tuple(found) or _STOCK


def idf_heap_info(capabilities):
    """What a stock image shows with Wi-Fi up: (total, free, largest block, least free) each."""
    if capabilities == HEAP_EXEC:
        return [(15072, 15036, 14848, 15036), (113840, 0, 0, 0)]
    return [(240, 0, 0, 0), (7288, 0, 0, 0), (16648, 4, 0, 4), (79904, 35712, 24576, 35424)]


def __getattr__(name):
    if name != "PCNT" or not has_counters:
        raise AttributeError(name)
    return load_late("pcnt").PCNT


has_counters = True
load_late = None  # set by the launcher

_nvs = {}


def _load(id, data):
    namespace, key, value = bytes(data).split(b"\0", 2)
    _nvs[id, namespace, key] = value


bus.handlers[frames.NVS] = _load


class NVS:
    """Values are on flash as soon as they are set; `commit` has nothing left to do."""

    def __init__(self, namespace):
        self._namespace = namespace.encode()

    def _set(self, kind, key, value):
        key = key.encode()
        if len(key) > 15:
            raise OSError(-_KEY_TOO_LONG, "ESP_ERR_NVS_KEY_TOO_LONG")
        _nvs[kind, self._namespace, key] = value
        bus.post(frames.NVS, kind, self._namespace + b"\0" + key + b"\0" + value)

    def _get(self, kind, key):
        value = _nvs.get((kind, self._namespace, key.encode()))
        if value is None:
            raise OSError(-_NOT_FOUND, "ESP_ERR_NVS_NOT_FOUND")
        return value

    def set_i32(self, key, value):
        self._set(frames.NVS_I32, key, struct.pack("<i", value))

    def get_i32(self, key):
        return struct.unpack("<i", self._get(frames.NVS_I32, key))[0]

    def set_blob(self, key, value):
        self._set(frames.NVS_BLOB, key, bytes(value))

    def get_blob(self, key, buffer):
        value = self._get(frames.NVS_BLOB, key)
        if len(value) > len(buffer):
            raise OSError(-_INVALID_LENGTH, "ESP_ERR_NVS_INVALID_LENGTH")
        buffer[: len(value)] = value
        return len(value)

    def erase_key(self, key):
        found = [kind for kind in (0, 1) if (kind, self._namespace, key.encode()) in _nvs]
        if not found:
            raise OSError(-_NOT_FOUND, "ESP_ERR_NVS_NOT_FOUND")
        del _nvs[found[0], self._namespace, key.encode()]
        bus.post(frames.NVS, frames.NVS_ERASE, self._namespace + b"\0" + key.encode() + b"\0")

    def commit(self):
        pass


class Partition:
    """A block device over the flash file; erasing sets bits, programming only clears them."""

    BOOT = 0
    RUNNING = 1
    TYPE_APP = 0
    TYPE_DATA = 1

    def __init__(self, which, block_size=_BLOCK):
        if isinstance(which, str):
            found = [entry for entry in table if entry[4] == which]
        else:
            found = [entry for entry in table if entry[0] == self.TYPE_APP]
        if not found:
            raise OSError(2)
        self._info = found[0]
        self._block = block_size

    @staticmethod
    def find(type=0, subtype=0xFF, label=None, block_size=_BLOCK):
        return [
            Partition(entry[4], block_size)
            for entry in table
            if entry[0] == type and subtype in (0xFF, entry[1]) and label in (None, entry[4])
        ]

    def info(self):
        return self._info

    def readblocks(self, block, buffer, offset=0):
        address = self._address(block, offset, len(buffer))  # a frame of 11 words needs no heap
        flash.seek(address)
        flash.readinto(buffer)

    def writeblocks(self, block, buffer, offset=None):
        if offset is None:
            for n in range(len(buffer) // _BLOCK):
                self._erase(self._address(block, n * _BLOCK, _BLOCK))
        address = self._address(block, offset or 0, len(buffer))
        _report(frames.FLASH_PROGRAMMED, address, len(buffer))
        done = _begin(len(buffer))
        _program(address, memoryview(buffer)[:done])
        _end(done < len(buffer))

    def ioctl(self, request, argument):
        if request == 4:
            return self._info[3] // self._block
        if request == 5:
            return self._block
        if request == 6:
            self._erase(self._address(argument, 0, _BLOCK))
        return 0

    def _address(self, block, offset, size):
        """Where in the flash; OSError(ESP_ERR_INVALID_SIZE) outside of the partition."""
        offset += block * self._block
        if offset + size > self._info[3]:
            raise OSError(-0x104, "ESP_ERR_INVALID_SIZE")
        return self._info[2] + offset

    def _erase(self, address):
        _report(frames.FLASH_ERASED, address, _BLOCK)
        done = _begin(_BLOCK)
        flash.seek(address)
        for _ in range(done // _PIECE):
            flash.write(_BLANK)
        if done < _BLOCK:
            flash.write(_BLANK[: done % _PIECE // 64 * 64])
            flash.write(_HALF_BLANK[: done % 64])
        for stuck in _Faults.stuck:
            if address <= stuck < address + _BLOCK:
                flash.seek(stuck)
                flash.write(b"\0")
        _end(done < _BLOCK)

    def mark_app_valid_cancel_rollback():
        pass


_BLANK = b"\xff" * _PIECE
_HALF_BLANK = b"\xa5" * 64


def _report(what, address, size):
    if reports_flash:
        bus.post(frames.FLASH, what, struct.pack("<IH", address, size))


def _begin(size):
    """How many bytes an operation on so many does before the power fails: mostly all."""
    tear = _Faults.tear
    if _Faults.refuses:
        bus.post(frames.FLASH, frames.FLASH_REFUSED)
        raise OSError(5)
    if not tear:
        return size
    tear[0] -= 1
    return size if tear[0] >= 0 else size * tear[1] // 256


def _end(is_torn):
    if is_torn:
        bus.post(frames.FLASH, frames.FLASH_TORN)
        while True:
            bus.pause(1000000)


def _program(address, data):
    flash.seek(address)
    held = flash.read(len(data))
    if held.strip(b"\xff"):
        data = bytes(a & b for a, b in zip(held, data))
    flash.seek(address)
    flash.write(data)
