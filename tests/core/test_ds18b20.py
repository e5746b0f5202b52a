"""The DS18B20 on its wire."""

from fake_i2c import Channel, device, new_clock, read

from limen.core.quality import BAD, GOOD
from limen.drivers import (
    ds18b20,
)


def scratchpad(raw, config=0x7F):
    data = bytes((raw & 0xFF, raw >> 8 & 0xFF, 0x4B, 0x46, config, 0xFF, 0x0C, 0x10))
    return data + bytes((ds18b20.crc8(data),))


def test_ds18b20_table_of_the_data_sheet():
    golden = (
        (0x07D0, 125000),
        (0x0191, 25062),
        (0x00A2, 10125),
        (0x0008, 500),
        (0x0000, 0),
        (0xFFF8, -500),
        (0xFF5E, -10125),
        (0xFE6F, -25062),
        (0xFC90, -55000),
    )
    for raw, thousandths in golden:
        sixteenths = ds18b20.sixteenths(scratchpad(raw))
        assert sixteenths * 1000 // 16 in (thousandths, thousandths - 1)


def test_ds18b20_has_no_value_at_power_on_or_out_of_its_range():
    for raw in (0x0550, 0x07D1, 0xFC8F, 0x7FFF, 0x8000):
        assert ds18b20.sixteenths(scratchpad(raw)) is None


def test_ds18b20_bits_below_the_resolution_are_dropped():
    found = [ds18b20.sixteenths(scratchpad(0x0197, config)) for config in (0x1F, 0x3F, 0x5F, 0x7F)]
    assert found == [0x190, 0x194, 0x196, 0x197]
    assert ds18b20.sixteenths(scratchpad(0xFFF9, 0x1F)) == -8
    # 85.4 °C at 9 bits may be what is shown at power-on.
    assert ds18b20.sixteenths(scratchpad(0x0557, 0x1F)) is None


def test_ds18b20_checksum():
    # Analog Devices, application note 27: the ROM code 02 1C B8 01 00 00 00 has the CRC A2.
    assert ds18b20.crc8(b"\x02\x1c\xb8\x01\x00\x00\x00") == 0xA2
    assert ds18b20.is_whole(scratchpad(0x0191))
    assert not ds18b20.is_whole(scratchpad(0x0191)[:8] + b"\x00")
    assert not ds18b20.is_whole(bytes(9))
    assert not ds18b20.is_whole(b"\xff" * 9)


class OneWire:
    """A 1-Wire port; `pads` are the scratchpads by ROM, None that of whoever is there."""

    def __init__(self, pads):
        self.clock = new_clock()
        self.pads = pads
        self.commands = []
        self.rom = None

    def reset(self):
        return bool(self.pads)

    def writebyte(self, byte):
        self.commands.append(byte)
        if byte == 0xCC:
            self.rom = None

    def write(self, data):
        if self.commands[-1] == 0x55:
            self.rom = bytes(data)
        else:
            self.commands.append(bytes(data))

    def readinto(self, buffer):
        buffer[:] = self.pads.get(self.rom, b"\xff" * 9)


ROM = "28ff641e841605"


def ds18b20_of(port, rom=None, bits=12):
    return device("ds18b20", port, [Channel("temperature")], "onewire", rom=rom, bits=bits)


def test_ds18b20_reads():
    port = OneWire({None: scratchpad(0xFF5E)})
    one = ds18b20_of(port)
    assert read(one) == [(-1013, GOOD)]
    assert port.commands == [0xCC, 0xBE, 0xCC, 0x44, 0xCC, 0xBE]
    assert port.clock.ms == 5750


def test_ds18b20_sets_its_resolution():
    port = OneWire({None: scratchpad(0x00A2)})
    read(ds18b20_of(port, bits=10))
    assert port.commands[2:5] == [0xCC, 0x4E, b"\x4b\x46\x3f"]


def test_ds18b20_sensors_share_a_conversion():
    # The code 28 00 00 00 00 00 00 has the CRC 1E.
    rom, other = bytes.fromhex(ROM + "ee"), bytes.fromhex("28" + "00" * 6 + "1e")
    port = OneWire({rom: scratchpad(0x0191), other: scratchpad(0xFFF8)})
    ones = [ds18b20_of(port, text) for text in (ROM, "28" + "00" * 6)]
    ones[1].bus = ones[0].bus
    for conversions in (1, 2, 3):
        assert [read(one) for one in ones] == [[(2506, GOOD)], [(-50, GOOD)]]
        assert port.commands.count(0x44) == conversions
    port.clock.ms += 2000
    read(ones[1])
    assert port.commands.count(0x44) == 4


def test_ds18b20_that_is_absent_or_was_reset_is_bad():
    port = OneWire({})
    one = ds18b20_of(port)
    assert read(one) == [(None, BAD)]
    assert one.bus.no_answer == 1
    port.pads[None] = scratchpad(0x0550)
    assert read(one) == [(None, BAD)]
    port.pads[None] = scratchpad(0x0191)
    assert read(one) == [(2506, GOOD)]
    assert read(ds18b20_of(port, ROM)) == [(None, BAD)]
