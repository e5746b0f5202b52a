"""Loads the code of a command when it is asked for, and lets it go when it is done."""

import gc
import sys

_VERBS = "limen.commands."
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def load(verb, loaded):
    """The module of a verb; `loaded` gets the names of all modules that came with it."""
    known = set(sys.modules)
    try:
        if verb.strip(_LETTERS):
            raise ImportError
        gc.collect()
        return __import__(_VERBS + verb, None, None, ("*",))
    except ImportError:
        raise ValueError('there is no command "%s"' % verb)
    finally:
        loaded.extend([name for name in sys.modules if name not in known])


def forget(modules):
    """Give the memory of modules back."""
    for name in modules:
        parent, _, own = name.rpartition(".")
        if sys.modules.pop(name, None) and parent in sys.modules:
            delattr(sys.modules[parent], own)
    gc.collect()
