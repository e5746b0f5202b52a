"""An I2C bus of sensors. A sensor that does not answer raises OSError, as `machine.I2C` does."""

from limen.drivers.sensor import Wires


class Bus(Wires):
    """`port` is a `machine.I2C`."""

    def select(self, settings):
        return settings["address"]

    def send(self, address, data):
        self.port.writeto(address, data)

    def receive_into(self, address, buffer):
        self.port.readfrom_into(address, buffer)

    def write(self, address, register, data):
        self.port.writeto_mem(address, register, data)

    def read_into(self, address, register, buffer):
        self.port.readfrom_mem_into(address, register, buffer)
