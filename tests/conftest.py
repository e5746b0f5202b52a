"""Properties are tried with the same examples at each run, so that only a change can fail them.

New examples are what `make properties` is for.
"""

from hypothesis import settings

settings.register_profile("same", derandomize=True)
settings.load_profile("same")
