"""NATS as an MQTT broker over TLS that wants client certificates, if it is installed."""

import shutil
import subprocess
from pathlib import Path

from host_tools.emulation import brokers

_CONFIGURATION = """\
server_name: plant
listen: 127.0.0.1:{own_port}
jetstream {{ store_dir: "{folder}" }}
mqtt {{
  listen: "127.0.0.1:{port}"
  tls {{
    cert_file: "{tls.certificate}"
    key_file: "{tls.key}"
    ca_file: "{tls.ca}"
    verify: true
  }}
}}
"""
PACKAGE = "NATS is not installed (Debian: apt install nats-server)"


def find() -> str | None:
    return shutil.which("nats-server") or shutil.which("nats-server", path="/usr/sbin")


class NatsServer:
    """Runs at once; what it keeps outlives it in `folder`."""

    def __init__(self, port: int, own_port: int, folder: Path, tls: brokers.Tls):
        folder.mkdir(exist_ok=True)
        configuration = folder / "nats.conf"
        configuration.write_text(
            _CONFIGURATION.format(own_port=own_port, port=port, folder=folder, tls=tls)
        )
        with (folder / "log").open("a") as log:
            self._process = subprocess.Popen([find(), "-c", configuration], stderr=log)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait()
