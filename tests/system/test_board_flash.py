"""Flash, NVS and the clock of the emulated board: what survives, what wears out, what refuses."""

import pytest

from small_board import VirtualRun


def test_nvs_and_files_survive_a_power_cut(tmp_path):
    program = """
import esp32
nvs = esp32.NVS("limen")
try:
    boots = nvs.get_i32("boots") + 1
except OSError as error:
    print(error)
    boots = 1
nvs.set_i32("boots", boots)
nvs.set_blob("name", b"press")
nvs.commit()
buffer = bytearray(8)
print(boots, nvs.get_blob("name", buffer), bytes(buffer))
nvs.erase_key("name")
try:
    nvs.get_blob("name", buffer)
except OSError as error:
    print(error.errno)
with open("/count", "a") as file:
    file.write("x")
with open("/count") as file:
    print(file.read())
"""
    with VirtualRun(tmp_path, program) as run:
        run.run_for(2)
        run.board.power_cut()
        run.board.start()
        assert run.run_for(2) == [
            "(-4354, 'ESP_ERR_NVS_NOT_FOUND')",
            "1 5 b'press\\x00\\x00\\x00'",
            "-4354",
            "x",
            "2 5 b'press\\x00\\x00\\x00'",
            "-4354",
            "xx",
        ]


def test_flash_is_a_partition_whose_wear_is_counted(tmp_path):
    program = """
import esp32
vfs = esp32.Partition.find(esp32.Partition.TYPE_DATA, label="vfs")[0]
print(vfs.info(), vfs.ioctl(4, 0), vfs.ioctl(5, 0))
last = vfs.ioctl(4, 0) - 1
vfs.ioctl(6, last)
vfs.writeblocks(last, b"\\xf0\\x0f", 100)
vfs.writeblocks(last, b"\\x33\\xff", 100)
buffer = bytearray(4)
vfs.readblocks(last, buffer, 99)
print(bytes(buffer))
try:
    vfs.readblocks(last + 1, buffer)
except OSError as error:
    print(error)
"""
    with VirtualRun(tmp_path, program, counts_flash=True) as run:
        assert run.run_for(1) == [
            "(1, 129, 2097152, 2097152, 'vfs', False) 512 4096",
            "b'\\xff0\\x0f\\xff'",
            "(-260, 'ESP_ERR_INVALID_SIZE')",
        ]
        assert run.board.erases == {1023: 1}
        assert run.board.programmed == {1023: 4}


LAST_BLOCK = """
import esp32, time
vfs = esp32.Partition.find(esp32.Partition.TYPE_DATA, label="vfs")[0]
last = vfs.ioctl(4, 0) - 1
held = bytearray(16)
"""


def test_flash_refuses_as_long_as_it_is_told_and_over_restarts(tmp_path):
    program = (
        LAST_BLOCK
        + """
while True:
    try:
        vfs.writeblocks(last, b"written", 0)
        print("took it")
    except OSError as error:
        print(error)
    time.sleep(10)
"""
    )
    with VirtualRun(tmp_path, program) as run:
        faults = run.board.flash_faults
        faults.refuse(True)
        run.run_for(5)
        run.board.power_cut()
        run.board.start()
        assert run.run_for(5) == ["[Errno 5] EIO"] * 2
        assert faults.refused == 1  # by the program that runs
        faults.refuse(False)
        assert run.run_for(10)[2:] == ["took it"]


def test_a_byte_of_a_worn_block_can_no_longer_be_erased(tmp_path):
    program = (
        LAST_BLOCK
        + """
time.sleep(1)
vfs.ioctl(6, last)
vfs.readblocks(last, held, 100)
print(bytes(held[:4]))
"""
    )
    with VirtualRun(tmp_path, program) as run:
        run.board.flash_faults.wear_out(0x400000 - 4096 + 102)
        assert run.run_for(2) == [r"b'\xff\xff\x00\xff'"]


@pytest.mark.parametrize(
    ("operations", "share", "left"),
    [
        (0, 128, r"b'\xff\xff\xff\xff' b'old!'"),  # half of the erase
        (1, 128, r"b'ne\xff\xff' b'\xff\xff\xff\xff'"),  # half of the write
        (2, 128, r"b'new!' b'\xff\xff\xff\xff'"),  # the next time: nothing of one byte
    ],
)
def test_the_power_fails_within_an_operation_of_the_flash(tmp_path, operations, share, left):
    program = (
        LAST_BLOCK
        + """
vfs.readblocks(last, held, 0)
begin = bytes(held[:4])
vfs.readblocks(last, held, 4000)
print(begin, bytes(held[:4]))
if begin == bytes([255]) * 4:
    vfs.writeblocks(last, b"old!", 0)
    vfs.writeblocks(last, b"old!", 4000)
    time.sleep(2)
    vfs.ioctl(6, last)
    vfs.writeblocks(last, b"new!", 0)
    vfs.writeblocks(last, b"?", 8)
    print("never")
"""
    )
    with VirtualRun(tmp_path, program) as run:
        torn = []
        run.board.flash_faults.on_torn = lambda: torn.append(run.scheduler.now_us)
        run.run_for(1)
        run.board.flash_faults.tear(operations, share)
        run.run_for(3)
        assert len(torn) == 1 and not run.board.is_running
        run.board.start()
        assert run.run_for(1)[1] == left


def test_the_clock_has_the_epoch_of_the_chip(tmp_path):
    program = """
import machine, time
print(time.gmtime(0)[:6], time.mktime((2034, 1, 9, 13, 37, 4, 0, 0)))
machine.RTC().datetime((2036, 2, 29, 0, 12, 30, 15, 250000))
time.sleep(1)
print(time.gmtime(), time.time() == time.mktime(time.gmtime()))
"""
    with VirtualRun(tmp_path, program) as run:
        assert run.run_for(3) == [
            "(2000, 1, 1, 0, 0, 0) 1073741824",
            "(2036, 2, 29, 12, 30, 16, 4, 60) True",
        ]
