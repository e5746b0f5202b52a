"""`limen station`: board after board becomes the next gateway, and gets its label."""

import csv
import shutil
from concurrent.futures import Future
from types import SimpleNamespace

import pytest
import segno
from PIL import Image

from emulated_port import served
from host_tools import station
from host_tools.cli import main
from host_tools.emulation.chips import ESP32
from host_tools.emulation.nor_flash import NorFlash
from host_tools.emulation.rom_loader import RomLoader
from host_tools.emulation.serial_carriers import PtyCarrier
from host_tools.emulation.stand_in_image import stand_in_image
from host_tools.errors import ToolError
from host_tools.image import FILE_SYSTEM_OFFSET
from host_tools.label import Label, write_labels
from host_tools.paths import PROJECT
from host_tools.site import load_site

PRESS = PROJECT / "examples/press"
MACS = ["02:4c:69:6d:65:01", "02:4c:69:6d:65:02", "02:4c:69:6d:65:03"]


@pytest.fixture
def site(tmp_path):
    """The example's gateway, three times."""
    text = (PRESS / "site.toml").read_text()
    begin = text.index("[gateway.press-07]")
    gateways = [text[begin:].replace("press-07", name) for name in ("press-07", "press-08", "p9")]
    path = tmp_path / "site.toml"
    path.write_text(text[:begin] + "\n".join(gateways))
    shutil.copy(PRESS / "secrets.toml", tmp_path)
    return path


@pytest.fixture
def book(site, tmp_path):
    folder = tmp_path / "labels"
    folder.mkdir()
    return station.Book(load_site(site), [], folder)


def at_once(boards, failing=()):
    """Stands for the processes: what is at a port is {port: (chip, MAC)}."""

    def submit(function, *arguments):
        future = Future()
        if function is station.identify:
            future.set_result(boards[arguments[0]])
        elif arguments[2] in failing:
            future.set_exception(ToolError("The cable was pulled."))
        else:
            future.set_result(None)
        return future

    return submit


def serve(book, port, boards, failing=()):
    return station.serve_board(book, port, at_once(boards, failing), 115200)


def test_boards_become_the_gateways_in_the_order_of_the_file(book, capsys):
    boards = {f"/dev/ttyUSB{n}": ("esp32", mac) for n, mac in enumerate(MACS)}
    assert [serve(book, port, boards) for port in boards] == [True] * 3
    assert book.boards == dict(zip(MACS, ["press-07", "press-08", "p9"], strict=True))
    assert book.is_complete
    assert (book.folder / "p9.png").exists() and (book.folder / "all.pdf").exists()
    said = capsys.readouterr().out
    assert f"/dev/ttyUSB0: {MACS[0]} becomes press-07 ..." in said
    assert "press-07 is done, its label is " in said and "Next: press-08." in said
    assert said.endswith("That was the last one.\n")


def test_a_board_that_fails_leaves_its_gateway_to_the_next(book, capsys):
    boards = {"one": ("esp32", MACS[0]), "two": ("esp32", MACS[1])}
    assert not serve(book, "one", boards, failing=["one"])
    assert capsys.readouterr().out.endswith("one: The cable was pulled.\n")
    assert book.boards == {}
    assert serve(book, "two", boards)
    assert book.boards == {MACS[1]: "press-07"}


def test_a_board_that_comes_again_is_what_it_was_and_a_station_goes_on(book, site):
    boards = {"one": ("esp32", MACS[0]), "two": ("esp32", MACS[1])}
    serve(book, "one", boards)
    later = station.Book(load_site(site), [], book.folder)
    assert later.open == ["press-08", "p9"]
    assert serve(later, "one", boards)
    assert later.boards == {MACS[0]: "press-07"}
    assert not serve(later, "one", boards, failing=["one"])
    assert later.open == ["press-08", "p9"]


def test_a_chip_that_no_gateway_has_is_left_alone(book, capsys):
    assert not serve(book, "one", {"one": ("esp32c3", MACS[0])})
    said = capsys.readouterr().out
    assert f"No gateway is left for an esp32c3; this board ({MACS[0]}) was left as it is" in said
    assert "press-07 (esp32)" in said


def test_more_boards_than_gateways(site, tmp_path, capsys):
    book = station.Book(load_site(site), ["p9"], tmp_path)
    boards = {"one": ("esp32", MACS[0]), "two": ("esp32", MACS[1])}
    assert [serve(book, port, boards) for port in boards] == [True, False]
    assert "All gateways have their boards" in capsys.readouterr().out


