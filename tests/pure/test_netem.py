"""The bad line that other tests measure with is as bad as it says."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from tests import netem

SIZE = 972  # with the headers 1,000 bytes


class Echo(asyncio.DatagramProtocol):
    """The other end: sends everything back and remembers where it came from."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, int]] = []

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.seen.append(addr)
        self._transport.sendto(data, addr)


class Client(asyncio.DatagramProtocol):
    """This end: when each packet came back."""

    def __init__(self) -> None:
        self.back: list[float] = []

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self.transport = transport

    def datagram_received(self, data: bytes, addr: object) -> None:
        self.back.append(time.monotonic())


@asynccontextmanager
async def line() -> AsyncIterator[tuple[netem.Line, Client, Echo]]:
    loop = asyncio.get_running_loop()
    far, echo = await loop.create_datagram_endpoint(Echo, local_addr=("127.0.0.1", 0))
    async with netem.udp(far.get_extra_info("sockname")) as through:
        near, client = await loop.create_datagram_endpoint(Client, remote_addr=(through.host, through.port))
        client.transport.sendto(b"first")
        while not client.back:
            await asyncio.sleep(0.01)
        client.back.clear()
        echo.seen.clear()
        yield through, client, echo
        near.close()
    far.close()


async def send(client: Client, packets: int, every: float = 0.0) -> None:
    for _ in range(packets):
        client.transport.sendto(b"x" * SIZE)
        await asyncio.sleep(every)


async def test_an_empty_line_changes_nothing() -> None:
    async with line() as (through, client, echo):
        await send(client, 100, 0.001)
        await asyncio.sleep(0.1)
        assert (len(echo.seen), len(client.back)) == (100, 100)
        assert len(set(echo.seen)) == 1 and through.up.dropped == through.down.dropped == 0


async def test_rate() -> None:
    async with line() as (through, client, _echo):
        through.up.kbit, through.up.queue = 400, 10
        await send(client, 21)
        await asyncio.sleep(0.7)
        between = client.back[-1] - client.back[0]
        assert len(client.back) == 21 and 0.36 < between < 0.55, "20 packets of 8 kbit at 400 kbit/s take 0.4 s"


async def test_what_waits_too_long_is_lost() -> None:
    async with line() as (through, client, _echo):
        through.shape(kbit=400, queue=0.1)
        await send(client, 50)
        await asyncio.sleep(0.5)
        assert 6 <= len(client.back) <= 8 and through.up.dropped == 50 - len(client.back)


async def test_delay_is_there_both_ways() -> None:
    async with line() as (through, client, _echo):
        through.shape(delay=0.05)
        started = time.monotonic()
        await send(client, 1)
        await asyncio.sleep(0.2)
        assert 0.1 <= client.back[0] - started < 0.17


async def test_loss() -> None:
    async with line() as (through, client, echo):
        through.up.loss = 0.1
        await send(client, 1000, 0)
        await asyncio.sleep(0.1)
        assert 60 <= 1000 - len(echo.seen) <= 140


async def test_outage_and_another_address() -> None:
    async with line() as (through, client, echo):
        outage = asyncio.create_task(through.outage(0.1))
        await asyncio.sleep(0)
        await send(client, 5)
        await outage
        assert echo.seen == []
        await send(client, 1)
        await asyncio.sleep(0.05)
        through.move()
        await send(client, 1)
        await asyncio.sleep(0.05)
        assert [host for host, _port in echo.seen] == ["127.0.0.1", "127.0.0.2"] and len(client.back) == 2


@pytest.mark.parametrize("kbit", [400, 4000])
async def test_a_stream_arrives_whole_and_no_faster(kbit: float) -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    async with server, netem.tcp(server.sockets[0].getsockname()) as through:
        through.up.kbit = kbit
        through.shape(delay=0.02)
        reader, writer = await asyncio.open_connection(through.host, through.port)
        sent = bytes(range(256)) * 100
        started = time.monotonic()
        writer.write(sent)
        assert await reader.readexactly(len(sent)) == sent
        took = time.monotonic() - started
        assert 25.6 * 8 / kbit < took < 25.6 * 8 / kbit * 1.3 + 0.15
        through.move()
        assert await reader.read(1) == b"", "another address breaks a stream off"
        writer.close()
