"""Starts a real MQTT broker for the emulated world: amqtt from PyPI, or Eclipse Mosquitto.

A broker listens on 127.0.0.1 only, keeps its files in the directory it is given, and ends with the
process that started it, however that ends. Sessions are persistent and their queues unlimited, so
that what a subscriber misses is the fault of neither. amqtt keeps everything in memory: a killed
one has forgotten what it acknowledged; Mosquitto saves once a second.
"""

import base64
import ctypes
import getpass
import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from host_tools.errors import ToolError
from host_tools.paths import PROJECT

KINDS = ("auto", "amqtt", "mosquitto")

_HOST = "127.0.0.1"
_START_S = 15
_STOP_S = 5
_PR_SET_PDEATHSIG = 1
_PBKDF2_ROUNDS = 101

_MOSQUITTO_CONFIGURATION = """\
listener {port} {host}
{tls}
user {user}
allow_anonymous {anonymous}
{password_file}
persistence true
persistence_location {directory}/
autosave_interval 1
max_queued_messages 0
max_inflight_messages 0
set_tcp_nodelay true
log_dest file {directory}/mosquitto.log
log_type error
log_type warning
"""


_MOSQUITTO_TLS = """\
cafile {ca}
certfile {certificate}
keyfile {key}
require_certificate true
"""


@dataclass(frozen=True)
class Tls:
    """What a broker shows, and whom it trusts: PEM files."""

    ca: Path
    certificate: Path
    key: Path


class Broker:
    """A running broker process."""

    def __init__(self, name: str, port: int, process: subprocess.Popen, log: Path):
        self.name = name
        self.port = port
        self.log = log
        self._process = process

    def is_running(self) -> bool:
        return self._process.poll() is None

    def stop(self) -> None:
        """End it as its operator would; harmless when it has ended."""
        self._process.terminate()
        try:
            self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End it as a crash would, without a chance to save anything."""
        self._process.kill()
        self._process.wait()


def start(
    kind: str,
    port: int,
    directory: Path,
    credentials: dict[str, str] | None = None,
    tls: Tls | None = None,
) -> Broker:
    """Start a broker and return it once it accepts connections.

    `kind` is one of KINDS; "auto" takes Mosquitto where it is installed. `credentials` maps users
    to passwords; without them everybody may enter. With `tls`, which is Mosquitto's only, whoever
    comes needs a certificate of that CA. To be called in the main thread, which the
    broker's life is tied to. Raises ToolError.
    """
    name, command_for = _choose(kind)
    _require_free(port)
    directory = Path(directory).resolve()
    directory.mkdir(parents=True, exist_ok=True)
    log = directory / f"{name}.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            command_for(port, directory, credentials, tls),
            cwd=PROJECT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            preexec_fn=_end_with_parent,
        )
    broker = Broker(name, port, process, log)
    _wait_until_it_accepts(broker)
    return broker


def find_mosquitto() -> str | None:
    """Return the path of Mosquitto; Debian has it in a folder that not every PATH names."""
    return shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")


def _choose(kind: str) -> tuple[str, Callable]:
    mosquitto = find_mosquitto()
    if kind == "mosquitto" and not mosquitto:
        raise ToolError(
            "Mosquitto was asked for and is not installed: install it (Debian and Ubuntu: "
            "apt install mosquitto), or choose the broker amqtt, which is part of the set-up."
        )
    if kind not in KINDS:
        raise ToolError(f"There is no broker {kind!r}: choose one of {', '.join(KINDS)}.", 2)
    if kind == "amqtt" or not mosquitto:
        return "amqtt", _amqtt_command
    return "mosquitto", _mosquitto_command


def _require_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_HOST, port))
        except OSError as error:
            raise ToolError(
                f"The broker cannot have port {port} of {_HOST} ({error.strerror}): end the "
                "program that uses it, or choose another port."
            ) from error


def _amqtt_command(
    port: int, directory: Path, credentials: dict | None, tls: Tls | None
) -> list[str]:
    if tls:
        raise ToolError("amqtt is started without TLS here; Mosquitto can have it.", 2)
    options = json.dumps({"bind": f"{_HOST}:{port}", "credentials": credentials})
    path = _write_private(directory / "amqtt.json", options)
    return [sys.executable, "-m", "host_tools.emulation.amqtt_process", str(path)]


def _mosquitto_command(
    port: int, directory: Path, credentials: dict | None, tls: Tls | None
) -> list[str]:
    password_file = ""
    if credentials is not None:
        lines = "".join(f"{u}:{_mosquitto_hash(p)}\n" for u, p in credentials.items())
        path = _write_private(directory / "mosquitto.passwords", lines)
        password_file = f"password_file {path}"
    text = _MOSQUITTO_CONFIGURATION.format(
        host=_HOST,
        port=port,
        user=getpass.getuser(),
        anonymous="false" if password_file else "true",
        password_file=password_file,
        tls=_MOSQUITTO_TLS.format(**vars(tls)) if tls else "",
        directory=directory,
    )
    configuration = _write_private(directory / "mosquitto.conf", text)
    return [find_mosquitto(), "-c", str(configuration)]


def _mosquitto_hash(password: str) -> str:
    """Return a password as mosquitto_passwd writes it: $7$rounds$salt$PBKDF2-SHA512."""
    salt = os.urandom(12)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, _PBKDF2_ROUNDS)
    parts = (base64.b64encode(data).decode() for data in (salt, digest))
    return f"$7${_PBKDF2_ROUNDS}${'$'.join(parts)}"


def _write_private(path: Path, text: str) -> Path:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
        file.write(text)
    return path


def _end_with_parent() -> None:
    """Ask the kernel, where it is Linux, to end this process when its parent ends."""
    prctl = getattr(ctypes.CDLL(None), "prctl", None)
    if prctl:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _wait_until_it_accepts(broker: Broker) -> None:
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline and broker.is_running():
        try:
            socket.create_connection((_HOST, broker.port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.02)
    broker.kill()
    said = broker.log.read_text(errors="replace").strip().splitlines()
    raise ToolError(
        f"The broker {broker.name} did not start; {broker.log} ends with: "
        f"{said[-1] if said else 'nothing'}"
    )
