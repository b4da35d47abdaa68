"""Who can be seen: the practitioners of the towns around a spot, by nearness or by the earliest time."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from telemed import clock
from telemed.db import Tx
from telemed.directory import towns
from telemed.directory.specialties import label
from telemed.directory.types import Found, PractitionersQuery, Search, Service, Sort, Spot, Town
from telemed.errors import Invalid
from telemed.scheduling.types import FirstFree
from telemed.text import Text, _


class BadCursor(Invalid):
    """A cursor that this search never gave."""

    code = "bad_cursor"
    sentence = _("This page of the list does not exist any more. Please search again.")


class _Row(msgspec.Struct, frozen=True):
    practitioner: UUID
    title: str
    name: str
    specialty: str
    languages: tuple[str, ...]
    site: UUID
    site_name: str
    street: str
    postal_code: str
    phone: str
    zone: str
    place: int
    earliest: datetime | None
    earliest_service: UUID | None
    first_key: float
    second_key: float


class _After(msgspec.Struct, frozen=True, array_like=True):
    """A row's place in the order: the list goes on after it."""

    first_key: float
    second_key: float
    practitioner: UUID


_START: Final = _After(-1.0, -1.0, UUID(int=0))


async def practitioners(tx: Tx, spot: Spot, query: PractitionersQuery, locale: str) -> Search:
    """A page of the search; `query.where` has become `spot`. Raises UnknownSpecialty, BadCursor.

    Nobody's place in the list depends on who pays, or on the length of what is booked (B-07).
    """
    after = _read(query.cursor)
    around = await towns.near(tx, spot, query.specialty, query.mode, query.within)
    rows = await _rows(tx, around, after, query)
    services = await services_of(tx, [row.practitioner for row in rows[: query.limit]])
    by_place = {town.place: town for town in around}
    found = []
    for at, row in enumerate(rows[: query.limit]):
        town = by_place[row.place]
        first = town == around[0] if query.sort == "nearest" else at == 0 and not query.cursor
        why = " ".join(text.render(locale) for text in _why(query.sort, town, row.earliest, first=first))
        found.append(_found(row, town, services[row.practitioner], why, locale))
    return Search(spot, around[0] if around else None, found, _next(rows, query.limit))


async def _rows(tx: Tx, around: list[Town], after: _After, query: PractitionersQuery) -> list[_Row]:
    """One row more than a page, if there are so many."""
    nearby = around if query.sort == "earliest" else _enough(around, after, query.limit)
    everybody = sum(town.practitioners for town in nearby)
    look = 4 * query.limit
    while True:
        rows = await tx.many(
            _Row, "directory.found", places=[town.place for town in nearby], kilometres=[town.km for town in nearby],
            specialty=query.specialty or None, mode=query.mode, sort=query.sort, now=clock.now(), look=look,
            after_first=after.first_key, after_second=after.second_key, after=after.practitioner, limit=query.limit + 1,
        )  # fmt: skip
        if len(rows) > query.limit or look >= everybody:
            return rows
        look *= 8


async def services_of(tx: Tx, practitioners: list[UUID]) -> dict[UUID, list[Service]]:
    """What can be booked with each, and when first."""
    rows = await tx.many(Service, "directory.services", practitioners=practitioners)
    starts = await tx.many(FirstFree, "scheduling.first_free", services=[row.id for row in rows], now=clock.now())
    earliest = {row.service: row.start for row in starts}
    services: dict[UUID, list[Service]] = {practitioner: [] for practitioner in practitioners}
    for row in rows:
        services[row.practitioner].append(msgspec.structs.replace(row, earliest=earliest.get(row.id)))
    return services


def _enough(around: list[Town], after: _After, limit: int) -> list[Town]:
    """The nearest towns that fill a page: the others need not be looked at."""
    chosen: list[Town] = []
    missing = limit + 1
    for town in around:
        if town.km >= after.first_key and missing > 0:
            chosen.append(town)
            if town.km > after.first_key:  # of a town where the last page ended, we do not know how many are left
                missing -= town.practitioners
    return chosen


def _found(row: _Row, town: Town, services: list[Service], why: str, locale: str) -> Found:
    return Found(
        practitioner=row.practitioner, title=row.title, name=row.name, specialty=row.specialty,
        specialty_name=label(row.specialty).render(locale), languages=row.languages, site=row.site,
        site_name=row.site_name, street=row.street, postal_code=row.postal_code, phone=row.phone, zone=row.zone,
        town=town, earliest=row.earliest, earliest_service=row.earliest_service, services=services, why=why,
    )  # fmt: skip


def _why(sort: Sort, town: Town, earliest: datetime | None, *, first: bool) -> tuple[Text, Text]:
    """Why somebody stands where they do, and how far away the town is."""
    if earliest is None:
        order = _("No time is free at present.")
    elif sort == "earliest":
        order = _("This is the earliest free time.") if first else _("One of the next free times.")
    elif first:
        order = _("%(town)s is the nearest larger town with a suitable doctor.", town=town.name)
    else:
        order = _("%(town)s is farther away.", town=town.name)
    if town.km < 1:
        return order, _("It is in your own town.")
    values = {"town": town.name, "km": round(town.km)}
    if town.minutes > 120:
        hours = round(town.minutes / 60)
        return order, _("To %(town)s it is %(km)s km, about %(hours)s hours by car.", hours=hours, **values)
    return order, _("To %(town)s it is %(km)s km, about %(minutes)s minutes by car.", minutes=town.minutes, **values)


def _next(rows: list[_Row], limit: int) -> str | None:
    if len(rows) <= limit:
        return None
    last = rows[limit - 1]
    return urlsafe_b64encode(msgspec.json.encode(_After(last.first_key, last.second_key, last.practitioner))).decode()


def _read(cursor: str | None) -> _After:
    if not cursor:
        return _START
    try:
        return msgspec.json.decode(urlsafe_b64decode(cursor.encode()), type=_After)
    except (ValueError, msgspec.DecodeError) as error:
        raise BadCursor from error
