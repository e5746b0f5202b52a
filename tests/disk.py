"""The files on the flash of an emulated board, from outside."""

from host_tools.image import FILE_SYSTEM_BYTES, FILE_SYSTEM_OFFSET, mounted
from host_tools.partitions import FILE_SYSTEM, TABLE_BYTES, TABLE_OFFSET, partition_of


def files_on(flash):
    """{path: content} of all that is there."""
    disk, found = _mount(flash), {}
    for folder, _, names in disk.walk("/"):
        for name in names:
            path = f"{folder.rstrip('/')}/{name}"
            with disk.open(path, "rb") as file:
                found[path] = file.read()
    return found


def put_on(flash, files):
    """Write {path: content}, None for a file that is to go; the board must be off."""
    disk = _mount(flash)
    for path, content in files.items():
        if content is None:
            disk.remove(path)
        else:
            disk.makedirs(path.rpartition("/")[0] or "/", exist_ok=True)
            with disk.open(path, "wb") as file:
                file.write(content)
    flash.write(_place(flash)[0], bytes(disk.context.buffer))


def fill(flash, blocks_left):
    """Leave so much room; the board must be off."""
    disk = _mount(flash)
    blocks = disk.block_count - disk.used_block_count - blocks_left
    # A file of many blocks spends a pointer or two of each on the way back.
    put_on(flash, {"/full": bytes(blocks * 4096 - 16 * blocks)})


def _mount(flash):
    return mounted(flash.read(*_place(flash)))


def _place(flash):
    table = flash.read(0, TABLE_OFFSET + TABLE_BYTES)
    return partition_of(table, FILE_SYSTEM) or (FILE_SYSTEM_OFFSET, FILE_SYSTEM_BYTES)
