"""Tickets on the wire and in their token, the rows behind them, and what a ticket is refused for."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

import msgspec

from telemed.clock import Instant
from telemed.consultation.messages import Seat
from telemed.consultation.refusals import Barred, SocketRefusal
from telemed.errors import Conflict, Forbidden, Gone
from telemed.text import _

Status = Literal["held", "booked", "arrived", "fulfilled", "cancelled", "noshow", "expired", "moved"]


class TicketWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which seat; left out: the one that goes with the caller's role."""

    seat: Seat | None = None


class Ticket(msgspec.Struct, frozen=True):
    """A ticket for one seat of one room, good for a minute; `socket` is where to present it (PROTOCOL.md)."""

    ticket: str
    expires: Instant
    socket: str
    seat: Seat


class Claims(msgspec.Struct, frozen=True):
    """What a ticket says. `epoch` is the appointment's: cancelled, moved or ended, and the ticket is void.

    `pairing`: of the station's screen that it was given to; ended, and the ticket is void too. `beside`: who was
    introduced there and has no seat of their own.
    """

    appointment: UUID
    epoch: int
    seat: Seat
    name: str
    about: str
    person: UUID | None = None
    pairing: UUID | None = None
    beside: tuple[str, ...] = ()

    @property
    def room(self) -> str:
        """The room's name in the log: a moved appointment has another one."""
        return f"{self.appointment}.{self.epoch}"


class Room(msgspec.Struct, frozen=True):
    """An appointment as a ticket needs to know it."""

    id: UUID
    epoch: int
    status: Status
    starts: Instant
    ends: Instant
    consented: bool
    taken_in: bool
    site: UUID
    station_id: UUID | None
    station_site: UUID | None
    practitioner_person: UUID | None
    patient_name: str
    practitioner_name: str
    practice: str
    station: str
    admitted: list[str]
    barred: list[str]


class Entered(msgspec.Struct, frozen=True):
    """A seat taken: the `number`-th of those asked for, its row in `attendance`, and whether it is let in."""

    number: int
    attendance: int
    admitted: bool


class ConsentMissing(SocketRefusal, Forbidden):
    """Art. 9(2)(a) GDPR; V-14."""

    code = "consent_missing"
    sentence = _("Please agree to the video consultation first.")


class IntakeMissing(SocketRefusal, Forbidden):
    """At a station nobody has received the patient yet (V-15, V-21, P-03)."""

    code = "intake_missing"
    sentence = _("First please talk to the staff at the counter.")


class Unpaired(SocketRefusal, Forbidden):
    """The screen is the station's no more."""

    code = "unpaired"
    sentence = _("This screen is no longer paired with the station. Please ask the staff.")


class TooEarly(Conflict):
    """`opens`: when the waiting room does."""

    code = "too_early"
    sentence = _("The waiting room is not open yet.")


class NotBooked(Conflict):
    code = "not_booked"
    sentence = _("This time is reserved, but not booked yet.")


class AppointmentOver(SocketRefusal, Gone):
    """`reason`: fulfilled, cancelled, moved, noshow, expired."""

    code = "appointment_over"
    sentence = _("This appointment is over or was cancelled.")


__all__ = [
    "AppointmentOver", "Barred", "Claims", "ConsentMissing", "Entered", "NotBooked", "Room", "Status", "Ticket",
    "TicketWish", "TooEarly", "Unpaired",
]  # fmt: skip
