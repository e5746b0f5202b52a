"""Recordings whose newest row comes first, as many programs export them: they are turned round.

The first rows tell. Such a file is put on disk once more while it is read, so that memory does not
grow with it.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator

from host_tools.emulation.row_spool import RowSpool

_STEPS_LOOKED_AT = 20
_MOST_LOOKED_AT = 1000


def oldest_first(
    rows: Iterable[tuple], time_of: Callable[[tuple], int | None], on_turned: Callable[[int], None]
) -> Iterator:
    """The rows, which begin with their line, in their order or in the other one, of which
    `on_turned` hears the first line; `time_of` a row is None where it has none.
    """
    rows = iter(rows)
    looked_at, backwards, forwards, before_us = [], 0, 0, None
    for row in itertools.islice(rows, _MOST_LOOKED_AT):
        looked_at.append(row)
        time_us = time_of(row)
        if time_us is not None:
            if before_us is not None:
                backwards += time_us < before_us
                forwards += time_us > before_us
            before_us = time_us
        if backwards + forwards >= _STEPS_LOOKED_AT:
            break
    rows = itertools.chain(looked_at, rows)
    if backwards <= forwards:
        return rows
    on_turned(looked_at[0][0])
    spool = RowSpool()
    for row in rows:
        spool.add(row)
    return reversed(spool)
