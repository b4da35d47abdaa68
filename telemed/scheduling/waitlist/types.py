"""Wire and row shapes of the waiting list."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from telemed.identity.types import Session
from telemed.scheduling.types import Language, Line, Mode, Patient, PostalCode, Venue
from telemed.scheduling.waitlist.patience import Channel

EntryStatus = Literal["waiting", "booked", "withdrawn", "over"]
OfferStatus = Literal["open", "accepted", "declined", "expired", "lost"]
Weekday = Annotated[int, msgspec.Meta(ge=1, le=7)]


class Times(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which times would suit: weekdays as in ISO 8601, [since, until) on the practice's wall clock, dates inclusive.

    None: any. `short_notice`: how long before its start a time must be offered, 15 minutes to 14 days.
    """

    weekdays: tuple[Weekday, ...] | None = None
    since: time | None = None
    until: time | None = None
    from_date: date | None = None
    until_date: date | None = None
    short_notice: timedelta = timedelta(hours=2)


class Joining(Times, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A place on the list, for a patient who can be reached. `postal_code` as in a booking; it is not kept."""

    service: UUID
    patient: Patient
    mode: Mode = "video"
    station: UUID | None = None
    carer: Line | None = None
    postal_code: PostalCode | None = None
    language: Language = "de"


class Earlier(Times, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An earlier time for an appointment; the contact of the appointment counts where none is given."""

    email: Line | None = None
    phone: Line | None = None


class Entry(Venue, frozen=True, kw_only=True):
    """A place on the list with its open offer, or else the last one. `appointment`: to be brought forward, or won."""

    id: UUID
    status: EntryStatus
    service: UUID
    service_name_de: str
    service_name_en: str
    duration: timedelta
    practitioner: UUID
    practitioner_title: str
    practitioner_name: str
    site: UUID
    site_name: str
    site_town: str
    site_phone: str
    zone: str
    station: UUID | None
    station_name: str | None
    patient_name: str
    birth_date: date
    email: str | None
    phone: str | None
    language: Language
    carer_name: str | None
    near: bool
    weekdays: tuple[int, ...] | None
    since_time: time | None
    until_time: time | None
    from_date: date | None
    until_date: date | None
    short_notice: timedelta
    appointment: UUID | None
    offer: UUID | None
    offer_status: OfferStatus | None
    offer_start: datetime | None
    offer_end: datetime | None
    offer_expires: datetime | None
    offer_channel: Channel | None
    hold: UUID | None
    created: datetime
    changed: datetime


class Waiting(Entry, frozen=True, kw_only=True):
    """As the practice sees it. `refused`: why the service is not for this patient (`admission`); `answered`: how many
    offers are over; `unreachable`: no message gets through, and there is no telephone number."""

    refused: str | None
    answered: int
    unreachable: bool


class Waitlist(msgspec.Struct, frozen=True):
    entries: list[Waiting]


class Joined(Entry, frozen=True, kw_only=True):
    """A new place with its code. `session` opens it right away for a patient without a login."""

    code: str
    session: Session | None = None


class Answer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is said to an offer."""

    status: Literal["accepted", "declined"]


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """After an answer. Accepted: the appointment that was won or moved, with its code."""

    entry: Entry
    appointment: UUID | None = None
    code: str | None = None
    session: Session | None = None
