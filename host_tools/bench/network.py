"""The way between a bench program and the broker: it counts bytes, and can be a long way."""

import asyncio
import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from host_tools.bench.board import HOST
from host_tools.demo import free_port
from host_tools.emulation import brokers

_CHUNK = 65536


@contextlib.contextmanager
def started(kind: str) -> Iterator[brokers.Broker]:
    """A broker of that kind, with its files in a folder that goes with it."""
    with tempfile.TemporaryDirectory(prefix="limen-broker-") as folder:
        broker = brokers.start(kind, free_port(), Path(folder))
        try:
            yield broker
        finally:
            broker.stop()


class Relay:
    """Relays TCP to a port of this machine; every byte is under way for `delay_s`.

    `async with` opens it: it listens on `port`. `passed` counts the bytes of both directions.
    """

    def __init__(self, to_port: int, delay_s: float = 0.0):
        self.port = 0
        self.passed = 0
        self._to_port = to_port
        self._delay_s = delay_s
        self._tasks: set[asyncio.Task] = set()

    async def __aenter__(self) -> "Relay":
        self._server = await asyncio.start_server(self._serve, HOST)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *exception) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._tasks.add(asyncio.current_task())
        broker_reader, broker_writer = await asyncio.open_connection(HOST, self._to_port)
        try:
            await asyncio.gather(
                self._pass_on(reader, broker_writer), self._pass_on(broker_reader, writer)
            )
        except (OSError, asyncio.CancelledError):
            pass  # either end has gone; the other learns it when both are closed
        finally:
            broker_writer.close()
            writer.close()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        while data := await reader.read(_CHUNK):
            self.passed += len(data)
            if self._delay_s:
                loop.call_later(self._delay_s, writer.write, data)
            else:
                writer.write(data)
        raise ConnectionResetError