def test_ports_that_are_there_are_left_alone_and_new_ones_served_once():
    seen = iter(["a", "a", "ab", "ab", "a", "abc", "abc"])
    served_ports = []
    station.watch(
        served_ports.append,
        lambda: len(served_ports) == 3,
        lambda: [SimpleNamespace(device=name) for name in next(seen)],
        lambda seconds: None,
    )
    assert served_ports == ["b", "b", "c"]


def test_two_emulated_boards_are_written_at_once(site, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("LIMEN_CACHE", str(tmp_path / "cache"))
    image = tmp_path / "stand-in.bin"
    image.write_bytes(stand_in_image(ESP32, "MicroPython v1.25.0 on 2025-04-15; a stand-in"))
    chips = [NorFlash(tmp_path / f"{n}.bin") for n in range(2)]
    loaders = [
        RomLoader(chip, ESP32, bytes.fromhex(mac.replace(":", "")))
        for chip, mac in zip(chips, MACS, strict=False)
    ]
    folder = tmp_path / "labels"
    with served(PtyCarrier(loaders[0])) as one, served(PtyCarrier(loaders[1])) as two:
        options = ["--port", one, "--port", two, "--labels", str(folder), "--image", str(image)]
        assert main(["station", "--site", str(site), *options]) == 0
    with (folder / "boards.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert sorted(row["mac"] for row in rows) == MACS[:2]
    assert sorted(row["gateway"] for row in rows) == ["press-07", "press-08"]
    for chip, mac in zip(chips, MACS, strict=False):
        gateway = next(row["gateway"] for row in rows if row["mac"] == mac)
        assert f'"gateway":"{gateway}"'.encode() in chip.read(FILE_SYSTEM_OFFSET, 0x100000)
        chip.close()
    assert "is done" in capsys.readouterr().out


def test_a_dry_run_and_mistakes_touch_nothing(site, tmp_path, capsys):
    folder = tmp_path / "labels"
    options = ["--site", str(site), "--labels", str(folder)]
    assert main(["station", *options, "--dry-run"]) == 0
    assert "Next: press-07, on an esp32." in capsys.readouterr().out
    assert main(["station", *options, "--gateway", "p8"]) == 2
    assert 'has no gateway "p8"' in capsys.readouterr().err
    assert not folder.exists()
    folder.mkdir()
    (folder / "boards.csv").write_text("name\np9\n")
    assert main(["station", *options]) == 2
    assert "is no record of boards" in capsys.readouterr().err


LABEL = Label("press-07", MACS[0], "limen/v1/hall-2/press-07", "limen-press-07", "k7mq;rt42")


def test_the_code_joins_the_setup_network_and_is_drawn_dot_by_dot(tmp_path):
    assert LABEL.code == r"WIFI:T:WPA;S:limen-press-07;P:k7mq\;rt42;;"
    path = tmp_path / "label.png"
    write_labels([LABEL], path)
    image = Image.open(path)
    assert image.size == (732, 342)
    matrix = segno.make(LABEL.code, error="m", micro=False).matrix
    scale = (342 - 2 * 18) // len(matrix)
    at = [18 + scale // 2 + scale * n for n in range(len(matrix))]
    assert [[image.getpixel((x, y)) == 0 for x in at] for y in at] == [
        [bool(dot) for dot in row] for row in matrix
    ]


def test_a_pdf_has_a_page_a_label_and_a_full_disk_is_told(tmp_path):
    path = tmp_path / "all.pdf"
    write_labels([LABEL, Label("p9", MACS[1], "limen/v1/hall-2/p9")], path)
    whole = path.read_bytes()
    assert whole.startswith(b"%PDF") and whole.count(b"/Type /Page\n") == 2
    with pytest.raises(ToolError, match="label .* cannot be written: No such file"):
        write_labels([LABEL], tmp_path / "none" / "a.png")


def test_a_name_that_is_long_is_not_cut_off(tmp_path):
    path = tmp_path / "long.png"
    write_labels([Label("press-" * 6, MACS[0], "limen/v1/hall-2/" + "press-" * 6)], path)
    image = Image.open(path)
    assert all(image.getpixel((731 - n, y)) for n in range(8) for y in range(342))
