"""Updates over the serial port whose power is cut at random moments, and the ones that follow."""

import random
import threading
import time
from collections import Counter
from unittest import mock

from host_tools import prompt
from host_tools.errors import ToolError
from host_tools.gateway_image import gateway_files
from host_tools.paths import PROJECT
from host_tools.prompt import Prompt
from host_tools.site import load_site
from host_tools.update import Cable, update
from served_board import ServedBoard, wait_for

_BYTES = 25_000
_LONGEST_START_S = 1.5


# A busy machine makes the emulated board slower to answer than any chip.
@mock.patch.multiple(prompt, _PATIENCE_S=60, _PROMPT_S=30)
def play(folder, count, seed):
    """So many updates of one board, to files made of chance; where they were cut off, counted.

    Asserts after each that the second run has put all files in their places and taken away those
    that are not needed any more, and that the board still has what it keeps itself.
    """
    files = gateway_files(load_site(PROJECT / "examples/press/site.toml"), "press-07")
    places = Counter()
    with ServedBoard(folder, files) as board:
        wait_for(lambda: "/state/values.json" in board.files())
        for number in range(count):
            chance = random.Random(f"{seed}.{number}")
            changed = files | {
                f"/lib/limen/x{n}.mpy": chance.randbytes(chance.randrange(3000))
                for n in chance.sample(range(6), 3)
            }
            incarnation = board.state()["inc"]
            places[_cut_off(board, changed, chance)] += 1
            _update(board, changed)
            wait_for(lambda changed=changed: board.has(changed))
            assert board.state()["inc"] == incarnation, number
    return dict(places)


def _cut_off(board, changed, chance):
    """Where the power was cut: while files came, or while they were put in their places."""
    sent = threading.Event()
    cutter = threading.Thread(target=_cut, args=(board, chance, sent))
    cutter.start()
    place = "at work"
    try:
        _update(board, changed)
        place = "at the start"
    except ToolError:
        pass  # as is to be expected
    sent.set()
    cutter.join()
    return place


def _update(board, changed):
    """Over the serial port, which the emulated board's new process may hold for a moment: it is a
    fork of this one."""
    while True:
        try:
            with Prompt(board.port) as at_board:
                return update(changed, Cable(at_board))
        except ToolError as error:
            if "in use" not in str(error) and "failed to access" not in str(error):
                raise


def _cut(board, chance, sent):
    """Once so many bytes have come; where fewer come, so long after the last one."""
    count = board.received + chance.randrange(_BYTES)
    while board.received < count and not sent.is_set():
        time.sleep(0.002)
    if sent.is_set():
        time.sleep(chance.uniform(0, _LONGEST_START_S))
    board.power_cycle()
