"""The ride home or to the practice, by a citizen bus or on-call taxi of the site: asked for by a tick, told by a mail.

Place and time follow from the appointment, so nobody types anything that an operator need not know.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Annotated, Final, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from telemed import clock, names, wording
from telemed.db import Tx
from telemed.errors import Conflict, Invalid, NotFound
from telemed.identity.access import Thing, may
from telemed.identity.callers import Caller
from telemed.ids import new_id
from telemed.limits import Limit
from telemed.scheduling.types import Appointment
from telemed.text import Text, _
from telemed.wording import HERE

Kind = Literal["bus", "taxi"]
Leg = Literal["there", "home"]
KINDS: Final[dict[Kind, Text]] = {"bus": _("Citizen bus"), "taxi": _("On-call taxi")}
VERSION: Final = "2026-11"  # of CONSENT
CONSENT: Final = _("The operator of the ride may be told the place and the time. My name and my reason stay here.")
BEFORE: Final = timedelta(minutes=10)  # there so early,
AFTER: Final = timedelta(minutes=10)  # fetched so late,
NOTICE: Final = timedelta(minutes=30)  # and never sooner than this from now
LATEST: Final = timedelta(hours=4)  # after the end; whoever asks later is at home
MOST: Final = 3  # each way, of one appointment, whatever was called off: every time sends the operator two mails
ASKING: Final = Limit(burst=20, per_minute=10)  # per client address; a pharmacy asks for its patients from one
_GRID: Final = timedelta(minutes=5)
_NEEDED: Final = _("Please fill this in.")

Weekday = Annotated[int, msgspec.Meta(ge=1, le=7)]


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """When a bus or taxi goes from a site, on its wall clock; `direction` in words; whom to reach how."""

    kind: Kind
    weekdays: frozenset[Weekday]  # ISO 8601
    since: time
    until: time
    direction: str
    email: str
    phone: str


class Ride(Wish, frozen=True, kw_only=True):
    id: UUID
    site: UUID


class Offer(msgspec.Struct, frozen=True):
    """A ride that fits an appointment. `at`: when it has arrived (`there`) or when it fetches somebody (`home`)."""

    ride: Ride
    leg: Leg
    at: datetime

    @property
    def value(self) -> str:
        """As a form sends it."""
        return f"{self.ride.id}.{self.leg}"


class Asked(msgspec.Struct, frozen=True):
    """A ride that was asked for. `letter`: how the mail to its operator fares, as a notice's status."""

    id: UUID
    leg: Leg
    at: datetime
    kind: Kind
    direction: str
    phone: str
    letter: Literal["queued", "sent", "dead", "dropped"]

    @property
    def failed(self) -> bool:
        return self.letter in ("dead", "dropped")


class GoesNoMore(Conflict):
    code = "ride_gone"
    sentence = _("This ride does not fit any more. Please look again.")


async def rides(tx: Tx, site: UUID) -> list[Ride]:
    """Those of a site; anybody may know them."""
    return await tx.many(Ride, "rides.of_site", site=site)


async def add(tx: Tx, caller: Caller, wish: Wish) -> None:
    """For the caller's site. Raises Invalid."""
    may(caller, "station.change", Thing(site=caller.site))
    wrong: dict[str, Text] = {}
    if not wish.weekdays:
        wrong["weekdays"] = _("Please tick at least one day.")
    if wish.since >= wish.until:
        wrong["until"] = _("The end must come after the beginning.")
    direction = " ".join(wish.direction.split())
    if not direction or len(direction) > 120 or not direction.isprintable():
        wrong["direction"] = _("Please say in a few words where it goes.")
    reached: dict[str, str | None] = {"email": None, "phone": None}
    for name, read in (("email", names.email), ("phone", names.phone)):
        try:
            reached[name] = read(getattr(wish, name))
        except ValueError:
            wrong[name] = _("Please check this address or number.")
        else:
            if reached[name] is None:
                wrong[name] = _NEEDED
    if wrong:
        raise Invalid(fields=wrong)
    await tx.run(
        "rides.add", id=new_id(), kind=wish.kind, weekdays=sorted(wish.weekdays), since=wish.since, until=wish.until,
        direction=direction, now=clock.now(), **reached,
    )  # fmt: skip


