"""What is not HTTP, or breaks off: an answer or silence, and the next one is served."""

from __future__ import annotations

import asyncio

import pytest

from telemed.db import Database
from telemed.identity.callers import SYSTEM
from tests.refusals import Client

BOOK = b"/api/v1/appointments"


async def raw(client: Client, request: bytes) -> bytes:
    """What the server says to these bytes, to the end of the connection."""
    reader, writer = await asyncio.open_connection(client.host, client.port)
    writer.write(request)
    await writer.drain()
    said = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    return said


BROKEN = {
    "no method": b"FOO BAR / HTTP/1.1\r\n\r\n",
    "another protocol": b"GET / HTTP/9.9\r\nHost: x\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 64 + b"\r\n\r\n",
    "a key with a control character": b"POST %b HTTP/1.1\r\nHost: x\r\nIdempotency-Key: abc\x01defgh\r\n\r\n" % BOOK,
    "a key with a null": b"POST %b HTTP/1.1\r\nHost: x\r\nIdempotency-Key: abcd\0efgh\r\n\r\n" % BOOK,
    "two lengths": b"POST %b HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}" % BOOK,
    "length and chunks": (
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /"
    ),
    "an endless header": b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 20_000 + b"\r\n\r\n",
    "a broken chunk": (
        b"POST %b HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}"
        % BOOK
    ),
}


@pytest.mark.parametrize("request_", BROKEN.values(), ids=BROKEN.keys())
async def test_what_is_not_http(api: Client, request_: bytes) -> None:
    said = await raw(api, request_)
    assert said.startswith((b"HTTP/1.0 400", b"HTTP/1.1 400")), said[:200]
    assert b"Traceback" not in said
    assert (await api.get("/health/ready")).status == 200


async def test_a_line_that_breaks_off_is_no_error_of_ours(api: Client, cast: Database) -> None:
    reader, writer = await asyncio.open_connection(api.host, api.port)
    writer.write(
        b"POST %b HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{" % BOOK
    )
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    assert not await reader.read()
    assert (await api.get("/health/ready")).status == 200
    async with cast.transaction(SYSTEM) as tx:
        assert not await tx.connection.fetchval("SELECT count(*) FROM appointment")
