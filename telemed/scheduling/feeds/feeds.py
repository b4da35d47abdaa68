"""A practitioner's appointments for their own calendar program (RFC 5545), behind a secret address.

Whoever knows the address may read it, so it tells times, modes and initials; and the address stands in no log.
"""

from __future__ import annotations

import asyncio
import hashlib
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec
from aiohttp import ETag, web
from icalendar import Calendar

from telemed import clock
from telemed.db import Tx
from telemed.errors import Conflict
from telemed.html import page
from telemed.identity.callers import ANONYMOUS
from telemed.ids import new_id
from telemed.keys import DATABASE, SETTINGS
from telemed.limits import Limit
from telemed.scheduling.codes import Codes
from telemed.scheduling.feeds.calendars import Entry, event_of
from telemed.scheduling.types import Mode
from telemed.settings import Settings
from telemed.text import Text, _, choose

READING: Final = Limit(burst=120, per_minute=60)  # per client address; calendar services read for many people
BACK: Final = timedelta(days=7)
_MODES: Final[dict[Mode, Text]] = {
    "video": _("video"), "assisted": _("video, at a station"), "in_person": _("in the practice"),
}  # fmt: skip


class TooManyFeeds(Conflict):
    """Ten addresses are good already."""

    code = "too_many_feeds"
    sentence = _("There are ten addresses already. Please withdraw one that is not needed any more.")


class _Feed(msgspec.Struct, frozen=True):
    practitioner: UUID
    name: str
    site_name: str


class _Entry(msgspec.Struct, frozen=True):
    id: UUID
    start: datetime
    end: datetime
    mode: Mode
    initials: str | None
    epoch: int
    changed: datetime


async def make(tx: Tx, codes: Codes, practitioner: UUID) -> UUID:
    """A new address; `codes.feed_secret` of what comes back is the secret in it. Raises TooManyFeeds."""
    feed = new_id()
    digest = codes.feed_digest(codes.feed_secret(feed))
    if not await tx.run("feeds.add_feed", id=feed, practitioner=practitioner, digest=digest, now=clock.now()):
        raise TooManyFeeds
    return feed


@page("GET", "/feeds/{secret}.ics", verb="feed.read", limit=READING)
async def read(request: web.Request, secret: str) -> web.Response:
    """The calendar, from a week ago on. Unknown and revoked addresses answer the same."""
    settings, locale = request.app[SETTINGS], choose(request.query.get("lang"), "")
    digest = Codes(settings.secret).feed_digest(secret)
    async with request.app[DATABASE].transaction(ANONYMOUS) as tx:
        feed = await tx.maybe(_Feed, "feeds.read_feed", digest=digest, now=clock.now())
        entries = await tx.many(_Entry, "feeds.feed_entries", digest=digest, since=clock.now() - BACK)
    if feed is None:
        return web.Response(status=404, text="There is no calendar here.\n")
    edition = hashlib.sha256(msgspec.json.encode([feed, entries, locale])).hexdigest()[:32]
    if any(tag.value in (edition, "*") for tag in request.if_none_match or ()):
        response = web.Response(status=304)
    else:
        # Off the loop: a year of appointments takes a second.
        body = await asyncio.to_thread(_calendar, feed, entries, settings, locale)
        response = web.Response(body=body, content_type="text/calendar", charset="utf-8")
    response.etag = ETag(edition)
    if entries:
        response.last_modified = max(entry.changed for entry in entries)
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _calendar(feed: _Feed, entries: list[_Entry], settings: Settings, locale: str) -> bytes:
    made = Calendar()
    made.add("prodid", "-//telemed//telemed//DE")
    made.add("version", "2.0")
    made.add("method", "PUBLISH")
    made.add("x-wr-calname", f"{feed.name}, {feed.site_name}")
    made.add("refresh-interval", timedelta(minutes=15), parameters={"VALUE": "DURATION"})
    made.add("x-published-ttl", "PT15M")  # the same for Outlook
    for it in entries:
        entry = Entry(
            id=it.id, start=it.start, end=it.end, zone="UTC", epoch=it.epoch, changed=it.changed, cancelled=False
        )
        event = event_of(entry, settings)
        event.add("summary", f"{it.initials or ''} ({_MODES[it.mode].render(locale)})".strip())
        event.add("status", "CONFIRMED")
        event.add("class", "PRIVATE")
        made.add_component(event)
    return bytes(made.to_ical())


ROUTES = [read]
