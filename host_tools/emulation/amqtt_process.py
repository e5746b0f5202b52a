"""The process in which amqtt runs: `python -m host_tools.emulation.amqtt_process options.json`.

Options: "bind" (host:port) and "credentials" (user to password, or null). amqtt's own plugins are
left out: they log every packet, publish statistics, and call whoever gives no password anonymous,
which for amqtt means that his session is not kept.
"""

import asyncio
import json
import logging
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

from amqtt.broker import Broker
from amqtt.plugins.base import BaseAuthPlugin
from amqtt.session import Session


class Doorkeeper(BaseAuthPlugin):
    """Lets in whoever has the right password, or everybody where none is configured."""

    @dataclass
    class Config:
        """`credentials`: user to password; None lets everybody in."""

        credentials: dict[str, str] | None = None

    async def authenticate(self, *, session: Session) -> bool:
        credentials = self.config.credentials
        if credentials is None:
            return True
        return session.username in credentials and credentials[session.username] == session.password


def configuration(options: dict) -> dict:
    """Return amqtt's configuration for the options."""
    doorkeeper = f"{__spec__.name}.{Doorkeeper.__name__}"
    return {
        "listeners": {"default": {"type": "tcp", "bind": options["bind"]}},
        "plugins": {doorkeeper: {"credentials": options["credentials"]}},
    }


async def serve(options: dict) -> None:
    """Run the broker until SIGTERM."""
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    broker = Broker(configuration(options))
    await broker.start()
    await ended.wait()
    await broker.shutdown()


if __name__ == "__main__":
    logging.basicConfig(level=logging.ERROR)
    asyncio.run(serve(json.loads(Path(sys.argv[1]).read_text())))
