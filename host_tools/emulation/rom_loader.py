"""The serial loader in the ROM of an ESP chip, over a flash file; sans-I/O: bytes in, bytes out.

A request is a SLIP frame `<BBHI`: direction 0, command, length of the body, checksum; then the
body. The answer has direction 1 and ends with four bytes of status. Whatever comes, the loader
answers with a status or, as the ROM does, with silence (a broken frame, a wrong baud rate); it
never raises. The flash is NOR: FLASH_BEGIN erases, data can only clear bits after that.

Source: Espressif, "Serial Protocol" in the documentation of esptool, and what esptool 5.6 sends
with `--no-stub`. Where a block comes out of turn the documents are silent: it is refused with
"failed to act". Commands that load code into RAM are refused as unknown: nothing could run it.
"""

import hashlib
import struct
import zlib

from host_tools.emulation import slip
from host_tools.emulation.chips import ESP32, MAC, Chip
from host_tools.emulation.nor_flash import NorFlash

FLASH_BEGIN, FLASH_DATA, FLASH_END = 0x02, 0x03, 0x04
SYNC = 0x08
WRITE_REG, READ_REG = 0x09, 0x0A
SPI_SET_PARAMS, SPI_ATTACH = 0x0B, 0x0D
READ_FLASH = 0x0E
CHANGE_BAUDRATE = 0x0F
FLASH_DEFL_BEGIN, FLASH_DEFL_DATA, FLASH_DEFL_END = 0x10, 0x11, 0x12
SPI_FLASH_MD5 = 0x13
GET_SECURITY_INFO = 0x14

OK = 0
INVALID_MESSAGE, FAILED_TO_ACT, WRONG_CHECKSUM = 0x05, 0x06, 0x07
WRITE_FAILED, READ_FAILED, READ_TOO_LONG, INFLATE_FAILED = 0x08, 0x09, 0x0A, 0x0B

_HEADER = struct.Struct("<BBHI")
_SECURITY_INFO = struct.Struct("<IB7sII")
_BLOCK_HEADER = struct.Struct("<IIII")
_SYNC_BODY = b"\x07\x07\x12\x20" + b"\x55" * 32
_SYNC_VALUE = 0x20120707
_SYNC_ANSWERS = 8
_READ_BYTES = 64
_SIZE_BEFORE_SET_PARAMS = 2 * 1024 * 1024
_CHIP_MAGIC_REGISTER = 0x40001000
_BAUD_TOLERANCE = 0.03
_SPI_USER_COMMAND = 1 << 18
_READ_ID, _READ_SFDP, _READ_STATUS = 0x9F, 0x5A, (0x05, 0x35, 0x15)
_WINBOND = 0xEF
_SPI_NOR = 0x40


def checksum(data: bytes) -> int:
    """Exclusive or of all bytes, from 0xEF."""
    value = 0xEF
    for byte in data:
        value ^= byte
    return value


class _Refused(Exception):
    """Ends a command with this status."""

    def __init__(self, status: int):
        super().__init__(status)
        self.status = status


