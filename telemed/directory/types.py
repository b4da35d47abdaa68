"""Wire and row shapes of the directory. Distances are great-circle kilometres, travel an estimate in minutes by car."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from telemed.scheduling.types import Mode, Patients

Sort = Literal["nearest", "earliest"]
When = Literal["today", "tomorrow", "this-week", "next-week"]
TimeOfDay = Literal["morning", "afternoon", "evening"]
SiteKind = Literal["practice", "pharmacy", "hub"]
InsteadKind = Literal["later", "other-time", "farther"]
Where = Annotated[str, msgspec.Meta(min_length=1, max_length=120)]
Limit = Annotated[int, msgspec.Meta(ge=1, le=50)]
Within = Annotated[int, msgspec.Meta(ge=5, le=1440)]


class Spot(msgspec.Struct, frozen=True):
    """Where somebody is. `note` says in their language what was understood, if it is not exactly what they typed."""

    name: str
    state: str
    lat: float
    lon: float
    postal_code: str | None = None
    note: str | None = None


class Candidate(msgspec.Struct, frozen=True):
    """One of several places of a name, with what tells it apart. `where` finds exactly this one."""

    where: str
    name: str
    state: str
    postal_code: str
    near: str | None  # the nearest town of 10,000 people; None for a place that is so large itself
    near_km: float | None


class Town(msgspec.Struct, frozen=True):
    """A town where doctors can be booked, seen from a spot."""

    place: int
    name: str
    state: str
    lat: float
    lon: float
    population: int
    km: float
    minutes: int


class LargerTown(Town, frozen=True, kw_only=True):
    """`practitioners` counts those that fit what was asked."""

    practices: int
    practitioners: int


class Towns(msgspec.Struct, frozen=True):
    origin: Spot
    towns: list[LargerTown]


class Service(msgspec.Struct, frozen=True):
    """What can be booked. `duration` is what the patient is told, without buffers."""

    id: UUID
    practitioner: UUID
    name_de: str
    name_en: str
    duration: timedelta
    modes: tuple[Mode, ...]
    earliest: datetime | None = None
    patients: Patients = "all"
    first_assessment: bool = False  # by the practice, before a new patient's first video (B-09)


class Site(msgspec.Struct, frozen=True):
    """An address where people are."""

    id: UUID
    kind: SiteKind
    name: str
    street: str
    postal_code: str
    town: str
    state: str
    lat: float
    lon: float
    phone: str
    zone: str


class Practitioner(msgspec.Struct, frozen=True):
    """A doctor with the practice, the town it is in, and everything that can be booked."""

    id: UUID
    title: str
    name: str
    specialty: str
    specialty_name: str
    languages: tuple[str, ...]
    site: Site
    services: list[Service]


class Found(msgspec.Struct, frozen=True):
    """A practitioner in the order of a search. `why` is a sentence: which larger town, how far, why in this position.

    `starts` are the first free ones in the window asked for, of the service `earliest_service`; `earliest` is the first
    from the window's beginning on, be it after its end. `at_any_time` is the first of all, whatever was asked.
    """

    practitioner: UUID
    title: str
    name: str
    specialty: str
    specialty_name: str
    languages: tuple[str, ...]
    modes: tuple[Mode, ...]
    site: UUID
    site_name: str
    street: str
    postal_code: str
    phone: str
    zone: str
    town: Town
    earliest: datetime | None
    earliest_service: UUID | None
    starts: list[datetime]
    at_any_time: datetime | None
    services: list[Service]
    why: str


class Instead(msgspec.Struct, frozen=True):
    """Where and when the next one is, if nothing is free in the window: later, at another time of day, or farther away.

    `within` minutes of travel find it; `day` is its local date.
    """

    kind: InsteadKind
    within: int | None
    day: date
    start: datetime
    town: str
    minutes: int


class Station(msgspec.Struct, frozen=True):
    id: UUID
    name: str


class SiteNear(msgspec.Struct, frozen=True):
    """A site and its stations, seen from a spot."""

    site: Site
    stations: list[Station]
    km: float
    minutes: int


class Sites(msgspec.Struct, frozen=True):
    origin: Spot
    sites: list[SiteNear]


class Search(msgspec.Struct, frozen=True):
    """`nearest` is the nearest larger town with anybody who fits; `next` continues the list as `cursor`.

    For assisted consultations: `stations`, the nearest first, and the `station` that the starts are free at too.
    """

    origin: Spot
    nearest: Town | None
    practitioners: list[Found]
    next: str | None
    instead: list[Instead]
    station: UUID | None
    stations: list[SiteNear]


class Specialty(msgspec.Struct, frozen=True):
    code: str
    name: str


class Specialties(msgspec.Struct, frozen=True):
    specialties: list[Specialty]


class TownsQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    where: Where
    specialty: str | None = None
    mode: Mode | None = None
    limit: Limit = 10


class PractitionersQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"since": "from"}):
    """Without a specialty: all. `within` minutes of travel; without it two hours, or everywhere if nobody is there.

    `when` and `time` of day say when it should be; with a date `from`, from that day on. `station`: for an assisted
    consultation, instead of the nearest one. Nothing here says who pays (B-07).
    """

    where: Where
    specialty: str | None = None
    mode: Mode = "video"
    sort: Sort = "nearest"
    within: Within | None = None
    when: When | None = None
    since: date | None = None
    time: TimeOfDay | None = None
    language: Annotated[str, msgspec.Meta(pattern="^[a-z]{2,3}$")] | None = None
    station: UUID | None = None
    limit: Limit = 10
    cursor: Annotated[str, msgspec.Meta(max_length=200)] | None = None


class SitesQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Without a kind: every site that has a station."""

    where: Where
    kind: SiteKind | None = None
    limit: Limit = 10
