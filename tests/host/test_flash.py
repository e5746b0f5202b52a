"""`limen flash`: from the site file to the bytes on the chip."""

import contextlib
import json
import shutil

import pytest
import serial

from emulated_port import served
from host_tools import cli
from host_tools.emulation.chips import ESP32, ESP32_C3
from host_tools.emulation.nor_flash import NorFlash
from host_tools.emulation.rom_loader import RomLoader
from host_tools.emulation.serial_carriers import PtyCarrier
from host_tools.emulation.stand_in_image import stand_in_image
from host_tools.errors import Kind, ToolError
from host_tools.image import FILE_SYSTEM_OFFSET, mounted
from host_tools.partitions import FILE_SYSTEM, JOURNAL, layout_of, partition_of
from host_tools.paths import PROJECT
from host_tools.site import load_site
from host_tools.watch import watch

PRESS = PROJECT / "examples" / "press"
NAME = "ESP32_GENERIC-20250415-v1.25.0.bin"
BANNER = "MicroPython v1.25.0 on 2025-04-15; a stand-in"
GOOD = stand_in_image(ESP32, BANNER)
SECRETS = """
[wifi]
ssid = "Halle 2"
password = "vorsicht-kante"
[mqtt]
user = "press-07"
password = "gripper"
"""


@pytest.fixture
def site(tmp_path):
    path = tmp_path / "site.toml"
    shutil.copy(PRESS / "site.toml", path)
    (tmp_path / "secrets.toml").write_text(SECRETS)
    return path


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("LIMEN_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def limen_flash(site, *options, port="/dev/ttyNONE", gateway="press-07"):
    """Without a look at the gateway; tests/system/test_flash_to_demo.py has one."""
    arguments = ["--site", site, "--gateway", gateway, "--port", port, "--no-watch", *options]
    return cli.main(["flash", *map(str, arguments)])


def test_the_chip_then_has_firmware_configuration_and_secrets(site, tmp_path, capsys):
    flash = NorFlash(tmp_path / "flash.bin")
    (tmp_path / NAME).write_bytes(GOOD)
    with served(PtyCarrier(RomLoader(flash))) as port:
        assert limen_flash(site, "--image", tmp_path / NAME, port=port) == 0
        assert limen_flash(site, port=port) == 0  # the image is kept
    files = mounted(flash.read(FILE_SYSTEM_OFFSET, layout_of(4).vfs_bytes))
    flash.close()
    with files.open("/config.jsonl") as file:
        configuration = json.loads(file.readline())
    assert (configuration["site"], configuration["gateway"]) == ("hall-2", "press-07")
    with files.open("/secrets.json") as file:
        assert json.load(file) == {
            "wifi": [{"ssid": "Halle 2", "password": "vorsicht-kante"}],
            "mqtt": {"user": "press-07", "password": "gripper"},
        }
    assert {"boot.py", "main.py", "lib"} <= set(files.listdir("/"))
    said = capsys.readouterr()
    assert said.out.splitlines()[0].startswith("Gateway press-07: ")
    assert "MD5 verified." in said.out
    assert "vorsicht-kante" not in said.out + said.err
    assert "gripper" not in said.out + said.err


def test_a_dry_run_leaves_the_port_alone(site, capsys):
    assert limen_flash(site, "--dry-run") == 0
    assert capsys.readouterr().out.splitlines()[-2:] == [
        f"MicroPython would be https://micropython.org/resources/firmware/{NAME}; SHA-256: not "
        "known yet.",
        "Nothing was written: /dev/ttyNONE at 0x200000 is where it would go.",
    ]


def test_the_site_is_checked_before_the_port(site, capsys):
    site.write_text(site.read_text().replace("baud = 9600", "baud = 9601\nboud = 1"))
    assert limen_flash(site) == 2
    said = capsys.readouterr().err
    assert "2 problems; nothing was written" in said
    assert "ttyNONE" not in said


def test_secrets_are_checked_before_the_port(site, capsys):
    site.with_name("secrets.toml").unlink()
    assert limen_flash(site) == 2
    assert "secrets.toml is missing" in capsys.readouterr().err


def test_a_gateway_that_the_site_does_not_have_is_named(site, capsys):
    assert limen_flash(site, gateway="press-70") == 2
    assert 'has no gateway "press-70"' in capsys.readouterr().err


def test_a_missing_port_is_said_at_last(site, capsys):
    assert limen_flash(site, "--keep-micropython") == Kind.PORT
    assert "There is no port /dev/ttyNONE" in capsys.readouterr().err


def test_a_patience_that_is_no_duration_is_named(site, capsys):
    assert limen_flash(site, "--patience", "long") == Kind.INPUT
    assert "limen flash: --patience: " in capsys.readouterr().err


def test_a_board_that_is_pulled_out_while_it_is_watched(site, monkeypatch):
    class Pulled(contextlib.nullcontext):
        in_waiting = 1
        is_connected, problem = True, ""

        def read(self, size):
            raise serial.SerialException("device disconnected")

    monkeypatch.setattr("host_tools.watch.open_port", lambda port, **settings: Pulled(Pulled()))
    monkeypatch.setattr("host_tools.watch._client", lambda *facts: Pulled(Pulled()))
    with pytest.raises(ToolError) as lost:
        watch(load_site(site), "press-07", "/dev/ttyUSB0", None, 5)
    assert str(lost.value) == (
        "The connection to /dev/ttyUSB0 was lost (device disconnected); all was written before."
    )
    assert lost.value.status == Kind.PORT


def test_offline_nothing_is_written(site, capsys):
    assert limen_flash(site, "--mirror", "http://127.0.0.1:9") == Kind.NETWORK
    said = capsys.readouterr()
    assert "Downloading http://127.0.0.1:9/ESP32_GENERIC-" in said.out
    assert "give the file with --image FILE (IMAGE=FILE)" in said.err
    assert "ttyNONE" not in said.err


def flash_with(image, site, tmp_path, megabytes=4):
    """The exit status of flashing with that image, and what is then on the chip."""
    path = tmp_path / "micropython.bin"
    path.write_bytes(image)
    flash = NorFlash(tmp_path / "flash.bin", megabytes << 20)
    with served(PtyCarrier(RomLoader(flash))) as port:
        status = limen_flash(site, "--image", path, port=port)
    content = flash.read(0, len(flash))
    flash.close()
    return status, content


@pytest.mark.parametrize(("made_for_mb", "megabytes"), [(4, 4), (4, 8), (8, 8)])
def test_micropython_and_our_table_are_written_too(made_for_mb, megabytes, site, tmp_path):
    image = stand_in_image(ESP32, BANNER, made_for_mb)
    status, content = flash_with(image, site, tmp_path, megabytes)
    assert status == 0
    layout = layout_of(made_for_mb)
    assert partition_of(content, FILE_SYSTEM) == (layout.vfs, layout.vfs_bytes)
    assert partition_of(content, JOURNAL) == (layout.journal, layout.journal_bytes)
    assert content[0x1000:0x8000] == image[:0x7000]
    assert content[0x10000 : 0x1000 + len(image)] == image[0xF000:]
    mounted(content[layout.vfs : layout.journal])


WRONG = {
    "for another chip": (stand_in_image(ESP32_C3, BANNER), "is for another chip than an ESP32"),
    "cut off": (GOOD[:0xF010], "is no whole MicroPython image"),
    "text": (b"<html>not found</html>", "is no whole MicroPython image"),
    "damaged": (GOOD.replace(b"a stand-in", b"a stand-on"), "is damaged"),
    "too large": (GOOD + bytes(0x1F0000), "it reaches into the file system"),
}


@pytest.mark.parametrize("what", WRONG)
def test_an_image_that_would_not_start_is_not_written(what, site, tmp_path, capsys):
    image, sentence = WRONG[what]
    status, content = flash_with(image, site, tmp_path)
    said = capsys.readouterr().err
    assert status == Kind.IMAGE
    assert sentence in said
    assert "othing was written" in said
    assert set(content) == {0xFF}


def test_an_image_that_is_not_there_is_named(site, capsys):
    assert limen_flash(site, "--image", "gone.bin") == Kind.INPUT
    assert "gone.bin cannot be read (No such file or directory)" in capsys.readouterr().err
