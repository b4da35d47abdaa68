"""Wire and row shapes of stations."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Final, Literal, Protocol, get_args
from uuid import UUID

import msgspec
from aiohttp import web

from telemed.errors import CONSTRAINTS, Conflict, NotFound
from telemed.text import Text, _

Device = Literal[
    "printer", "blood_pressure", "oximeter", "thermometer", "scales", "glucose", "dermatoscope", "otoscope",
    "stethoscope",
]  # fmt: skip
Access = Literal["step_free", "wide_door", "wheelchair_toilet", "hearing_loop", "seat_with_arms", "parking"]
Privacy = Literal["door", "sound", "windows", "screen", "cameras"]
Topic = Literal["telemedicine", "confidentiality", "medical_tasks", "devices"]

DEVICES: Final[dict[str, Text]] = {
    "printer": _("Printer"), "blood_pressure": _("Blood pressure monitor"), "oximeter": _("Pulse oximeter"),
    "thermometer": _("Thermometer"), "scales": _("Scales"), "glucose": _("Blood sugar meter"),
    "dermatoscope": _("Skin camera"), "otoscope": _("Ear camera"), "stethoscope": _("Stethoscope"),
}  # fmt: skip
ACCESS: Final[dict[str, Text]] = {
    "step_free": _("No steps on the way"), "wide_door": _("Doors at least 90 cm wide"),
    "wheelchair_toilet": _("Toilet for wheelchair users"), "hearing_loop": _("Hearing loop"),
    "seat_with_arms": _("Firm chair with armrests"), "parking": _("Parking at the door"),
}  # fmt: skip
PRIVACY: Final[dict[str, Text]] = {
    "door": _("The door closes, and a sign says that the room is taken."),
    "sound": _("Outside the door nobody understands what is said inside."),
    "windows": _("Nobody can look in."),
    "screen": _("The screen cannot be seen from the door."),
    "cameras": _("No other camera and no voice assistant is in the room."),
}
TOPICS: Final[dict[str, Text]] = {
    "telemedicine": _("Helping people with a video consultation"),
    "confidentiality": _("Confidentiality and data protection"),
    "medical_tasks": _("Simple medical routine tasks"),
    "devices": _("The measuring devices of this station"),
}


class Description(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What somebody who works there says of a station's room. `directions`: how to find it."""

    directions: Annotated[str, msgspec.Meta(max_length=200)] = ""
    devices: frozenset[Device] = frozenset()
    accessibility: frozenset[Access] = frozenset()
    privacy: frozenset[Privacy] = frozenset()


class Station(Description, frozen=True, forbid_unknown_fields=False, kw_only=True):
    """A station. `pairing`: of its screen, if it has one; `copied`: when its last one ended because it had a double.

    `gateway`: since when it has one.
    """

    id: UUID
    site: UUID
    name: str
    privacy_checked: datetime | None
    privacy_checked_by: str | None
    pairing: UUID | None
    paired: datetime | None
    seen: datetime | None
    copied: datetime | None
    gateway: datetime | None
    gateway_seen: datetime | None

    @property
    def private(self) -> bool:
        """Whether the whole list was ticked (P-03)."""
        return self.privacy == frozenset(get_args(Privacy))


class Stations(msgspec.Struct, frozen=True):
    stations: list[Station]


class Assistant(msgspec.Struct, frozen=True):
    """Somebody who assists, and when they learnt what."""

    id: UUID
    name: str
    passed: dict[str, date]


class Training(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    person: UUID
    topic: Topic
    passed: date


class PairingCode(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The code that a screen or a gateway shows, as typed."""

    code: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]


class Pairing(msgspec.Struct, frozen=True):
    id: UUID


class GatewayCode(msgspec.Struct, frozen=True):
    """The code that a gateway shows; `claim` is what it gets its first badge for."""

    code: str
    claim: str


class GatewayClaim(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    claim: Annotated[str, msgspec.Meta(max_length=2_000)]


class GatewayBadge(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    badge: Annotated[str, msgspec.Meta(max_length=2_000)]


class GatewayVisit(msgspec.Struct, frozen=True):
    """The badge to show from now on, and the appointment in front of the gateway."""

    badge: str
    appointment: UUID | None


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """An appointment as the screen of its station shows it. `ready`: the patient has agreed to the current text."""

    id: UUID
    status: Literal["booked", "arrived"]
    start: datetime
    end: datetime
    practitioner_title: str
    practitioner_name: str
    site_name: str
    site_phone: str
    zone: str
    initials: str
    ready: bool


class Screen(msgspec.Struct, frozen=True):
    """Which station a screen is."""

    name: str
    site_name: str
    town: str
    zone: str


class Codes(Protocol):
    """What stations need of `telemed.scheduling.codes`."""

    def pairing_code(self, pairing: UUID) -> str: ...
    def pairing_digest(self, typed: str) -> bytes | None: ...
    def code(self, appointment: UUID) -> str: ...
    def digest(self, typed: str) -> bytes | None: ...
    def patient_key(self, name: str, born: date) -> bytes: ...


CODES: web.AppKey[Codes] = web.AppKey("codes")


class UnknownPairing(NotFound):
    """Mistyped, expired, or entered already."""

    code = "unknown_pairing"
    sentence = _("No screen shows this code at present. A code is good for ten minutes.")


class AlreadyPaired(Conflict):
    code = "already_paired"
    sentence = _("This station has a screen already. Please end that pairing first.")


class GatewayPaired(Conflict):
    code = "gateway_paired"
    sentence = _("This station has a computer for its devices already. Please end that pairing first.")


CONSTRAINTS["station_paired"] = AlreadyPaired
CONSTRAINTS["station_gateway"] = GatewayPaired
