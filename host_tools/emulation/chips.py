"""What tells one ESP chip from another at its serial port, as data: one table for each chip.

Addresses and bit positions: esptool 5.6, `esptool/targets/<chip>.py`. Texts of the boot log:
Espressif's documentation of boot modes.
"""

import dataclasses


@dataclasses.dataclass(frozen=True)
class SpiEngine:
    """Register offsets of the engine that sends commands to the flash chip."""

    base: int
    user2: int
    read_length: int
    data: int
    address_in_top_bits: bool


@dataclasses.dataclass(frozen=True)
class Chip:
    """`registers` holds address → value after reset; the MAC's two words go to `mac_register`."""

    name: str
    magic: int
    spi: SpiEngine
    mac_register: int
    uart_divider_register: int
    crystal_hz: int
    registers: dict
    begin_words: int
    boot_log_download: str
    boot_log_flash: str
    bootloader_address: int


ESP32 = Chip(
    name="ESP32",
    magic=0x00F01D83,
    spi=SpiEngine(
        base=0x3FF42000, user2=0x24, read_length=0x2C, data=0x80, address_in_top_bits=True
    ),
    mac_register=0x3FF5A004,
    uart_divider_register=0x3FF40014,
    crystal_hz=40_000_000,
    registers={
        # ESP32-D0WD v3.1. eFuse word 3: package, major revision bit 0; word 5: minor revision, bit
        # 1 of the major one; date register: bit 2.
        0x3FF5A00C: 1 << 15 | 1 << 9,
        0x3FF5A014: 1 << 24 | 1 << 20,
        0x3FF6607C: 1 << 31,
        # eFuse word 4 (8 MHz clock, in 1/16 MHz) and its calibration against the crystal. esptool
        # corrects the baud rates it asks for by them; together they say that the clock is exact.
        0x3FF5A010: 128,
        0x3FF5F06C: 800 << 7,
    },
    begin_words=4,
    boot_log_download=(
        "rst:0x1 (POWERON_RESET),boot:0x3 (DOWNLOAD_BOOT(UART0/UART1/SDIO_REI_REO_V2))\r\n"
        "waiting for download\r\n"
    ),
    boot_log_flash="rst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\r\n",
    bootloader_address=0x1000,
)

CHIPS = {"esp32": ESP32}
