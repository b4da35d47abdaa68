"""A server of calendars on loopback, honest or malicious, each by its path."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from aiohttp import web


def calendar(*times: tuple[datetime, datetime], secret: str = "Zahnarzt mit Frau Geheim") -> bytes:
    """A calendar with these times, and a title that must never be kept."""
    events = "".join(
        f"BEGIN:VEVENT\r\nUID:{number}@example\r\nDTSTAMP:20260101T000000Z\r\nSUMMARY:{secret}\r\n"
        f"DTSTART:{start.astimezone(UTC):%Y%m%dT%H%M%SZ}\r\nDTEND:{end.astimezone(UTC):%Y%m%dT%H%M%SZ}\r\nEND:VEVENT\r\n"
        for number, (start, end) in enumerate(times)
    )
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//DE\r\n{events}END:VCALENDAR\r\n".encode()


class Calendars:
    """`file` is what /honest.ics answers. `asked` counts requests by path."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.file, self.etag = calendar(), '"1"'
        self.asked: dict[str, int] = {}

    async def answer(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        self.asked[name] = self.asked.get(name, 0) + 1
        answers: dict[str, Callable[[web.Request], web.StreamResponse]] = {
            "honest.ics": self._honest,
            "gzip.ics": lambda _: _packed(gzip.compress(self.file)),
            "bomb.ics": lambda _: _packed(gzip.compress(b"BEGIN:VCALENDAR\r\n" + b" " * (64 << 20))),
            "broken-gzip.ics": lambda _: _packed(b"no gzip at all"),
            "page.html": lambda _: web.Response(text="<!doctype html><title>Log in</title>", content_type="text/html"),
            "gone.ics": lambda _: web.Response(status=410),
            "down.ics": lambda _: web.Response(status=503),
            "hop.ics": lambda _: _to("/honest.ics"),
            "loop.ics": lambda _: _to("/loop.ics"),
            "away.ics": lambda _: _to(request.query["to"]),
            "recursive.ics": lambda _: web.Response(body=_recursive()),
            "half.ics": lambda _: web.Response(body=self.file[: len(self.file) // 2]),
        }
        if name == "huge.ics":
            return await _stream(request, b"x" * 65536, 0)
        if name == "drip.ics":
            return await _stream(request, b"B", 0.05)
        return answers[name](request)

    def _honest(self, request: web.Request) -> web.Response:
        if request.headers.get("If-None-Match") == self.etag:
            return web.Response(status=304)
        return web.Response(body=self.file, headers={"ETag": self.etag})


@asynccontextmanager
async def serving() -> AsyncIterator[Calendars]:
    app = web.Application()
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
    made = Calendars("")
    app.router.add_get("/{name}", made.answer)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.origin = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield made
    await runner.cleanup()


async def _stream(request: web.Request, piece: bytes, pause: float) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(piece)
        await asyncio.sleep(pause)


def _packed(body: bytes) -> web.Response:
    return web.Response(body=body, headers={"Content-Encoding": "gzip"})


def _to(where: str) -> web.Response:
    return web.Response(status=302, headers={"Location": where})


def _recursive() -> bytes:
    event = "BEGIN:VEVENT\r\nUID:1\r\nDTSTART:19700101T000000Z\r\nDURATION:PT1S\r\nRRULE:FREQ=SECONDLY\r\nEND:VEVENT"
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{event}\r\nEND:VCALENDAR\r\n".encode()
