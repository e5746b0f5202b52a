"""A technician's first hour with a board, told with the real tools: from blank flash to online at a
TLS broker, a look at it with mpremote, and an update. The board is emulated, all else is real.

`tell` gives the transcript, which docs/flash.md shows.
"""

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from host_tools.board import load_board
from host_tools.demo import free_port
from host_tools.emulation import brokers
from host_tools.emulation.chips import CHIPS
from host_tools.emulation.stand_in_image import stand_in_image
from host_tools.image_store import file_name
from host_tools.paths import PROJECT

BOARDS = {
    "espressif-esp32-devkitc": "tx = 17\nrx = 16\nde = 4",
    "espressif-esp32-s3-devkitc-1": "tx = 17\nrx = 18\nde = 21",
    "espressif-esp32-c3-devkitm-1": "tx = 4\nrx = 5\nde = 6",
}
"""Board → the pins of its transceiver."""

_SITE = """
[site]
id = "hall-2"

[mqtt]
host = "broker.local"
tls = true

[gateway.press-07]
board = "{board}"

[[gateway.press-07.bus]]
id = "rs485"
kind = "modbus-rtu"
{pins}

[[gateway.press-07.device]]
id = "main-meter"
profile = "eastron-sdm630"
bus = "rs485"
address = 1
every = "1s"
channels.power_active_total = {{}}
"""
_SECRETS = '[wifi]\nssid = "hall-2"\npassword = "replace-this"\n'
_MORE = "channels.frequency = {}"
_PROGRAM = "import machine; print(machine.unique_id().hex())"
_GATEWAY = ["--site", "site.toml", "--gateway", "press-07"]
_LIMEN = [sys.executable, "-m", "host_tools"]
_SHOWN_PORT = "rfc2217://localhost:2217"
_STEP_S = 200


@dataclass
class _Place:
    """Where the story is played: a site's folder, and the ports of its board and its broker."""

    folder: Path
    broker: int
    port: str = ""

    @property
    def environment(self) -> dict[str, str]:
        """Without what an outer make hands down."""
        path = os.pathsep.join([str(PROJECT), str(PROJECT / "firmware")])
        own = {"LIMEN_CACHE": str(self.folder / "cache"), "PYTHONPATH": path}
        kept = {k: v for k, v in os.environ.items() if not k.startswith("MAKE") and k != "MFLAGS"}
        return kept | own

    def run(self, *words: str) -> str:
        """What a command prints; an error of it fails the story."""
        done = self._run(words)
        assert done.returncode == 0, f"{words}: {done.stdout}"
        return done.stdout

    def wait_for(self, *words: str) -> None:
        """Repeat a command until it succeeds."""
        end_s = time.monotonic() + _STEP_S
        while (done := self._run(words)).returncode:
            assert time.monotonic() < end_s, f"{words}: {done.stdout}"

    def _run(self, words: tuple[str, ...]) -> subprocess.CompletedProcess:
        return subprocess.run(
            words,
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_STEP_S,
        )


def tell(board: str, folder: Path) -> str:
    """Play it for a board in a new folder; the transcript, with places and ports as in the docs."""
    place = _Place(folder, free_port())
    _write_site(place, board)
    with _broker(place), _board(place, board):
        told = "".join(_story(place))
    told = told.replace(place.port, _SHOWN_PORT)
    return told.replace(f"localhost:{place.broker}", "localhost")


def same_words(transcript: str) -> list[str]:
    """Its lines without what another run has otherwise: times, sizes, values."""
    text = re.sub(r"-?\d+(\.\d+)?", "N", transcript)
    return [" ".join(line.split()) for line in text.splitlines()]


def _story(place: _Place):
    site = place.folder / "site.toml"
    broker = f"localhost:{place.broker}"
    shown = f"PORT={_SHOWN_PORT} SITE=site.toml GATEWAY=press-07"
    make = ["make", "--no-print-directory", "-C", str(PROJECT)]
    of_make = [f"PORT={place.port}", f"SITE={site}", "GATEWAY=press-07"]
    yield f"$ make flash {shown} BROKER=localhost\n"
    yield place.run(*make, "flash", *of_make, f"BROKER={broker}")
    mpremote = [sys.executable, "-m", "mpremote", "connect", place.port]
    for words in (["fs", "ls", ":lib"], ["exec", _PROGRAM], ["reset"]):
        typed = " ".join(f'"{word}"' if " " in word else word for word in words)
        yield f"$ mpremote connect {_SHOWN_PORT} {typed}\n"
        yield place.run(*mpremote, *words)
    yield f"$ echo '{_MORE}' >> site.toml\n"
    site.write_text(f"{site.read_text()}{_MORE}\n")
    yield f"$ make update {shown}\n"
    yield place.run(*make, "update", *of_make)
    tls = ["--ca", "ca/ca.pem", "--certificate", "ca/technician.pem"]
    compare = ["config", "diff", "site.toml", "--broker", broker, *tls]
    place.wait_for(*_LIMEN, *compare)
    yield f"$ limen {' '.join(compare)}\n"
    yield place.run(*_LIMEN, *compare)


def _write_site(place: _Place, board: str) -> None:
    facts = load_board(board)
    (place.folder / "site.toml").write_text(_SITE.format(board=board, pins=BOARDS[board]))
    (place.folder / "secrets.toml").write_text(_SECRETS)
    image = stand_in_image(
        CHIPS[facts["chip"]], "MicroPython v1.25.0 on 2025-04-15; a stand-in", facts["flash_mb"]
    )
    cache = place.folder / "cache/micropython"
    cache.mkdir(parents=True)
    (cache / file_name(facts)).write_bytes(image)
    names = ["--broker", "broker.local,localhost", "--service", "technician"]
    place.run(*_LIMEN, "ca", "init", "--site", "site.toml")
    place.run(*_LIMEN, "ca", "issue", *_GATEWAY, *names)
    place.run(*_LIMEN, "broker-config", "--site", "site.toml")


@contextlib.contextmanager
def _broker(place: _Place):
    """Mosquitto, as `limen broker-config` has it, but at a free port and with us as its user."""
    written = (place.folder / "broker/mosquitto.conf").read_text()
    own = written.replace("listener 8883", f"listener {place.broker} 127.0.0.1")
    own = own.replace("persistence true", "persistence false")
    path = place.folder / "mosquitto.conf"
    path.write_text(own + ("user root\n" if os.getuid() == 0 else ""))
    log = (place.folder / "mosquitto.log").open("wb")
    with log, subprocess.Popen([brokers.find_mosquitto(), "-c", path], stderr=log) as process:
        try:
            yield
        finally:
            process.terminate()


@contextlib.contextmanager
def _board(place: _Place, board: str):
    """`limen emulate` with blank flash."""
    command = [*_LIMEN, "emulate", "--board", board, "--flash", "flash.bin", "--rfc2217", "0"]
    command += [*_GATEWAY, "--name", f"broker.local:8883={place.broker}"]
    with subprocess.Popen(
        command, cwd=place.folder, env=place.environment, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        try:
            process.stdout.readline()
            place.port = process.stdout.readline().strip().removeprefix("PORT=")
            yield
        finally:
            process.send_signal(signal.SIGINT)
