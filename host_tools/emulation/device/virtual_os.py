"""The native `os` module, but random bytes come from the seed of this boot."""

import os as _native
import random


def urandom(size):
    return bytes(random.getrandbits(8) for _ in range(size))


def __getattr__(name):
    return getattr(_native, name)
