"""Notices as they are sent, and as the practice sees them."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from telemed.scheduling.types import Language, Status, Venue

Kind = Literal["booked", "moved", "cancelled", "reminder_72h", "reminder_24h", "reminder_2h", "follow_up", "offer"]
Channel = Literal["email", "sms", "phone"]


class Letter(Venue, frozen=True, kw_only=True):
    """A notice right before it is sent, with what was read from its appointment at that moment.

    `message`: the practice's own words. `name`: under which servers know it, the same whenever it is repeated, another
    one after its address was put right.
    """

    id: UUID
    name: str
    kind: Kind
    channel: Channel
    language: Language
    attempts: int
    message: str | None
    appointment: UUID
    email: str | None
    phone: str | None
    status: Status
    start: datetime
    end: datetime
    epoch: int
    changed: datetime
    cancelled_by: str | None
    zone: str
    town: str
    practice_phone: str
    entry: UUID | None = None  # the place on the waiting list that is offered this time,
    answer_by: datetime | None = None  # and until when


class RideLetter(msgspec.Struct, frozen=True, kw_only=True):
    """A mail to the operator of a bus or taxi: place and time, and nothing of the person or of why they go.

    `stop`: the site from which the ride goes, `practice`: an address without a name, if it goes there; `phone` and
    `zone` of the site. `at` as in `stations.rides.Offer`.
    """

    id: UUID
    name: str
    kind: Literal["ride", "ride_off"]
    language: Language
    attempts: int
    email: str
    leg: Literal["there", "home"]
    at: datetime
    direction: str
    stop: str
    practice: str | None
    phone: str
    zone: str
    channel: Channel = "email"


class Way(msgspec.Struct, frozen=True):
    """How a notice goes out; `name` as in Letter; `to_operator`: as a RideLetter."""

    channel: Channel
    name: str
    to_operator: bool


class Wording(msgspec.Struct, frozen=True):
    """A notice in words: the subject of an e-mail, and its text; an SMS has the text alone."""

    subject: str
    text: str


class OpenNotice(msgspec.Struct, frozen=True, kw_only=True):
    """What the practice has to look after: a patient to be called, or a notice that was given up (`dead`)."""

    id: UUID
    kind: Kind
    channel: Channel
    status: Literal["queued", "dead"]
    start: datetime
    last_error: str | None
    message: str | None
    created: datetime
    appointment: UUID
    patient_name: str | None
    phone: str | None
    email: str | None
    cancelled_by: str | None


class NotNow(Exception):
    """It could not be handed over; later it may. `str()` is a word and a number, never an address."""


class Never(Exception):
    """It was refused for good; `str()` as in NotNow."""
