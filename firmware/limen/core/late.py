"""Code that is needed for a moment: what is imported now, and lives as long as it is in use."""

import sys


class Borrowed:
    """`with Borrowed():` stands around imports whose modules are forgotten behind it. What somebody
    has taken from them stays, with all it needs, until he lets it go.

    The linker writes it out (`host_tools/linker/resolve.py`), so the chip never sees this class.
    """

    def __enter__(self):
        self._known = set(sys.modules)

    def __exit__(self, *error):
        forget_since(self._known)


def forget_since(known):
    """Forget the modules that are not among the known ones, and then these.

    It takes next to no memory, as what was to be borrowed may have failed for want of it.
    """
    while _forget_one(known):
        pass
    known.clear()  # there may be a hundred, and who has borrowed may be busy for long


def _forget_one(known):
    for name in sys.modules:
        if name not in known:
            package, _, own = name.rpartition(".")
            del sys.modules[name]
            if package in sys.modules:
                delattr(sys.modules[package], own)
            return True
    return False
