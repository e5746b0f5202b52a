"""The `limen` command, and the emulated world in which the firmware runs without hardware.

The host shares the firmware's pure core: its modules are imported from where they lie.
"""

import sys

from host_tools.paths import FIRMWARE

if str(FIRMWARE) not in sys.path:
    sys.path.append(str(FIRMWARE))
