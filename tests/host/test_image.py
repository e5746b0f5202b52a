"""The image that is flashed: the same bytes each time, and MicroPython itself reads it back."""

import hashlib
import json
import struct
import subprocess

import pytest

from host_tools import image, interpreter
from host_tools.bytecode import compile_module
from host_tools.errors import ToolError

FILES = {"/boot.py": b"import limen\n", "/lib/limen/core/a.mpy": bytes(range(256)) * 40, "/e": b""}

MOUNT_AND_READ = """
import hashlib, json, os, sys, vfs
class Flash:
    def __init__(self, path, offset):
        self.file = open(path, 'r+b')
        self.offset = offset
    def readblocks(self, block, buffer, offset=0):
        self.file.seek(self.offset + block * 4096 + offset)
        self.file.readinto(buffer)
    def writeblocks(self, block, buffer, offset=None):
        if offset is None:
            self.ioctl(6, block)
        self.file.seek(self.offset + block * 4096 + (offset or 0))
        self.file.write(buffer)
    def ioctl(self, op, block):
        if op == 4:
            return 512
        if op == 5:
            return 4096
        if op == 6:
            self.file.seek(self.offset + block * 4096)
            self.file.write(b'\\xff' * 4096)
            return 0
files = vfs.VfsLfs2(Flash(sys.argv[1], 0x200000), progsize=32, readsize=32, lookahead=32)
vfs.mount(files, '/flash')
def walk(folder):
    for name, kind, *_ in os.ilistdir(folder):
        path = folder + '/' + name
        if kind == 0x4000:
            yield from walk(path)
        else:
            yield path
def digest(path):
    return ''.join('%02x' % b for b in hashlib.sha256(open(path, 'rb').read()).digest())
found = {path[6:]: digest(path) for path in walk('/flash')}
with open('/flash/written', 'w') as file:
    file.write('by the device')
vfs.umount('/flash')
print(json.dumps(found))
"""


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def test_the_same_files_give_the_same_bytes():
    assert image.build_image(FILES) == image.build_image(dict(reversed(FILES.items())))


def test_another_file_gives_other_bytes():
    assert image.build_image(FILES) != image.build_image(FILES | {"/boot.py": b"import limem\n"})


def test_the_superblock_has_the_geometry_of_the_chip():
    superblock = image.build_image({})[:64]
    name, version, block_bytes, blocks = struct.unpack_from("<8s4xIII", superblock, 8)
    assert (name, hex(version), block_bytes, blocks) == (b"littlefs", "0x20000", 4096, 512)


def test_flash_is_all_ones_but_for_the_image():
    built = image.build_image(FILES)
    flash = image.flash_file(built)
    assert len(flash) == 4 * 1024 * 1024
    assert flash[:0x200000] == b"\xff" * 0x200000
    assert flash[0x200000:] == built


def test_files_that_do_not_fit_are_named():
    with pytest.raises(ToolError, match=r"/big failed .* 70000 bytes together.* 65536\."):
        image.build_image({"/big": bytes(70000)}, size=65536)


def test_micropython_mounts_the_flash_and_reads_every_file(tmp_path):
    found = interpreter.find_or_none()
    if not found:
        pytest.skip("no MicroPython on this machine: run `make`")
    files = FILES | image.firmware_files()
    flash, script = tmp_path / "flash.bin", tmp_path / "mount.py"
    flash.write_bytes(image.flash_file(image.build_image(files)))
    script.write_text(MOUNT_AND_READ)
    read = subprocess.check_output([*found.command, str(script), str(flash)])
    assert json.loads(read) == {path: sha256(content) for path, content in files.items()}
    assert image.read_file(flash.read_bytes(), "/written") == b"by the device"


def test_the_firmware_lies_where_the_board_imports_it():
    files = image.firmware_files()
    for path in ("/lib/limen/__init__.mpy", "/lib/limen/drivers_i2c.mpy"):
        assert files[path][:2] == b"M\x06"
    assert any(path.startswith("/lib/") and path.count("/") == 2 for path in files)
    assert b"\nfrom limen import " in files["/main.py"]
    assert not [path for path in files if path.startswith("/lib") and path.endswith(".py")]


def test_compiling_again_gives_the_same_bytecode_and_another_source_does_not():
    first = compile_module(b"x = 1\n", "limen/x.py")
    assert compile_module(b"x = 1\n", "limen/x.py") == first
    assert compile_module(b"x = 2\n", "limen/x.py") != first


def test_asserts_stay_only_where_they_are_asked_for():
    source = b"def f(x):\n    assert x, 'what an assert says'\n"
    assert b"what an assert says" in compile_module(source, "t.py", level=0)
    assert b"what an assert says" not in compile_module(source, "t.py")


def test_source_that_is_not_micropython_is_named_with_its_line():
    with pytest.raises(ToolError, match=r"limen/bad\.py cannot be compiled[^?]*line 2"):
        compile_module(b"x = 1\nmatch x:\n    case 1: pass\n", "limen/bad.py")
