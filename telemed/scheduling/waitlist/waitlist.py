"""A place on the waiting list: joining, looking, giving it up. What is offered to it is in offers.py."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

import msgspec

from telemed import clock, names
from telemed.db import Database, Tx
from telemed.errors import Invalid, NotFound
from telemed.identity.access import Thing, may
from telemed.identity.callers import Caller
from telemed.ids import new_id
from telemed.once import NEVER, Once
from telemed.scheduling import changes, slots, wishes
from telemed.scheduling.bookings import readable, readable_carer
from telemed.scheduling.codes import Codes
from telemed.scheduling.refusals import NotActive, TooLate
from telemed.scheduling.services import nearness
from telemed.scheduling.types import Service, Wish
from telemed.scheduling.waitlist.types import Earlier, Entry, Joined, Joining, Times, Waiting
from telemed.settings import Settings
from telemed.text import Text, _

SHORTEST, LONGEST = timedelta(minutes=15), timedelta(days=14)  # of short_notice


class Ways(msgspec.Struct, frozen=True):
    """How this installation can tell somebody; by telephone the practice always can."""

    email: bool
    sms: bool


def ways(settings: Settings) -> Ways:
    return Ways(bool(settings.smtp_url) or settings.demo, bool(settings.sms_url) or settings.demo)


async def join(db: Database, codes: Codes, caller: Caller, reach: Ways, wish: Joining, once: Once = NEVER) -> Joined:
    """A new place. Raises Invalid, NameUnreadable, NotAdmitted, NotFound, KeyReused."""
    patient = readable(wish.patient)
    wrong = {**unclear(wish), **_unreachable(patient.email, patient.phone, reach)}
    if (wish.mode == "assisted") != (wish.station is not None):
        wrong["station"] = _("An assisted consultation needs a station.")
    if wrong:
        raise Invalid(fields=wrong)
    async with db.transaction(caller) as tx:
        service = await tx.one(Service, "scheduling.service", service=wish.service)
        may(caller, "waitlist.join", Thing(site=service.site))
        if wish.mode not in service.modes:
            raise Invalid(fields={"mode": _("This is not offered in that way.")})
        key = codes.patient_key(patient.name, patient.birth_date)
        where = Wish(service=wish.service, start=clock.now(), mode=wish.mode, station=wish.station,
                     postal_code=wish.postal_code)  # fmt: skip
        await wishes.check_admission(tx, where, key)
    near = await nearness.is_near(db, caller, where)
    return await _join(
        db, codes, caller, once, wish, service=wish.service, mode=wish.mode, station=wish.station,
        patient_name=patient.name, birth_date=patient.birth_date, patient_key=key, email=patient.email,
        phone=patient.phone, language=wish.language, carer_name=readable_carer(wish.carer), near=near, appointment=None,
    )  # fmt: skip


async def join_earlier(
    db: Database, codes: Codes, caller: Caller, reach: Ways, appointment: UUID, wish: Earlier, once: Once = NEVER
) -> Joined:
    """A place that brings an appointment forward; a second one is the first. Raises as `join`, NotActive, TooLate."""
    it = await changes.read(db, caller, appointment)
    may(caller, "appointment.move", changes.thing(it))
    if it.status not in ("booked", "arrived") or it.patient_name is None or it.birth_date is None:
        raise NotActive(reason=it.status)
    if it.start <= clock.now():
        raise TooLate
    wrong, contact = _contact(wish)
    email, phone = contact.get("email") or it.email, contact.get("phone") or it.phone
    wrong |= {**unclear(wish), **({} if wrong else _unreachable(email, phone, reach))}
    if wrong:
        raise Invalid(fields=wrong)
    found = await waiting_for(db, caller, appointment)
    if found is not None:
        return _with_code(codes, found)
    return await _join(
        db, codes, caller, once, wish, service=it.service, mode=it.mode, station=it.station,
        patient_name=it.patient_name, birth_date=it.birth_date,
        patient_key=codes.patient_key(it.patient_name, it.birth_date), email=email, phone=phone, language=it.language,
        carer_name=it.carer_name, near=it.near, appointment=it.id,
    )  # fmt: skip


async def waiting_for(db: Database, caller: Caller, appointment: UUID) -> Entry | None:
    """The place that waits to bring this appointment forward, if the caller may see it."""
    async with db.transaction(caller) as tx:
        found = await tx.value("waitlist.entry_for", appointment=appointment)
        return await tx.one(Entry, "waitlist.entry", id=found) if found is not None else None


async def read(db: Database, caller: Caller, entry: UUID) -> Entry:
    """A place, for those who may see it. Raises NotFound."""
    async with db.transaction(caller) as tx:
        return await opened(tx, caller, entry)


async def opened(tx: Tx, caller: Caller, entry: UUID) -> Entry:
    it = await tx.one(Entry, "waitlist.entry", id=entry)
    may(caller, "waitlist.own", Thing(site=it.site, entry=it.id))
    return it


async def of_site(db: Database, caller: Caller, site: UUID, reach: Ways) -> list[Waiting]:
    """Who waits at a practice, in the order in which they are offered times."""
    may(caller, "waitlist.manage", Thing(site=site))
    async with db.transaction(caller) as tx:
        return await tx.many(Waiting, "waitlist.of_site", site=site, by_email=reach.email, now=clock.now())


async def withdraw(db: Database, caller: Caller, entry: UUID) -> Entry:
    """Gives the place up, and with it what is held for it; given up already: as it is. Raises NotFound."""
    async with db.transaction(caller) as tx:
        await opened(tx, caller, entry)
        await tx.run("waitlist.withdraw", id=entry, now=clock.now())
        await tx.run("waitlist.decline", entry=entry, offer=None, now=clock.now())
        await tx.value("waitlist.look_again", entry=entry)
        return await opened(tx, caller, entry)


def unclear(wish: Times) -> dict[str, Text]:
    """What of the wished times cannot be meant, by field."""
    wrong: dict[str, Text] = {}
    today = clock.now().date()
    if wish.weekdays is not None and not wish.weekdays:
        wrong["weekdays"] = _("Please choose at least one day.")
    if wish.since is not None and wish.until is not None and wish.since >= wish.until:
        wrong["until"] = _("The end must be later than the beginning.")
    if wish.from_date is not None and not today - timedelta(days=1) <= wish.from_date <= today + slots.FAR:
        wrong["from_date"] = _("Please give a day from today on, within a year.")
    if wish.until_date is not None and wish.until_date < max(today - timedelta(days=1), wish.from_date or today):
        wrong["until_date"] = _("This day is over, or before the first one.")
    elif wish.until_date is not None and wish.until_date > today + slots.FAR:
        wrong["until_date"] = _("Please give a day from today on, within a year.")
    if not SHORTEST <= wish.short_notice <= LONGEST:
        wrong["short_notice"] = _("This can be from 15 minutes to 14 days.")
    return wrong


async def _join(db: Database, codes: Codes, caller: Caller, once: Once, wish: Times, **written: object) -> Joined:
    entry = new_id()
    own = caller.waiting(entry)
    async with db.transaction(own) as tx:
        made = await tx.maybe(
            Entry, "waitlist.join", id=entry, code_digest=codes.digest(codes.code(entry)), key=once.key,
            digest=once.digest, weekdays=sorted(set(wish.weekdays)) if wish.weekdays else None, since_time=wish.since,
            until_time=wish.until, from_date=wish.from_date, until_date=wish.until_date,
            short_notice=wish.short_notice, now=clock.now(), **written,
        )  # fmt: skip
        if made is not None:
            return _with_code(codes, made)
        earlier = await once.made(tx, "waitlist.made_by_key")
    if earlier is None:
        raise NotFound
    async with db.transaction(caller.waiting(earlier)) as tx:
        return _with_code(codes, await tx.one(Entry, "waitlist.entry", id=earlier))


def _contact(wish: Earlier) -> tuple[dict[str, Text], dict[str, str | None]]:
    wrong: dict[str, Text] = {}
    found: dict[str, str | None] = {}
    for field, typed, reader in (("email", wish.email, names.email), ("phone", wish.phone, names.phone)):
        try:
            found[field] = reader(typed)
        except ValueError:
            wrong[field] = names.SENTENCES[field]
    return wrong, found


def _unreachable(email: str | None, phone: str | None, reach: Ways) -> Mapping[str, Text]:
    if phone is not None or (email is not None and reach.email):
        return {}
    if reach.email:
        return {"phone": _("Please give an e-mail address or a telephone number, so that we can tell you.")}
    return {"phone": _("Please give a telephone number, so that we can tell you.")}


def _with_code(codes: Codes, it: Entry) -> Joined:
    return Joined(**msgspec.structs.asdict(it), code=codes.code(it.id))
