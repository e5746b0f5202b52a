"""Where the models of a SunSpec device lie.

A device has the characters "SunS" at one of three addresses. A chain of models follows: the ID of
a model, the number of registers behind these two, and the registers. 0xFFFF ends the chain. A
search says which registers to read next and takes what they hold, until it has found one of the
models wanted, or there is nothing more to read.

Source: SunSpec Alliance, SunSpec Device Information Model Specification, version 1.1.
"""

from limen.core.compat import const

BASES = (40000, 50000, 0)
COMMON = 1  # the model that names manufacturer, model and serial number
MARK = b"SunS"
_MARK_REGISTERS = const(2)
_HEADER_REGISTERS = const(2)
_MOST_MODELS = const(64)  # a chain of zeros would lead through all addresses
_END = const(0xFFFF)
_LAST_ADDRESS = const(0xFFFF)


class Search:
    """Read `count` registers from `address`, then `take` or `refuse`; over when `count` is 0.

    `found` is then the address of the ID of the first of the `models` in the chain, or None;
    `first` that of the model which begins the chain: the one that names the device.
    """

    def __init__(self, models):
        self._models = models
        self._bases = list(BASES)
        self._seen = 0
        self.found = self.first = None
        self._try_next_base()

    def _try_next_base(self):
        """Ask for the mark and for the header of the model behind it."""
        self._in_chain = False
        self.count = 0
        if self._bases:
            self.address = self._bases.pop(0)
            self.count = _MARK_REGISTERS + _HEADER_REGISTERS

    def refuse(self):
        """The device has no such registers."""
        if self._in_chain:
            self.count = 0
        else:
            self._try_next_base()

    def take(self, buffer, offset):
        """Take the registers that were asked for, from `offset` in a buffer on."""
        if not self._in_chain:
            if bytes(buffer[offset : offset + 2 * _MARK_REGISTERS]) != MARK:
                self._try_next_base()
                return
            self._in_chain = True
            self.address += _MARK_REGISTERS
            self.first = self.address
            offset += 2 * _MARK_REGISTERS
        model = buffer[offset] << 8 | buffer[offset + 1]
        length = buffer[offset + 2] << 8 | buffer[offset + 3]
        behind = self.address + _HEADER_REGISTERS + length
        self._seen += 1
        self.count = 0
        if model in self._models and behind <= _LAST_ADDRESS + 1:
            self.found = self.address
        elif model != _END and behind < _LAST_ADDRESS and self._seen < _MOST_MODELS:
            self.address = behind
            self.count = _HEADER_REGISTERS
