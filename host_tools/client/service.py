"""The client for host services, as an iterator and for asyncio: the same, but for the waiting.

    with Client(Address("broker.local"), "my-service", State("my-service.db")) as client:
        for item in client: ...

What the caller got counts as processed when it asks for the next; only then it is acknowledged.
"""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator

from host_tools.client.connection import Address, Connection
from host_tools.client.delivery import Delivery, Inbox
from host_tools.client.items import Item
from host_tools.client.reader import Gateway
from host_tools.client.state import State
from host_tools.contract import ROOT

EVERYTHING = "+/+"
_PARTS = ("status", "birth", "dev/+/data", "dev/+/event")


class _Service:
    """What both clients are: a connection, an inbox, and the delivery from one to the other."""

    def __init__(
        self,
        address: Address,
        client_id: str | None = None,
        state: State | None = None,
        gateways: str = EVERYTHING,
        on_problem: Callable[[str], None] = lambda sentence: None,
    ):
        """Follow the gateways "site/gateway", "+" for any; without a client id only from now on.

        `on_problem` is called in another thread, when there is another problem than before.
        """
        topics = [f"{ROOT}/{gateways}/{part}" for part in _PARTS]
        self._inbox = Inbox()
        self._on_problem = on_problem
        self._told: str | None = None
        self._connection = Connection(address, client_id, topics, self._put, self._on_change)
        self._delivery = Delivery(self._inbox, self._connection.ack, state)
        self._wake: Callable[[], None] = lambda: None

    @property
    def gateways(self) -> dict[str, Gateway]:
        """What is known of each gateway, by "site/gateway"."""
        return self._delivery.reader.gateways

    @property
    def problem(self) -> str | None:
        """Why there is no connection; None while there is one, and before the first try."""
        return self._connection.problem

    @property
    def is_connected(self) -> bool:
        return self._connection.is_subscribed

    def _put(self, letter) -> None:
        self._inbox.put(letter)
        self._wake()

    def _on_change(self) -> None:
        problem = self.problem
        if problem and problem != self._told:
            self._on_problem(problem)
        self._told = problem


class Client(_Service):
    """Blocks while nothing comes. Use it as a context, in one thread."""

    def __enter__(self) -> "Client":
        self._news = threading.Event()
        self._wake = self._news.set
        self._connection.open()
        return self

    def __exit__(self, *_) -> None:
        self._inbox.close()
        self._connection.close()

    def __iter__(self) -> Iterator[Item]:
        for batch in self.batches():
            yield from batch

    def batches(self, for_s: float | None = None) -> Iterator[list[Item]]:
        """The items of a message at a time; for so many seconds, or for ever."""
        end_s = None if for_s is None else time.monotonic() + for_s
        while batch := self._next(end_s):
            yield batch
            self._delivery.settle()

    def _next(self, end_s: float | None) -> list[Item] | None:
        while True:
            self._news.clear()
            now_s = time.monotonic()
            if end_s is not None and now_s >= end_s:
                return None
            batch = self._delivery.next(now_s)
            if batch:
                return batch
            waits = [self._delivery.wait_s(now_s), None if end_s is None else end_s - now_s]
            self._news.wait(min((wait for wait in waits if wait is not None), default=None))


class AsyncClient(_Service):
    """The same on the running asyncio loop: `async with`, `async for`."""

    async def __aenter__(self) -> "AsyncClient":
        self._news = asyncio.Event()
        loop = asyncio.get_running_loop()
        self._wake = lambda: loop.call_soon_threadsafe(self._news.set)
        self._connection.open()
        return self

    async def __aexit__(self, *_) -> None:
        self._inbox.close()
        await asyncio.to_thread(self._connection.close)

    async def __aiter__(self) -> AsyncIterator[Item]:
        async for batch in self.batches():
            for item in batch:
                yield item

    async def batches(self) -> AsyncIterator[list[Item]]:
        """The items of a message at a time."""
        while True:
            self._news.clear()
            now_s = time.monotonic()
            batch = self._delivery.next(now_s)
            if batch is None:
                await self._wait(self._delivery.wait_s(now_s))
            else:
                yield batch
                self._delivery.settle()

    async def _wait(self, wait_s: float | None) -> None:
        try:
            await asyncio.wait_for(self._news.wait(), wait_s)
        except TimeoutError:
            pass
