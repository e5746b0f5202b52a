"""Where MicroPython images come from: a given file, this machine's cache, or a download of the
version that the board's file pins.

A digest that nobody has read in a source is unknown. The image is then checked for itself, whole
and for this chip, and its digest pinned when it has been written to a board and verified there:
from then on an image of that name with another digest is refused. Pins lie beside the images, in
the format of `sha256sum`.

The names of the files at micropython.org: NAME[-VARIANT]-DATE-vVERSION.bin (its download pages).
"""

import http.client
import os
import urllib.request
from pathlib import Path

from host_tools.board import UNKNOWN
from host_tools.errors import Kind, ToolError
from host_tools.micropython_image import MicroPythonImage

SOURCE = "https://micropython.org/resources/firmware"
CACHE = "LIMEN_CACHE"
_PATIENCE_S = 30


class ImageStore:
    """The images of this machine; `source` is the URL of the folder they are downloaded from."""

    def __init__(self, source: str = SOURCE, folder: Path | None = None):
        self._source = source.rstrip("/")
        self._folder = folder or cache_folder() / "micropython"

    def obtain(self, board: dict, given: Path | None = None) -> MicroPythonImage:
        """The image for a board of these facts, checked; ToolError with what to do."""
        path = given or self._path(board)
        if given or path.exists():
            image = MicroPythonImage.load(path, board["chip"])
        else:
            image = self._download(path, board["chip"])
        expected = self.digest(board) if path.name == file_name(board) else UNKNOWN
        if expected not in (UNKNOWN, image.digest):
            raise ToolError(
                f"{path} is not the image it was: its SHA-256 is {image.digest}, and {expected} is "
                f"expected, by the board's file or by {self._pin(path.name)}. Nothing was written. "
                "Remove it, so that it is downloaded again; if that does not help, ask who "
                "changed it before you trust it.",
                Kind.IMAGE,
            )
        return image

    def keep(self, image: MicroPythonImage, board: dict) -> None:
        """A board has been written with it, and verified: pin its digest, and keep it, if it is
        what the board's file names."""
        path = self._path(board)
        if image.path.name != path.name:
            return
        if not path.exists():
            self._put(path, image.content)
        if not self._pin(path.name).exists():
            self._put(self._pin(path.name), f"{image.digest}  {path.name}\n".encode())

    def digest(self, board: dict) -> str:
        """The SHA-256 that the board's image must have; UNKNOWN until somebody knows it."""
        if board["image"]["sha256"] != UNKNOWN:
            return board["image"]["sha256"]
        pin = self._pin(file_name(board))
        return pin.read_text().split(" ")[0] if pin.exists() else UNKNOWN

    def place(self, board: dict) -> str:
        """Where the image would be taken from."""
        path = self._path(board)
        return str(path) if path.exists() else self._url(path)

    def _path(self, board: dict) -> Path:
        return self._folder / file_name(board)

    def _pin(self, name: str) -> Path:
        return self._folder / f"{name}.sha256"

    def _url(self, path: Path) -> str:
        return f"{self._source}/{path.name}"

    def _download(self, path: Path, chip: str) -> MicroPythonImage:
        url = self._url(path)
        print(f"Downloading {url} ...", flush=True)
        try:
            with urllib.request.urlopen(url, timeout=_PATIENCE_S) as answer:
                content = answer.read()
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise ToolError(
                f"{path.name} is not in {path.parent}, and {url} cannot be downloaded "
                f"({getattr(error, 'reason', None) or error}). Download it where there is a "
                "network, and give the file with --image FILE (IMAGE=FILE): under its name it is "
                "kept from then on. A board that has MicroPython already can keep it: "
                "--keep-micropython.",
                Kind.NETWORK,
            ) from error
        image = MicroPythonImage.of(path, content, chip, f"What {url} sends")
        self._put(path, content)
        return image

    def _put(self, path: Path, content: bytes) -> None:
        """Beside and renamed: whoever else looks sees all of it or nothing."""
        beside = path.with_name(f"{path.name}.{os.getpid()}")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            beside.write_bytes(content)
            beside.replace(path)
        except OSError as error:
            raise ToolError(
                f"The cache {self._folder} cannot be written ({error.strerror}): name another "
                f"folder with the environment variable {CACHE}."
            ) from error


def file_name(board: dict) -> str:
    """What the makers call the image in their downloads."""
    image = board["image"]
    variant = f"-{image['variant']}" if image["variant"] else ""
    return f"{image['name']}{variant}-{image['date']}-v{image['version']}.bin"


def cache_folder() -> Path:
    """This user's, or what the environment names."""
    own = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get(CACHE) or Path(own) / "limen")
