"""Code that is needed for a moment: what is imported now, and lives as long as it is in use."""

import sys


def forget_since(known):
    """Forget the modules that are not among the known ones. What somebody has taken from them
    stays, with all it needs, until he lets it go."""
    for name in list(sys.modules):
        if name not in known:
            package, _, own = name.rpartition(".")
            del sys.modules[name]
            if package in sys.modules:
                delattr(sys.modules[package], own)