class RomLoader:
    """One chip from reset to reset. `mac`: six bytes, as printed from left to right.

    `on_output` takes what the chip says unasked, which a loader does not.
    """

    def __init__(self, flash: NorFlash, chip: Chip = ESP32, mac: bytes = MAC):
        self.chip = chip
        self._flash = flash
        self._mac = mac
        self.on_output = lambda data: None
        self._commands = {
            FLASH_BEGIN: self._begin_plain,
            FLASH_DATA: self._write_plain,
            FLASH_END: self._end,
            SYNC: self._sync,
            WRITE_REG: self._write_registers,
            READ_REG: self._read_register,
            SPI_SET_PARAMS: self._set_flash_size,
            SPI_ATTACH: self._attach,
            READ_FLASH: self._read,
            CHANGE_BAUDRATE: self._change_baud,
            FLASH_DEFL_BEGIN: self._begin_compressed,
            FLASH_DEFL_DATA: self._write_compressed,
            FLASH_DEFL_END: self._end,
            SPI_FLASH_MD5: self._md5,
        }
        if chip.magic is None:
            self._commands[GET_SECURITY_INFO] = self._tell_chip
        self.reset(download=True)

    def reset(self, download: bool) -> bytes:
        """What the ROM prints as the chip starts, in the loader or from its flash."""
        self.listening = download
        self.baud = None
        self._decoder = slip.Decoder()
        self._attached = False
        self._size = min(_SIZE_BEFORE_SET_PARAMS, len(self._flash))
        self._transfer = None
        self._registers = {**self.chip.registers, **_mac_registers(self.chip, self._mac)}
        if self.chip.magic is not None:
            self._registers[_CHIP_MAGIC_REGISTER] = self.chip.magic
        log = self.chip.boot_log
        text = log.text(log.power_on, log.download if download else log.flash)
        return (text + ("waiting for download\r\n" if download else "")).encode()

    def let_go(self) -> None:
        """Nobody is at the port any more: where no line resets the chip, its button is held."""
        self.reset(download=True)

    def receive(self, data: bytes, line_baud: int) -> bytes:
        """Answers to what arrived at `line_baud`; at another rate than the loader's: nothing."""
        if not data or not self.listening or not self._can_hear(line_baud):
            return b""
        return b"".join(self._answer(frame) for frame in self._decoder.decode(data))

    def _can_hear(self, line_baud: int) -> bool:
        # After a reset the ROM measures the rate of whoever speaks first.
        self.baud = self.baud or line_baud
        return abs(line_baud - self.baud) <= self.baud * _BAUD_TOLERANCE

    def _answer(self, frame: bytes) -> bytes:
        if len(frame) < _HEADER.size or frame[0] != 0 or not self.listening:
            return b""
        _, command, length, check = _HEADER.unpack_from(frame)
        body = frame[_HEADER.size :]
        try:
            if length != len(body) or command not in self._commands:
                raise _Refused(INVALID_MESSAGE)
            result = self._commands[command](body, check)
        except struct.error:
            return _response(command, INVALID_MESSAGE)
        except _Refused as refusal:
            return _response(command, refusal.status)
        return _response(command, OK, result) * (_SYNC_ANSWERS if command == SYNC else 1)

    # Commands. Each takes the body and the checksum and gives a number or bytes for the answer.

    def _sync(self, body, _check):
        if body != _SYNC_BODY:
            raise _Refused(INVALID_MESSAGE)
        return _SYNC_VALUE

    def _tell_chip(self, _body, _check):
        """No security is on: flags, count of encryptions, purposes of keys; chip, its revision."""
        return _SECURITY_INFO.pack(0, 0, bytes(7), self.chip.image_id, 0)

    def _read_register(self, body, _check):
        (address,) = struct.unpack("<I", body)
        if address == self.chip.uart_divider_register:
            return self.chip.crystal_hz // self.baud
        return self._registers.get(address, 0)

    def _write_registers(self, body, _check):
        for address, value, mask, _delay_us in struct.iter_unpack("<IIII", body):
            old = self._registers.get(address, 0)
            self._registers[address] = old & ~mask | value & mask
            if address == self.chip.spi.base and value & _SPI_USER_COMMAND:
                self._run_spi_command()

    def _run_spi_command(self):
        spi = self.chip.spi
        register = self._registers.get
        bits = min(register(spi.base + spi.read_length, 31) + 1, 32)
        opcode = register(spi.base + spi.user2, 0) & 0xFF
        address = register(spi.base + 4, 0) >> (8 if spi.address_in_top_bits else 0)
        value = self._spi_answer(opcode, address) & (1 << bits) - 1
        self._registers[spi.base + spi.data] = value
        self._registers[spi.base] &= ~_SPI_USER_COMMAND

    def _spi_answer(self, opcode: int, address: int) -> int:
        """The first four bytes from the flash chip; an unattached chip leaves the lines high."""
        if self._attached and opcode == _READ_ID:
            return _WINBOND | _SPI_NOR << 8 | (len(self._flash).bit_length() - 1) << 16
        if self._attached and opcode == _READ_SFDP and address == 0:
            return int.from_bytes(b"SFDP", "little")
        if self._attached and opcode in _READ_STATUS:
            return 0
        return 0xFFFFFFFF

    def _attach(self, body, _check):
        struct.unpack("<II", body)
        self._attached = True

    def _set_flash_size(self, body, _check):
        _id, size, *_ = struct.unpack("<IIIIII", body)
        self._size = min(size, len(self._flash))

    def _change_baud(self, body, _check):
        baud, _old = struct.unpack("<II", body)
        if not baud:
            raise _Refused(FAILED_TO_ACT)
        self.baud = baud

    def _require(self, address: int, length: int, otherwise: int):
        if not self._attached or address + length > self._size:
            raise _Refused(otherwise)

    def _read(self, body, _check):
        address, length = struct.unpack("<II", body)
        if length > _READ_BYTES:
            raise _Refused(READ_TOO_LONG)
        self._require(address, length, READ_FAILED)
        return self._flash.read(address, length).ljust(_READ_BYTES, b"\0")

    def _md5(self, body, _check):
        address, length, _, _ = struct.unpack("<IIII", body)
        self._require(address, length, READ_FAILED)
        return hashlib.md5(self._flash.read(address, length)).hexdigest().encode()

    def _begin_plain(self, body, _check):
        self._begin(body, _Blocks)

    def _begin_compressed(self, body, _check):
        self._begin(body, _CompressedStream)

    def _begin(self, body, transfer):
        length, blocks, block_bytes, address, *_ = struct.unpack(f"<{self.chip.begin_words}I", body)
        self._transfer = None
        if length:
            self._require(address, length, FAILED_TO_ACT)
            self._flash.erase(address, length)
        self._transfer = transfer(address, length, blocks, block_bytes)

    def _write_plain(self, body, check):
        self._write(_Blocks, body, check)

    def _write_compressed(self, body, check):
        self._write(_CompressedStream, body, check)

    def _write(self, transfer, body, check):
        length, number, _, _ = _BLOCK_HEADER.unpack_from(body)
        block = body[_BLOCK_HEADER.size :]
        if length != len(block):
            raise _Refused(INVALID_MESSAGE)
        if checksum(block) != check:
            raise _Refused(WRONG_CHECKSUM)
        if not isinstance(self._transfer, transfer):
            raise _Refused(FAILED_TO_ACT)
        address, data = self._transfer.place(number, block)
        self._require(address, len(data), WRITE_FAILED)
        if not self._flash.program(address, data):
            raise _Refused(WRITE_FAILED)

    def _end(self, body, _check):
        struct.unpack("<I", body)
        if self._transfer is None:
            raise _Refused(FAILED_TO_ACT)
        self.listening = False


