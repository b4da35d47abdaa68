"""A WebSocket client that costs next to nothing, so that thousands of them measure the server and not themselves."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

MASK = bytes(4)  # all zeros: masked as RFC 6455 wants it, and nothing to do
ASK = (
    "GET {path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


class Raw(asyncio.Protocol):
    """One socket. `told` hears every message."""

    def __init__(self, path: str, told: Callable[[Raw, dict[str, Any]], None]) -> None:
        self._path, self._told = path, told
        self._buffer, self._open = bytearray(), False
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(ASK.format(path=self._path).encode())

    def data_received(self, data: bytes) -> None:
        buffer = self._buffer
        buffer += data
        if not self._open:
            end = buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            assert buffer.startswith(b"HTTP/1.1 101"), bytes(buffer[:200])
            del buffer[: end + 4]
            self._open = True
        while len(buffer) > 1:
            size, start = buffer[1] & 127, 2
            if size == 126:
                size, start = int.from_bytes(buffer[2:4], "big"), 4
            if len(buffer) < start + size:
                return
            kind, body = buffer[0] & 15, bytes(buffer[start : start + size])
            del buffer[: start + size]
            if kind == 1:
                self._told(self, json.loads(body))
            elif kind == 9:
                self._write(10, body)

    def send(self, **message: object) -> None:
        self._write(1, json.dumps(message).encode())

    def _write(self, kind: int, body: bytes) -> None:
        assert self._transport is not None
        size = len(body)
        head = bytes([128 | kind, 128 | size]) if size < 126 else bytes([128 | kind, 254]) + size.to_bytes(2, "big")
        self._transport.write(head + MASK + body)

    def cut(self) -> None:
        """Without a word."""
        assert self._transport is not None
        self._transport.abort()


async def connect(port: int, path: str, told: Callable[[Raw, dict[str, Any]], None]) -> Raw:
    _, raw = await asyncio.get_running_loop().create_connection(lambda: Raw(path, told), "127.0.0.1", port)
    return raw
