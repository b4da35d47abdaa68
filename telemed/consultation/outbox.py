"""What a socket still has to be told.

Nothing that is sent is waited for. What a page has not taken yet lies in its transport, at most OUTBOX bytes of it: who
reads more slowly is closed and resumes, and nobody else notices.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from aiohttp import web

from telemed.consultation import messages as m
from telemed.consultation.log import WINDOW_BYTES
from telemed.consultation.wire import text_frame

OUTBOX = 2 * WINDOW_BYTES  # a page that resumes may get a whole window at once
GOODBYE_WITHIN = 10.0  # seconds until a line that takes no close frame is cut


class Outbox:
    """Frames of one loop turn, written together: what goes out costs most by the piece.

    Past aiohttp's own writer, whose every frame has to be awaited in case the page reads slowly.
    """

    def __init__(self, ws: web.WebSocketResponse, transport: asyncio.Transport, too_slow: Callable[[], None]) -> None:
        self._ws, self._transport, self._too_slow = ws, transport, too_slow
        self._frames: list[bytes] = []

    def put(self, message: m.ServerMessage) -> None:
        if not self._frames:
            asyncio.get_running_loop().call_soon(self.flush)
        self._frames.append(text_frame(m.encode(message)))

    def flush(self) -> None:
        if self._frames and not self._ws.closed and not self._transport.is_closing():
            self._transport.write(b"".join(self._frames))
            self._frames.clear()
            if self._transport.get_write_buffer_size() > OUTBOX:
                self._too_slow()

    async def close(self, code: int) -> None:
        """Says the last of it and closes, to the end: a page that finds the line cut may not believe the code."""
        self.flush()
        try:
            async with asyncio.timeout(GOODBYE_WITHIN):
                await self._ws.close(code=code)
        except TimeoutError:
            self._transport.abort()