async def end(tx: Tx, caller: Caller, ride: UUID) -> None:
    """It goes no more. What was asked of it stays. Raises NotFound."""
    may(caller, "station.change", Thing(site=caller.site))
    if not await tx.run("rides.end", id=ride, now=clock.now()):
        raise NotFound


async def offers(tx: Tx, it: Appointment) -> list[Offer]:
    """The rides that fit an appointment; none by video from home."""
    if it.mode == "video" or it.status not in ("booked", "arrived", "fulfilled"):
        return []
    found = await tx.many(Ride, "rides.of_appointment", appointment=it.id)
    return fitting(found, it.mode == "in_person", it.start, it.end, clock.now(), ZoneInfo(it.zone))


def fitting(
    rides: Sequence[Ride], to_practice: bool, start: datetime, end: datetime, now: datetime, zone: ZoneInfo = HERE
) -> list[Offer]:  # fmt: skip
    """Home after it, and to the practice before it, if it is there; each ride at its hours, on the grid of a clock."""
    found = []
    for ride in rides:
        for leg in ("there", "home") if to_practice else ("home",):
            at = _at(ride, leg, start, end, now, zone)
            if at is not None:
                found.append(Offer(ride, leg, at))
    return sorted(found, key=lambda offer: offer.at)


def _at(ride: Ride, leg: str, start: datetime, end: datetime, now: datetime, zone: ZoneInfo) -> datetime | None:
    if now > end + LATEST:
        return None
    wanted = start - BEFORE if leg == "there" else max(_up(end + AFTER), _up(now + NOTICE))
    local = wanted.astimezone(zone)
    first, last = (datetime.combine(local.date(), wall, zone) for wall in (ride.since, ride.until))
    if leg == "home" and local.date() == end.astimezone(zone).date():
        local = max(local, first)  # who is done earlier waits for the bus, but not until the morning
    fits = first <= local <= last and local.isoweekday() in ride.weekdays and local >= now + NOTICE
    return local if fits else None


def _up(at: datetime) -> datetime:
    """To the next five minutes."""
    return at + (datetime.min.replace(tzinfo=at.tzinfo) - at) % _GRID


async def asked(tx: Tx, appointment: UUID) -> list[Asked]:
    """As far as the transaction's caller may see the appointment."""
    return await tx.many(Asked, "rides.asked", appointment=appointment)


async def ask(tx: Tx, caller: Caller, it: Appointment, wanted: str, agreed: bool) -> None:
    """`wanted`: an offer's value. One ride each way; asked again it is the same one.

    Raises Invalid without the patient's consent, GoesNoMore, also after it was asked for MOST times.
    """
    may(caller, "ride.ask", Thing(appointment=it.id, site=it.site, station_site=it.station_site))
    if not agreed:
        raise Invalid(fields={"agree": _("Without this consent we cannot ask for the ride. You can also call.")})
    offer = next((one for one in await offers(tx, it) if one.value == wanted), None)
    if offer is None:
        raise GoesNoMore
    made = await tx.value(
        "rides.ask", id=new_id(), appointment=it.id, ride=offer.ride.id, leg=offer.leg, at=offer.at,
        version=VERSION, most=MOST, now=clock.now(),
    )  # fmt: skip
    if made is None and offer.leg not in {one.leg for one in await asked(tx, it.id)}:
        phone = wording.Wording("de").phone(offer.ride.phone)
        raise GoesNoMore(_("We cannot ask for this ride any more. Please call: %(phone)s", phone=phone))


async def call_off(tx: Tx, caller: Caller, it: Appointment, leg: str) -> None:
    """The ride is not needed, or the consent is taken back; the operator is told if they were told before."""
    may(caller, "ride.ask", Thing(appointment=it.id, site=it.site, station_site=it.station_site))
    await tx.value("rides.call_off", appointment=it.id, leg=leg, now=clock.now())
