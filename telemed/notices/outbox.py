"""One notice on its way: still true? then sent, then noted. Repeated after a crash, it carries the same Message-ID.

What a server has accepted cannot be taken back, and noting it is a second step: a worker that dies between the two
sends again. The Message-ID and the gateway's Idempotency-Key are made from the notice's name, so a repeat is known.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

import structlog

from telemed import clock
from telemed.db import Database
from telemed.identity.callers import SYSTEM
from telemed.notices import email, rides, sms
from telemed.notices.email import Send
from telemed.notices.texts import compose
from telemed.notices.types import Letter, Never, NotNow, RideLetter, Way, Wording
from telemed.scheduling.codes import Codes
from telemed.settings import Settings

log = structlog.get_logger()

# After each failed try; when they are used up, more than a day later, the notice is given up.
AGAIN: Final = [timedelta(minutes=m) for m in (1, 5, 15, 60, 240, 480, 720)]
SENT: Final = "sent"  # the folder in data_dir where the demo keeps what it would send


async def deliver(db: Database, settings: Settings, codes: Codes, notice: UUID) -> None:
    """Sends the notice if it is still to be sent and still true. What goes wrong is noted, never raised."""
    async with db.transaction(SYSTEM) as tx:
        way = await tx.maybe(Way, "notices.way", id=notice)
    if way is None or way.channel == "phone":
        return
    opened = _way(way.channel, settings)
    if opened is None:
        async with db.transaction(SYSTEM) as tx:
            await tx.run("notices.unsendable", id=notice, now=clock.now())
        return
    message_id = f"<{way.name}@{urlsplit(settings.origin).hostname}>"
    tried = 0
    try:
        async with opened as send:
            # Claimed with the connection already open: nothing slow lies between the last look and the sending.
            letter = await _claim(db, notice, message_id, way.to_operator)
            if letter is None:
                return
            tried = letter.attempts
            if isinstance(letter, RideLetter):
                words = rides.compose(letter, settings)
            else:
                words = compose(letter, settings, codes)
            await send(letter, words, message_id)
            async with db.transaction(SYSTEM) as tx:
                await tx.run("notices.sent", id=notice, now=clock.now())
            log.info("notice_sent", id=str(notice), kind=letter.kind, channel=way.channel, tries=tried)
    except Never as refusal:
        await _give_up(db, notice, str(refusal))
    except NotNow as reason:
        await _later(db, notice, tried or await _count(db, notice), str(reason))


async def _claim(db: Database, notice: UUID, message_id: str, to_operator: bool) -> Letter | RideLetter | None:
    about: dict[str, object] = {"id": notice, "message_id": message_id, "now": clock.now()}
    async with db.transaction(SYSTEM) as tx:
        letter: Letter | RideLetter | None = (
            await tx.maybe(RideLetter, "notices.claim_ride", **about)
            if to_operator
            else await tx.maybe(Letter, "notices.claim", **about)
        )
        if letter is None:
            await tx.run("notices.drop", id=notice)
            log.info("notice_dropped", id=str(notice))
        return letter


async def _count(db: Database, notice: UUID) -> int:
    """A server that is away counts as a try, although there was nobody to send to."""
    async with db.transaction(SYSTEM) as tx:
        return int(await tx.value("notices.count_try", id=notice) or 0)


async def _later(db: Database, notice: UUID, tried: int, reason: str) -> None:
    if tried > len(AGAIN):
        await _give_up(db, notice, reason)
        return
    async with db.transaction(SYSTEM) as tx:
        await tx.value("notices.later", id=notice, error=reason, delay=AGAIN[max(tried, 1) - 1])
    log.warning("notice_later", id=str(notice), error=reason, tries=tried)


async def _give_up(db: Database, notice: UUID, reason: str) -> None:
    async with db.transaction(SYSTEM) as tx:
        await tx.run("notices.dead", id=notice, error=reason)
    log.warning("notice_dead", id=str(notice), error=reason)


def _way(channel: str, settings: Settings) -> AbstractAsyncContextManager[Send] | None:
    if channel == "email" and settings.smtp_url:
        return email.connected(settings)
    if channel == "sms" and settings.sms_url:
        return sms.connected(settings)
    return _kept(settings) if settings.demo else None


@asynccontextmanager
async def _kept(settings: Settings) -> AsyncIterator[Send]:
    """The demo has no server to send with: what it would send lies in a folder, to be looked at."""
    folder = settings.data_dir / SENT

    async def send(letter: Letter | RideLetter, words: Wording, message_id: str) -> None:
        folder.mkdir(exist_ok=True)
        if isinstance(letter, RideLetter) or letter.channel == "email":
            mail = email.message(letter, words, message_id, settings)
            (folder / f"{letter.id}.eml").write_bytes(mail.as_bytes())
        else:
            (folder / f"{letter.id}.txt").write_text(f"{letter.phone}\n{words.text}\n", encoding="utf-8")

    yield send
