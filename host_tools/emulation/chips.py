"""What tells one ESP chip from another at its serial port, as data: one table for each chip.

Addresses and bit positions: esptool 5.6, `esptool/targets/<chip>.py`. Texts of the boot log:
Espressif's documentation of boot modes, and logs that users of the chips show.
"""

import dataclasses

MAC = bytes.fromhex("024c696d656e")
"""That of an emulated chip: a local address, which no maker gives."""


@dataclasses.dataclass(frozen=True)
class SpiEngine:
    """Register offsets of the engine that sends commands to the flash chip."""

    base: int
    user2: int
    read_length: int
    data: int
    address_in_top_bits: bool


@dataclasses.dataclass(frozen=True)
class BootLog:
    """What the ROM prints: `head`, then why it starts (`power_on`, `software`) and from where."""

    head: str
    power_on: str
    software: str
    download: str
    flash: str

    def text(self, cause: str, mode: str) -> str:
        return f"{self.head}rst:{cause},boot:{mode}\r\n"


@dataclasses.dataclass(frozen=True)
class Chip:
    """`registers` holds address → value after reset; the MAC's two words go to `mac_register`.

    An image names its chip by `image_id`. The ROM of newer chips tells that number itself
    (GET_SECURITY_INFO); older ones have a `magic` number in a register instead.
    """

    name: str
    image_id: int
    magic: int | None
    spi: SpiEngine
    mac_register: int
    mac_has_crc: bool
    uart_divider_register: int
    crystal_hz: int
    registers: dict
    begin_words: int
    boot_log: BootLog
    bootloader_address: int


ESP32 = Chip(
    name="ESP32",
    image_id=0,
    magic=0x00F01D83,
    spi=SpiEngine(
        base=0x3FF42000, user2=0x24, read_length=0x2C, data=0x80, address_in_top_bits=True
    ),
    mac_register=0x3FF5A004,
    mac_has_crc=True,
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
    boot_log=BootLog(
        head="ets Jul 29 2019 12:21:46\r\n\r\n",
        power_on="0x1 (POWERON_RESET)",
        software="0xc (SW_CPU_RESET)",
        download="0x3 (DOWNLOAD_BOOT(UART0/UART1/SDIO_REI_REO_V2))",
        flash="0x13 (SPI_FAST_FLASH_BOOT)",
    ),
    bootloader_address=0x1000,
)

_NEWER_SPI = SpiEngine(
    base=0x60002000, user2=0x20, read_length=0x28, data=0x58, address_in_top_bits=False
)

ESP32_S3 = Chip(
    name="ESP32-S3",
    image_id=9,
    magic=None,
    spi=_NEWER_SPI,
    mac_register=0x60007044,
    mac_has_crc=False,
    uart_divider_register=0x60000014,
    crystal_hz=40_000_000,
    # Word 3 of eFuse block 1: minor revision 2.
    registers={0x60007050: 2 << 18},
    begin_words=5,
    boot_log=BootLog(
        head="ESP-ROM:esp32s3-20210327\r\nBuild:Mar 27 2021\r\n",
        power_on="0x1 (POWERON)",
        software="0xc (RTC_SW_CPU_RST)",
        download="0x0 (DOWNLOAD(USB/UART0))",
        flash="0x8 (SPI_FAST_FLASH_BOOT)",
    ),
    bootloader_address=0x0,
)

ESP32_C3 = Chip(
    name="ESP32-C3",
    image_id=5,
    magic=None,
    spi=_NEWER_SPI,
    mac_register=0x60008844,
    mac_has_crc=False,
    uart_divider_register=0x60000014,
    crystal_hz=40_000_000,
    # Word 3 of eFuse block 1: minor revision 4.
    registers={0x60008850: 4 << 18},
    begin_words=5,
    boot_log=BootLog(
        head="ESP-ROM:esp32c3-api1-20210207\r\nBuild:Feb  7 2021\r\n",
        power_on="0x1 (POWERON)",
        software="0xc (RTC_SW_CPU_RST)",
        download="0x4 (DOWNLOAD(USB/UART0/1))",
        flash="0xc (SPI_FAST_FLASH_BOOT)",
    ),
    bootloader_address=0x0,
)

CHIPS = {"esp32": ESP32, "esp32s3": ESP32_S3, "esp32c3": ESP32_C3}
