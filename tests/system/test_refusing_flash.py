"""Files on flash that refuses now and then: each is old or new, whole, and the chip goes on."""

import random

from host_tools.paths import FIRMWARE
from small_board import VirtualRun

PROGRAM = """
import gc, os, random, time

def save(name, data):
    try:
        with open(name + ".new", "wb") as file:
            for at in range(0, len(data), 64):
                file.write(data[at : at + 64])
                time.sleep_ms(1)
        os.rename(name + ".new", name)
    except OSError as error:
        refused.add(error.errno)
        return False
    held[name] = data
    return True

def read(name):
    with open(name, "rb") as file:
        return file.read()

held, refused = {}, set()
for name in ("a", "b", "c"):
    save(name, b"begin")
while True:
    name = random.choice(list(held))
    is_saved = save(name, bytes([random.getrandbits(8)]) * random.choice((10, 90, 700, 5000)))
    gc.collect()
    filled = [bytearray(b"U" * random.randint(16, 400)) for _ in range(30)]
    if is_saved:
        print("saved")
    for other in held:
        if read(other) != held[other]:
            print(other, "is", read(other)[:20])
    if time.ticks_ms() > 3000:
        print("end", refused)
        break
"""


def test_files_stay_whole_whatever_the_flash_refuses(tmp_path):
    files = {"/boot.py": (FIRMWARE / "boot.py").read_bytes()}
    with VirtualRun(tmp_path, PROGRAM, files=files) as run:
        dice = random.Random(1)
        for ms in range(100, 3_000, 20):
            refuses = dice.random() < 0.3
            run.scheduler.at(
                ms * 1000, lambda refuses=refuses: run.board.flash_faults.refuse(refuses)
            )
        lines = run.run_for(5)
        refused = run.board.flash_faults.refused
    assert set(lines) == {"saved", "end {5}"}, run.exits
    assert lines.count("saved") > 20 and refused > 20
