"""Runs first after every reset. Nothing is started here, so that a REPL stays reachable.

An update that waits is put in its place, or taken back, by `swap`; `safe` counts runs that ended
early.

Outputs go to their safe levels before anything can fail, a lost configuration included: they are
kept in the chip's own NVS (`limen.hal.pins`), as pairs of pin and level.
"""

import gc
import os

import esp32
import machine
import vfs
from machine import Pin

outputs = bytearray(32)
try:
    for at in range(0, esp32.NVS("limen").get_blob("outputs", outputs), 2):
        Pin(outputs[at], Pin.OUT, value=outputs[at + 1])
except OSError:
    pass  # none was ever configured
del outputs


class Flash:
    """Tells littlefs what the flash refuses as it wants to be told: by a negative number.

    An exception, as the partition raises, jumps out of the middle of its work. Then it goes on with
    open files whose memory is somebody else's by then: files are lost, or the chip crashes.
    """

    def writeblocks(self, n, buf, offset):
        try:
            return self.partition.writeblocks(n, buf, offset)
        except OSError:
            return -5

    def ioctl(self, op, arg):
        try:
            return self.partition.ioctl(op, arg)
        except OSError:
            return -5


for partition in esp32.Partition.find(esp32.Partition.TYPE_DATA, label="vfs"):
    Flash.partition = partition
    Flash.readblocks = partition.readblocks
    vfs.umount("/")
    vfs.mount(Flash(), "/")
    del partition

names = os.listdir("/")
if "update.json" in names:
    __import__("swap").start(machine)  # known by its name, as it may be of another version
elif "restoring" in names or machine.reset_cause() in (machine.HARD_RESET, machine.WDT_RESET):
    __import__("safe").start(machine)
del names

# Collect before the heap is full: the chip's heap grows into memory that Wi-Fi and TLS need. While
# the gateway starts often, so that what stays lies close together; the first diagnostics set it
# anew. A large heap takes long to collect, and has room.
gc.threshold((gc.mem_alloc() + gc.mem_free()) >> 6)
