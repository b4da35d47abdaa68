"""Calendars of a practice's doctors: theirs to read elsewhere, and those whose busy times count here."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
from aiohttp import web

from telemed import clock
from telemed.db import Tx
from telemed.desk import rows
from telemed.errors import Conflict, Invalid, Refusal
from telemed.forms import posted
from telemed.html import locale_of, page, render, see_other
from telemed.identity.access import Thing, may
from telemed.identity.callers import Caller
from telemed.keys import DATABASE, SETTINGS
from telemed.limits import Limit
from telemed.scheduling.codes import Codes
from telemed.scheduling.feeds import busy, feeds
from telemed.text import DEFAULT, Text

_PAGE: Final = "/practice/feeds"
_SHOWN: Final = timedelta(minutes=10)  # so long a new address is shown; afterwards nobody can ask for it
ADDING: Final = Limit(burst=20, per_minute=10)


class Feed(msgspec.Struct, frozen=True):
    id: UUID
    created: datetime
    last_read: datetime | None


class BusyCalendar(msgspec.Struct, frozen=True):
    """`times`: how many busy times are still to come."""

    id: UUID
    url: str
    added: datetime
    last_read: datetime | None
    last_error: str | None
    times: int

    @property
    def host(self) -> str:
        """All that is shown of an address: the rest of it is a secret."""
        return urlsplit(self.url).hostname or "?"

    @property
    def why(self) -> Text | None:
        return busy.WHY.get(self.last_error) if self.last_error else None


class _Practitioner(msgspec.Struct, frozen=True):
    site: UUID
    person: UUID | None


@page("GET", _PAGE, verb="feed.manage", session="staff")
async def overview(request: web.Request, caller: Caller) -> web.Response:
    return await _show(request, caller, request.query.get("doctor", ""))


@page("POST", f"{_PAGE}/{{practitioner}}/addresses", verb="feed.manage", session="staff", limit=ADDING)
async def make(request: web.Request, caller: Caller, practitioner: UUID) -> web.Response:
    """A new address, shown for ten minutes."""
    async with request.app[DATABASE].transaction(caller) as tx:
        may(caller, "feed.manage", await _whose(tx, practitioner))
        try:
            made = await feeds.make(tx, Codes(request.app[SETTINGS].secret), practitioner)
        except feeds.TooManyFeeds as full:
            refusal: Refusal = full
        else:
            return see_other(f"{_PAGE}?doctor={practitioner}&made={made}")
    return await _show(request, caller, str(practitioner), refusal=refusal)


@page("POST", f"{_PAGE}/{{practitioner}}/addresses/{{feed}}/withdrawal", verb="feed.manage", session="staff")
async def revoke(request: web.Request, caller: Caller, practitioner: UUID, feed: UUID) -> web.Response:
    async with request.app[DATABASE].transaction(caller) as tx:
        may(caller, "feed.manage", await _whose(tx, practitioner))
        await tx.run("feeds.revoke_feed", feed=feed, practitioner=practitioner, now=clock.now())
    return see_other(f"{_PAGE}?doctor={practitioner}")


@page("POST", f"{_PAGE}/{{practitioner}}/calendars", verb="feed.manage", session="staff", limit=ADDING)
async def add(request: web.Request, caller: Caller, practitioner: UUID) -> web.Response:
    """Connects a calendar; the worker reads it at once."""
    url = (await posted(request)).get("url", "")
    refusal: Refusal
    try:
        async with request.app[DATABASE].transaction(caller) as tx:
            may(caller, "feed.manage", await _whose(tx, practitioner))
            await busy.add(tx, practitioner, url)
    except busy.AddressUnclear as unclear:
        refusal = unclear
    except busy.CalendarThere as there:
        refusal = there
    else:
        return see_other(f"{_PAGE}?doctor={practitioner}#calendars")
    return await _show(request, caller, str(practitioner), url[:2000], refusal)


@page("POST", f"{_PAGE}/{{practitioner}}/calendars/{{calendar}}/removal", verb="feed.manage", session="staff")
async def remove(request: web.Request, caller: Caller, practitioner: UUID, calendar: UUID) -> web.Response:
    async with request.app[DATABASE].transaction(caller) as tx:
        may(caller, "feed.manage", await _whose(tx, practitioner))
        await busy.remove(tx, practitioner, calendar)
    return see_other(f"{_PAGE}?doctor={practitioner}#calendars")


async def _whose(tx: Tx, practitioner: UUID) -> Thing:
    """Raises NotFound."""
    found = await tx.one(_Practitioner, "feeds.practitioner", practitioner=practitioner)
    return Thing(site=found.site, person=found.person)


async def _show(
    request: web.Request, caller: Caller, wanted: str, url: str = "", refusal: Refusal | None = None
) -> web.Response:
    """The page of one doctor; doctors see their own alone."""
    async with request.app[DATABASE].transaction(caller) as tx:
        at = await rows.site(tx, caller)
        doctors = await rows.doctors(tx, at)
        if caller.role == "practitioner":
            doctors = [one for one in doctors if one.person == caller.person]
        who = next((one for one in doctors if str(one.id) == wanted), doctors[0] if doctors else None)
        addresses, calendars = list[Feed](), list[BusyCalendar]()
        if who is not None:
            addresses = await tx.many(Feed, "feeds.feeds", practitioner=who.id)
            calendars = await tx.many(BusyCalendar, "feeds.calendars", practitioner=who.id, now=clock.now())
    return render(
        request, "desk/feeds.html", status=refusal.status if refusal else 200, at=at, doctors=doctors, who=who,
        addresses=addresses, calendars=calendars, address=_address(request, addresses), url=url,
        errors=refusal.fields if isinstance(refusal, Invalid) else {},
        refusal=refusal if isinstance(refusal, Conflict) else None,
    )  # fmt: skip


def _address(request: web.Request, addresses: list[Feed]) -> str | None:
    """The address that was made just now."""
    made = next((one for one in addresses if str(one.id) == request.query.get("made")), None)
    if made is None or clock.now() - made.created > _SHOWN:
        return None
    settings, locale = request.app[SETTINGS], locale_of(request)
    language = "" if locale == DEFAULT else f"?lang={locale}"
    return f"{settings.origin}/feeds/{Codes(settings.secret).feed_secret(made.id)}.ics{language}"


ROUTES = [overview, make, revoke, add, remove]
