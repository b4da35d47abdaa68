"""Wire and row shapes of scheduling. Instants carry their zone; ids are uuid; names of persons are plain text."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated, Final, Literal
from uuid import UUID

import msgspec

from telemed.clock import Instant
from telemed.identity.types import Session

Mode = Literal["video", "assisted", "in_person"]
Status = Literal["held", "booked", "arrived", "fulfilled", "cancelled", "noshow", "expired"]
Language = Literal["de", "en"]
Patients = Literal["new", "known", "all"]
Resource = Literal["practitioner", "station", "assistant", "patient", "day"]
CONSENT_VERSION: Final = "2026-11"  # of the sentences in consent.py: a new one whenever the meaning of one changes
Line = Annotated[str, msgspec.Meta(max_length=400)]
PostalCode = Annotated[str, msgspec.Meta(pattern="^[0-9]{5}$")]


class Service(msgspec.Struct, frozen=True):
    """What can be booked, with the doctor it is booked with (B-01)."""

    id: UUID
    name_de: str
    name_en: str
    duration: timedelta
    modes: tuple[Mode, ...]
    practitioner: UUID
    practitioner_title: str
    practitioner_name: str
    specialty: str
    site: UUID
    site_name: str
    site_town: str
    zone: str
    patients: Patients = "all"
    first_assessment: bool = False  # by the practice, before a new patient's first video (B-09)
    languages: tuple[str, ...] | None = None  # None: the doctor's


class SlotsQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"since": "from", "until": "to"}):
    """The window of a search; without one, everything from now to the service's horizon."""

    since: Instant | None = None
    until: Instant | None = None
    station: UUID | None = None
    postal_code: PostalCode | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=500)] = 50


class Slot(msgspec.Struct, frozen=True):
    """One bookable start. `local` is the practice's wall clock; `season` is set where that shows the time twice."""

    start: datetime
    end: datetime
    local: str
    season: Literal["summer", "winter"] | None


class KeptSlot(msgspec.Struct, frozen=True):
    """A free start that only people near the practice can book before `opens` (B-08)."""

    start: datetime
    opens: datetime


class Slots(msgspec.Struct, frozen=True):
    """`kept`: free too, but not yet for somebody who lives where the query says."""

    service: Service
    slots: list[Slot]
    kept: list[KeptSlot] = []


class Wish(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A start that somebody wants. `assisting`: the caller, an assistant, will sit beside the patient.

    `postal_code`: where the patient lives, for practices that keep starts for people nearby (B-08); it is not kept.
    """

    service: UUID
    start: Instant
    mode: Mode = "video"
    station: UUID | None = None
    assisting: bool = False
    postal_code: PostalCode | None = None


class Patient(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who is treated. Contact is optional: the code on paper is enough (V-07)."""

    name: Line
    birth_date: date
    email: Line | None = None
    phone: Line | None = None


class BookingWish(Wish, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A booking, of a hold that the caller has or of a time that is free. `carer`: who books for the patient."""

    patient: Patient
    carer: Line | None = None
    hold: UUID | None = None
    hold_secret: Line | None = None
    language: Language = "de"


class Venue(msgspec.Struct, frozen=True, kw_only=True):
    """Where the patient goes: to the station, or to the practice; None by video from wherever they are."""

    mode: Mode
    place_name: str | None
    place_street: str | None
    place_postal_code: str | None
    place_town: str | None
    place_phone: str | None

    @property
    def address(self) -> str | None:
        """In one line, for messages and calendars: without a practice's name, which may tell its specialty (G-25)."""
        if self.place_name is None:
            return None
        street = f"{self.place_street}, {self.place_postal_code} {self.place_town}"
        return f"{self.place_name}, {street}" if self.mode == "assisted" else street


class Appointment(Venue, frozen=True, kw_only=True):
    """A hold or an appointment, as it is shown to those who may see it. `epoch` is its version for If-Match.

    `changeable_until`: the patient can move or cancel it until then, later only the practice. `email`, `phone`: not for
    stations.
    """

    id: UUID
    status: Status
    start: datetime
    end: datetime
    expires: datetime | None
    extended: bool
    service: UUID
    service_name_de: str
    service_name_en: str
    practitioner: UUID
    practitioner_title: str
    practitioner_name: str
    specialty: str
    site: UUID
    site_name: str
    site_town: str
    site_phone: str
    zone: str
    station: UUID | None
    station_name: str | None
    station_site: UUID | None
    assistant: UUID | None
    patient_name: str | None
    birth_date: date | None
    email: str | None
    phone: str | None
    language: Language
    carer_name: str | None
    booked_by: UUID | None
    near: bool
    follow_up_of: UUID | None
    override_reason: str | None
    kept_outside: bool
    changeable_until: datetime
    cancelled_by: Literal["patient", "practice", "site"] | None
    consent_version: str | None
    consented: datetime | None
    admitted: datetime | None
    epoch: int
    created: datetime
    changed: datetime


class Hold(Appointment, frozen=True, kw_only=True):
    """A time kept for whoever knows `secret`, until `expires`."""

    secret: str


class Booking(Appointment, frozen=True, kw_only=True):
    """A booked time with its code. `session` opens it right away for a patient who booked without a login."""

    code: str
    session: Session | None = None


class Appointments(msgspec.Struct, frozen=True):
    appointments: list[Appointment]


class Move(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    start: Instant


class Consent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which text was agreed to; it must be the current one."""

    version: Annotated[str, msgspec.Meta(max_length=40)]


class DayQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A local day at the caller's site."""

    day: date


class Blocker(msgspec.Struct, frozen=True):
    """A resource that was not free at `site`, a practice; `stale`: only because of a hold that has expired."""

    site: UUID
    resource: Resource
    stale: bool


class FirstFree(msgspec.Struct, frozen=True):
    service: UUID
    start: datetime
