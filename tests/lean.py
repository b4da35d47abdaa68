"""A client that costs little, so that a storm measures the server: one connection kept open, JSON in and out."""

from __future__ import annotations

import asyncio
from typing import NamedTuple

import msgspec


class Answer(NamedTuple):
    status: int
    body: bytes


class Client:
    """One HTTP/1.1 connection (RFC 9112) that opens itself again; no redirects, no chunks, one request at a time."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, method: str, path: str, body: object = None, headers: dict[str, str] | None = None) -> Answer:
        """Raises OSError or EOFError if no whole answer came: what was asked may have happened or not."""
        raw = b"" if body is None else msgspec.json.encode(body)
        lines = [
            f"{method} {path} HTTP/1.1",
            f"Host: localhost:{self._port}",
            "Content-Type: application/json",
            f"Content-Length: {len(raw)}",
            *(f"{name}: {value}" for name, value in (headers or {}).items()),
        ]
        try:
            if self._streams is None:
                self._streams = await asyncio.open_connection("127.0.0.1", self._port)
            reader, writer = self._streams
            writer.write("\r\n".join([*lines, "", ""]).encode() + raw)
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower().split("\r\n")
            given = dict(line.partition(": ")[::2] for line in head[1:])
            told = await reader.readexactly(int(given.get("content-length", 0)))
        except BaseException:
            self.close()
            raise
        if given.get("connection") == "close":
            self.close()
        return Answer(int(head[0].split(" ")[1]), told)

    def close(self) -> None:
        """At once; the socket itself goes in the loop's next turn."""
        if self._streams is not None:
            self._streams[1].transport.abort()
        self._streams = None
