"""Telling the relays that a consultation is over: what they carry for it ends at once, not when it would run out.

coturn lets its operator list and cancel sessions over a line of text commands on its own machine (`cli-ip`, `cli-port`,
`cli-password` of turnserver.conf). The credentials themselves live two minutes and cannot be called back: whoever keeps
one may ask for a relay once more until then, but nobody is left to be reached through it.
"""

from __future__ import annotations

import asyncio
import re
from datetime import datetime
from uuid import UUID

import structlog

from telemed import clock
from telemed.consultation import messages as m
from telemed.settings import Settings

PATIENCE = 2.0  # seconds for one relay
_PROMPT = b"> "
_SESSION = re.compile(rb"id=(\d+), user <(\d+:[^>]*)>")

log = structlog.get_logger()


def cut_off(appointment: UUID, command: m.Command) -> str | None:
    """Whose relays end with this command, as `close` wants it; None: nobody's."""
    match command:
        case m.End():
            return str(appointment)
        case m.Hold(seat=seat) | m.Deny(seat=seat) | m.Kick(seat=seat):
            return f"{appointment}-{seat}"
    return None


async def close(settings: Settings, owner: str, *, expired: bool = False) -> None:
    """Cancels, on every relay, the sessions whose owner (see `turn.ice`) begins so. What goes wrong is logged.

    `expired`: only those whose credential has run out. A relay asks for it no more, and would let them go on.
    """
    before = clock.now() if expired else None
    await asyncio.gather(*(_close(at, settings.turn_control_password, owner, before) for at in settings.turn_control))


async def _close(at: str, password: str, owner: str, before: datetime | None) -> None:
    host, _, port = at.rpartition(":")
    try:
        async with asyncio.timeout(PATIENCE):
            reader, writer = await asyncio.open_connection(host, int(port), limit=2**20)
            try:
                await reader.readuntil(b": ")
                writer.write(f"{password}\r\n".encode())
                await reader.readuntil(_PROMPT)
                writer.write(f"psp :{owner}\r\n".encode())
                for session, user in _SESSION.findall(await reader.readuntil(_PROMPT)):
                    until, _, whose = user.partition(b":")
                    over = before is None or int(until) < before.timestamp()
                    if whose.startswith(owner.encode()) and over:
                        writer.write(b"cs " + session + b"\r\n")
                        await reader.readuntil(_PROMPT)
                writer.write(b"quit\r\n")
                await writer.drain()
            finally:
                writer.close()
    except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
        log.warning("relay_not_told", relay=at, error=type(error).__name__)
