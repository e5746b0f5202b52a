"""What is sent and heard on SPI."""

from limen import drivers


class Chip:
    """A chip select, and the chip behind it, which sees what goes over the wires."""

    def __init__(self):
        self.wire = []

    def output(self, pin, level):
        self.wire.append((pin, level))
        return self

    def value(self, level):
        self.wire.append(level)

    @property
    def spi(self):
        return self

    def write(self, data):
        self.wire.append(bytes(data))

    def readinto(self, buffer):
        self.wire.append(len(buffer))


def test_spi_frames():
    chip = Chip()
    bus_class, _ = drivers.load("spi")
    bus = bus_class(chip, {"id": "wires", "kind": "spi"})
    select = bus.select({"cs": 5})
    bus.write(select, 0x2C, b"\x0c")
    bus.read_into(select, 0x32, bytearray(6))
    assert chip.wire == [(5, 1), 0, b"\x6c", b"\x0c", 1, 0, b"\xf2", 6, 1]
