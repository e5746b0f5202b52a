"""The tap between board and broker: what it notes, and how it takes the network away."""

import asyncio
import json
from contextlib import asynccontextmanager, closing
from socket import create_server

import pytest

from host_tools.emulation.mqtt_packets import Publish
from host_tools.emulation.tap import Ledger, Listener, Tap, names_in
from host_tools.errors import ToolError

TOPIC = "limen/v1/s/g/dev/m/data"


def batch(*seqs: int) -> bytes:
    frame = {"inc": "00c0ffee", "boot": 3, "cfg": "0", "low": 1}
    return json.dumps(frame | {"r": [[seq, 0, 0, {}] for seq in seqs]}).encode()


def named(*seqs: int) -> list:
    return [("00c0ffee", 3, seq) for seq in seqs]


def test_records_are_named_and_other_payloads_have_none():
    assert names_in(batch(17, 18)) == named(17, 18)
    for payload in (b"", b"[]", b"{}", b'{"r":[[]]}', b"\xff", b'{"inc":"x","boot":1,"r":7}'):
        assert names_in(payload) == []


def test_a_puback_acknowledges_the_records_of_its_publish():
    ledger = Ledger()
    listener = Listener(ledger)
    listener.from_board(Publish(TOPIC, batch(1, 2), 1, False, 9).encode())
    listener.from_board(Publish(TOPIC, batch(3), 1, False, 10).encode())
    listener.to_board(b"\x40\x02\x00")
    assert ledger.acknowledged == set()
    listener.to_board(b"\x09")
    assert ledger.acknowledged == set(named(1, 2))
    assert (ledger.publishes, ledger.pubacks, ledger.duplicates) == (2, 1, 0)


def test_an_acknowledgement_on_another_connection_counts_for_that_one_only():
    ledger = Ledger()
    Listener(ledger).from_board(Publish(TOPIC, batch(1), 1, False, 9).encode())
    after = Listener(ledger)
    after.to_board(b"\x40\x02\x00\x09")
    assert ledger.acknowledged == set()
    after.from_board(Publish(TOPIC, batch(1), 1, False, 9, dup=True).encode())
    after.to_board(b"\x40\x02\x00\x09")
    assert ledger.acknowledged == set(named(1))
    assert (ledger.repeated_publishes, ledger.duplicates, ledger.connections) == (1, 1, 2)
    assert ledger.first_seen == {TOPIC: named(1)}


def test_garbage_is_noted_and_harmless():
    ledger = Ledger()
    Listener(ledger).to_board(b"\x40\xff\xff\xff\xff\xff")
    Listener(ledger).from_board(b"\x36\x05\x00\x01a\x00\x01")
    assert len(ledger.malformed) == 2


def free_port() -> int:
    with closing(create_server(("127.0.0.1", 0))) as server:
        return server.getsockname()[1]


@asynccontextmanager
async def tapped_echo():
    """A tap before a server that sends everything back."""

    async def echo(reader, writer):
        while data := await reader.read(100):
            writer.write(data)
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    tap = Tap(free_port(), server.sockets[0].getsockname()[1])
    await tap.start()
    yield tap
    await tap.stop()
    server.close()


async def ask(tap: Tap, data: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", tap.port)
    writer.write(data)
    assert await reader.readexactly(len(data)) == data
    return reader, writer


def test_a_cut_resets_and_refuses_and_a_restored_network_passes():
    async def scene():
        async with tapped_echo() as tap:
            reader, _ = await ask(tap, b"\xc0\x00")
            await tap.cut()
            with pytest.raises(ConnectionResetError):
                await reader.read(1)
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection("127.0.0.1", tap.port)
            await tap.restore()
            await ask(tap, b"\xc0\x00")
            assert (tap.ledger.bytes_from_board, tap.ledger.bytes_to_board) == (4, 4)

    asyncio.run(scene())


def test_a_hanging_network_holds_the_bytes_back():
    async def scene():
        async with tapped_echo() as tap:
            reader, writer = await ask(tap, b"\xc0\x00")
            await tap.cut(hang=True)
            writer.write(b"\xd0\x00")
            late_reader, late_writer = await asyncio.open_connection("127.0.0.1", tap.port)
            late_writer.write(b"\xe0\x00")
            assert tap.ledger.bytes_from_board == 2
            await tap.restore()
            assert await reader.readexactly(2) == b"\xd0\x00"
            assert await late_reader.readexactly(2) == b"\xe0\x00"

    asyncio.run(scene())


def test_a_broker_that_is_away_resets_the_board():
    async def scene():
        tap = Tap(free_port(), free_port())
        await tap.start()
        reader, _ = await asyncio.open_connection("127.0.0.1", tap.port)
        with pytest.raises(ConnectionResetError):
            await reader.read(1)
        await tap.stop()

    asyncio.run(scene())


def test_a_port_in_use_is_a_sentence():
    with closing(create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
        with pytest.raises(ToolError, match=f"cannot have port {port}.*choose another port"):
            asyncio.run(Tap(port, 1).start())
