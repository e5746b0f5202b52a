"""The files on the flash of an emulated board, from outside."""

from littlefs import LittleFS

from host_tools.image import FILE_SYSTEM_BYTES, FILE_SYSTEM_OFFSET


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
            with disk.open(path, "wb") as file:
                file.write(content)
    flash.write(FILE_SYSTEM_OFFSET, bytes(disk.context.buffer))


def _mount(flash):
    image = flash.read(FILE_SYSTEM_OFFSET, FILE_SYSTEM_BYTES)
    disk = LittleFS(block_size=4096, block_count=len(image) // 4096, mount=False)
    disk.context.buffer = bytearray(image)
    disk.mount()
    return disk
