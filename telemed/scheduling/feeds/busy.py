"""A practitioner's own calendars: the times at which they say *busy* are not offered. What is booked stays booked."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from telemed import clock
from telemed.db import Database, Tx
from telemed.errors import Conflict, Invalid
from telemed.identity.callers import SYSTEM
from telemed.ids import new_id
from telemed.scheduling.feeds import fetching, ics
from telemed.scheduling.feeds.fetching import Allowed, Fetched, is_public
from telemed.scheduling.feeds.ics import Asked, Unreadable
from telemed.scheduling.hours import openings
from telemed.scheduling.hours.rules import Range
from telemed.text import Text, _

# A little farther than slots are offered, so that an unchanged file need not be fetched again every day.
_AHEAD: Final = timedelta(days=8)

WHY: Final[dict[str, Text]] = {
    "not_public": _("The address leads into a private network. It must be reachable on the internet."),
    "unreachable": _("The calendar did not answer. Please check the address."),
    "refused": _("The calendar cannot be read at this address any more. Please copy it anew."),
    "redirects": _("The address leads on and on to others. Please copy it anew."),
    "too_slow": _("The calendar took too long to answer."),
    "too_large": _("The calendar is larger than 5 megabytes. Please release only the coming months."),
    "too_much": _("The calendar has too many entries. Please release only the coming months."),
    "too_often": _("An entry repeats every minute or second. Please change it."),
    "not_a_calendar": _("There is no calendar at this address. It should end in .ics."),
    "broken": _("An entry of the calendar cannot be read, so none was taken over."),
}
"""What a person is told for each code of Unreadable."""


class AddressUnclear(Invalid):
    """Not the address of a calendar on the internet."""

    code = "calendar_address"

    def __init__(self) -> None:
        super().__init__(fields={"url": _("Please give an address that begins with https:// or webcal://.")})


class CalendarThere(Conflict):
    """The practitioner has this calendar already, or ten others."""

    code = "calendar_there"
    sentence = _("This calendar is connected already, or there are ten others.")


class _ToRead(msgspec.Struct, frozen=True):
    practitioner: UUID
    url: str
    etag: str | None
    reaches: datetime | None
    zone: str
    horizon: timedelta


async def add(tx: Tx, practitioner: UUID, typed: str) -> UUID:
    """Connects a calendar, which the worker then reads at once. Raises AddressUnclear, CalendarThere."""
    try:
        url = fetching.address_of(typed)
    except ValueError:
        raise AddressUnclear from None
    calendar = new_id()
    if not await tx.run("feeds.add_calendar", id=calendar, practitioner=practitioner, url=str(url), now=clock.now()):
        raise CalendarThere
    await tx.value("feeds.read_soon", calendar=calendar)
    return calendar


async def remove(tx: Tx, practitioner: UUID, calendar: UUID) -> None:
    """Its busy times go, and what they blocked is offered again."""
    await openings.lock(tx, practitioner)
    if await tx.run("feeds.remove_calendar", calendar=calendar, practitioner=practitioner):
        await openings.rebuild(tx, practitioner, clock.now().date())


async def schedule(db: Database) -> None:
    """Puts the reading of every calendar in the queue; every 15 minutes."""
    async with db.transaction(SYSTEM) as tx:
        await tx.run("feeds.calendars_due", now=clock.now())


async def refresh(db: Database, calendar: UUID, allowed: Allowed = is_public) -> None:
    """Reads a calendar and takes its busy times over. What cannot be read leaves everything as it was, and says why."""
    async with db.transaction(SYSTEM) as tx:
        about = await tx.maybe(_ToRead, "feeds.to_read", calendar=calendar)
    if about is None:
        return
    since, needed = clock.now() - timedelta(days=1), clock.now() + about.horizon + timedelta(days=1)
    until = needed + _AHEAD
    etag = about.etag if about.reaches is not None and about.reaches >= needed else None
    try:
        fetched = await fetching.fetch(about.url, etag, allowed)
        if fetched is None:
            async with db.transaction(SYSTEM) as tx:
                await tx.run("feeds.was_unchanged", calendar=calendar, now=clock.now())
            return
        times = await ics.read(fetched.content, Asked(about.zone, since, until))
    except Unreadable as why:
        async with db.transaction(SYSTEM) as tx:
            await tx.run("feeds.was_unreadable", calendar=calendar, error=why.code, now=clock.now())
        return
    async with db.transaction(SYSTEM) as tx:
        await _replace(tx, calendar, about.practitioner, times, fetched, until)


async def _replace(
    tx: Tx, calendar: UUID, practitioner: UUID, times: list[Range], fetched: Fetched, until: datetime
) -> None:
    # Always in this order, openings first: it is also the order in which a calendar is removed.
    await openings.lock(tx, practitioner)
    if await tx.value("feeds.lock_calendar", calendar=calendar) is None:
        return
    ranges = {"starts": [one.start for one in times], "ends": [one.end for one in times]}
    await tx.run("feeds.drop_busy", calendar=calendar, **ranges)
    await tx.run("feeds.add_busy", calendar=calendar, practitioner=practitioner, **ranges)
    await tx.run("feeds.was_read", calendar=calendar, etag=fetched.etag, reaches=until, now=clock.now())
    await openings.rebuild(tx, practitioner, clock.now().date())