class _Blocks:
    """A plain transfer: a block's number says where it goes, so it may come twice."""

    def __init__(self, address, _length, blocks, block_bytes):
        self._address = address
        self._blocks = blocks
        self._block_bytes = block_bytes

    def place(self, number: int, block: bytes) -> tuple[int, bytes]:
        if number >= self._blocks or len(block) > self._block_bytes:
            raise _Refused(FAILED_TO_ACT)
        return self._address + number * self._block_bytes, block


class _CompressedStream:
    """A zlib stream in numbered blocks, each wanted once and in turn."""

    def __init__(self, address, length, blocks, _block_bytes):
        self._address = address
        self._left = length
        self._blocks = blocks
        self._next = 0
        self._stream = zlib.decompressobj()

    def place(self, number: int, block: bytes) -> tuple[int, bytes]:
        if number != self._next or number >= self._blocks:
            raise _Refused(FAILED_TO_ACT)
        try:
            data = self._stream.decompress(block, self._left + 1)
        except zlib.error:
            raise _Refused(INFLATE_FAILED) from None
        if len(data) > self._left:
            raise _Refused(INFLATE_FAILED)
        address = self._address
        self._address += len(data)
        self._left -= len(data)
        self._next += 1
        return address, data


class AutoReset:
    """The two transistors of a board between DTR, RTS and the chip's EN and IO0.

    RTS alone holds the chip in reset. With both asserted the circuit lets go of EN, which its
    capacitor still keeps low; the chip starts when RTS is released, and DTR then says where.
    """

    def __init__(self, chip):
        self._chip = chip
        self._dtr = self._rts = self._held = False

    def set_dtr(self, asserted: bool) -> bytes:
        return self._set(asserted, self._rts)

    def set_rts(self, asserted: bool) -> bytes:
        return self._set(self._dtr, asserted)

    def _set(self, dtr: bool, rts: bool) -> bytes:
        self._dtr, self._rts = dtr, rts
        if rts:
            self._held = self._held or not dtr
            return b""
        released, self._held = self._held, False
        return self._chip.reset(download=dtr) if released else b""


def _response(command: int, status: int, result: int | bytes | None = None) -> bytes:
    value, data = (0, result) if isinstance(result, bytes) else (result or 0, b"")
    tail = data + bytes([1 if status else 0, status, 0, 0])
    return slip.encode(_HEADER.pack(1, command, len(tail), value) + tail)


def _mac_registers(chip: Chip, mac: bytes) -> dict[int, int]:
    low = int.from_bytes(mac[2:], "big")
    high = int.from_bytes(mac[:2], "big") | (_mac_crc(mac) << 16 if chip.mac_has_crc else 0)
    return {chip.mac_register: low, chip.mac_register + 4: high}


def _mac_crc(mac: bytes) -> int:
    """CRC-8 of the eFuse block: reflected polynomial 0x8C, start 0 (espefuse, esp32)."""
    crc = 0
    for byte in mac:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x8C if crc & 1 else 0)
    return crc
