"""Properties are tried with the same examples at each run, so that only a change can fail them.

New examples are what `make properties` is for. How long one takes is nobody's business.
"""

import gc
import signal

from hypothesis import settings

settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("new", deadline=None)
if settings.get_current_profile_name() == "default":  # mutants are tried with one of their own
    settings.load_profile("same")

# Ctrl-C is ignored by what a shell runs in the background, and by all that this starts; tests end
# programs with it.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_finish():
    """Thousands of tests are there to stay: the collector looks at what comes after them only."""
    gc.collect()
    gc.freeze()
