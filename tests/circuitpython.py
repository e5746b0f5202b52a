"""What CircuitPython drivers ask for, over emulated parts: a peer reads here what a driver reads.

The drivers come from PyPI (requirements-peers.txt). Their `time` is the world's, so that waiting
for a conversion lets it end.
"""

import sys
from types import ModuleType, SimpleNamespace

import pytest

from host_tools.emulation.parts import Nack

_STOOD_IN = ("busio", "digitalio", "microcontroller", "micropython", "onewireio")
_TRANSFER_US = 300
_BIT_US = 70


class I2C:
    """`busio.I2C` with emulated parts by address."""

    def __init__(self, scheduler, parts):
        self._scheduler = scheduler
        self._parts = parts

    def try_lock(self):
        return True

    def unlock(self):
        pass

    def writeto(self, address, buffer, *, start=0, end=None):
        self._pass()
        try:
            if buffer:
                self._part(address).write(bytes(buffer[start:end]))
        except Nack as error:
            raise OSError("no acknowledge") from error

    def readfrom_into(self, address, buffer, *, start=0, end=None):
        self._pass()
        end = len(buffer) if end is None else end
        try:
            buffer[start:end] = self._part(address).read(end - start)
        except Nack as error:
            raise OSError("no acknowledge") from error

    def writeto_then_readfrom(
        self, address, out, into, *, out_start=0, out_end=None, in_start=0, in_end=None
    ):
        self.writeto(address, out, start=out_start, end=out_end)
        self.readfrom_into(address, into, start=in_start, end=in_end)

    def _part(self, address):
        if address not in self._parts:
            raise OSError("nobody is there")
        return self._parts[address]

    def _pass(self):
        self._scheduler.run_until(self._scheduler.now_us + _TRANSFER_US)


class OneWire:
    """`onewireio.OneWire`; its pin is (scheduler, line)."""

    def __init__(self, pin):
        self._scheduler, self._line = pin

    def reset(self):
        """CircuitPython's answer is True when nobody is there."""
        return not self._line.reset()

    def read_bit(self):
        self._pass()
        return bool(self._line.read_bit())

    def write_bit(self, value):
        self._pass()
        self._line.write_bit(int(value))

    def _pass(self):
        self._scheduler.run_until(self._scheduler.now_us + _BIT_US)


def load(monkeypatch, scheduler, name):
    """Import a driver of CircuitPython into this test; skip where it is not installed."""
    modules = {known: ModuleType(known) for known in _STOOD_IN}
    modules["busio"].I2C = modules["busio"].SPI = I2C
    modules["digitalio"].DigitalInOut = object
    modules["microcontroller"].Pin = object
    modules["micropython"].const = int
    modules["onewireio"].OneWire = OneWire
    for known, module in modules.items():
        monkeypatch.setitem(sys.modules, known, module)
    driver = pytest.importorskip(name, reason=f"{name} is not installed: make setup installs it")
    for module in list(sys.modules.values()):
        if getattr(module, "__name__", "").startswith("adafruit_"):
            _give_time(monkeypatch, module, scheduler)
    return driver


def _give_time(monkeypatch, module, scheduler):
    def sleep(seconds):
        scheduler.run_until(scheduler.now_us + int(seconds * 1e6) + 1)

    time = SimpleNamespace(sleep=sleep, monotonic=lambda: scheduler.now_us / 1e6)
    for name, stand_in in (("time", time), ("sleep", sleep)):
        if hasattr(module, name):
            monkeypatch.setattr(module, name, stand_in)
