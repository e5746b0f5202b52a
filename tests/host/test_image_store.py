"""Where MicroPython images come from, and which of them are refused."""

import hashlib
import http.server
import threading

import pytest

from host_tools.board import UNKNOWN, load_board
from host_tools.emulation.chips import ESP32, ESP32_C3
from host_tools.emulation.stand_in_image import stand_in_image
from host_tools.errors import Kind, ToolError
from host_tools.image_store import ImageStore, cache_folder, file_name

BOARD = load_board("espressif-esp32-devkitc")
NAME = "ESP32_GENERIC-20250415-v1.25.0.bin"
IMAGE = stand_in_image(ESP32, "MicroPython v1.25.0 on 2025-04-15; a stand-in")
OTHER = stand_in_image(ESP32, "MicroPython v1.25.0 on 2025-04-15; another")


@pytest.fixture
def server(tmp_path):
    """A folder that is served, and the paths that were asked for."""
    folder = tmp_path / "served"
    folder.mkdir()
    asked = []

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments):
            super().__init__(*arguments, directory=folder)

        def log_message(self, *_):
            asked.append(self.path)

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as served:
        threading.Thread(target=served.serve_forever).start()
        yield folder, f"http://127.0.0.1:{served.server_port}/", asked
        served.shutdown()


def store(tmp_path, source="http://127.0.0.1:9"):
    return ImageStore(source, tmp_path / "cache")


def refusal(kind, images, **options):
    with pytest.raises(ToolError) as refused:
        images.obtain(BOARD, **options)
    assert refused.value.status == kind
    return str(refused.value)


def test_the_pinned_version_is_downloaded_once(tmp_path, server):
    folder, url, asked = server
    (folder / NAME).write_bytes(IMAGE)
    for _ in range(2):
        image = store(tmp_path, url).obtain(BOARD)
        assert (image.content, image.path) == (IMAGE, tmp_path / "cache" / NAME)
    assert asked == [f"/{NAME}"]


def test_a_variant_has_its_own_file():
    assert file_name(load_board("espressif-esp32-devkitc-ve")) == (
        "ESP32_GENERIC-SPIRAM-20250415-v1.25.0.bin"
    )


def test_offline_it_says_what_to_do(tmp_path):
    sentence = refusal(Kind.NETWORK, store(tmp_path))
    assert sentence.startswith(f"{NAME} is not in {tmp_path / 'cache'}, and http://127.0.0.1:9/")
    assert "Connection refused" in sentence and "IMAGE=FILE" in sentence
    assert "--keep-micropython" in sentence
    assert not (tmp_path / "cache").exists()


def test_what_the_server_does_not_have_or_sends_instead_is_not_kept(tmp_path, server):
    folder, url, _ = server
    assert "not found" in refusal(Kind.NETWORK, store(tmp_path, url))
    (folder / NAME).write_bytes(b"<html>sign in</html>")
    sentence = refusal(Kind.IMAGE, store(tmp_path, url))
    assert sentence.startswith(f"What {url}{NAME} sends is no whole MicroPython image")
    assert not (tmp_path / "cache").exists()


def test_the_digest_is_unknown_until_a_board_was_written(tmp_path):
    given = tmp_path / NAME
    given.write_bytes(IMAGE)
    images = store(tmp_path)
    assert images.digest(BOARD) == UNKNOWN
    images.keep(images.obtain(BOARD, given), BOARD)
    assert images.digest(BOARD) == hashlib.sha256(IMAGE).hexdigest()
    pin = tmp_path / "cache" / f"{NAME}.sha256"
    assert pin.read_text() == f"{hashlib.sha256(IMAGE).hexdigest()}  {NAME}\n"
    assert store(tmp_path).obtain(BOARD).content == IMAGE  # from the cache, without a network


def test_an_image_of_another_digest_is_refused(tmp_path):
    given = tmp_path / NAME
    given.write_bytes(IMAGE)
    images = store(tmp_path)
    images.keep(images.obtain(BOARD, given), BOARD)
    given.write_bytes(OTHER)
    sentence = refusal(Kind.IMAGE, images, given=given)
    assert "is not the image it was: its SHA-256 is" in sentence
    assert hashlib.sha256(IMAGE).hexdigest() in sentence
    (tmp_path / "cache" / NAME).write_bytes(OTHER)
    assert "is not the image it was" in refusal(Kind.IMAGE, images)


def test_the_digest_of_the_board_s_file_counts_first(tmp_path):
    given = tmp_path / NAME
    given.write_bytes(OTHER)
    digest = hashlib.sha256(IMAGE).hexdigest()
    board = BOARD | {"image": BOARD["image"] | {"sha256": digest}}
    images = store(tmp_path)
    assert images.digest(board) == digest
    with pytest.raises(ToolError, match=f"{digest} is expected, by the board's file"):
        images.obtain(board, given)


def test_a_given_file_may_be_of_another_version(tmp_path):
    given = tmp_path / "my-build.bin"
    given.write_bytes(OTHER)
    images = store(tmp_path)
    images.keep(images.obtain(BOARD, given), BOARD)
    assert images.digest(BOARD) == UNKNOWN
    assert not (tmp_path / "cache").exists()


def test_a_given_file_for_another_chip_is_refused(tmp_path):
    given = tmp_path / NAME
    given.write_bytes(stand_in_image(ESP32_C3, "MicroPython v1.25.0 on 2025-04-15; a C3"))
    assert "is for another chip than an ESP32" in refusal(Kind.IMAGE, store(tmp_path), given=given)


def test_a_cache_that_cannot_be_written_is_told(tmp_path, server):
    folder, url, _ = server
    (folder / NAME).write_bytes(IMAGE)
    (tmp_path / "cache").write_text("a file")
    assert "name another folder with the environment variable LIMEN_CACHE" in refusal(
        Kind.FAILED, store(tmp_path, url)
    )


def test_the_cache_is_the_user_s_or_what_the_environment_names(tmp_path, monkeypatch):
    monkeypatch.delenv("LIMEN_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "limen"
    monkeypatch.setenv("LIMEN_CACHE", "/elsewhere")
    assert str(cache_folder()) == "/elsewhere"
