"""The waiting list for patients: a place on it, what is offered, yes or no."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from aiohttp import web

from telemed.errors import BadRequest, Conflict, Invalid, NotFound, NotLoggedIn, Refusal
from telemed.forms import posted
from telemed.html import locale_of, page, render, see_other
from telemed.identity import sessions
from telemed.identity.callers import Caller
from telemed.identity.logins import guest_session
from telemed.ids import new_id
from telemed.keys import DATABASE, KEYS, SETTINGS
from telemed.once import once
from telemed.scheduling import guests
from telemed.scheduling.refusals import NotActive, OfferGone, SlotTaken, TooLate
from telemed.scheduling.types import Appointment, Language, Service
from telemed.scheduling.waitlist import offers, waitlist
from telemed.scheduling.waitlist.api import JOINING
from telemed.scheduling.waitlist.types import Earlier, Entry, Joined, Joining
from telemed.text import Text
from telemed.visit import held, wishing
from telemed.visit.days import starts_by_day
from telemed.visit.mine import own
from telemed.visit.slips import slip


@page("GET", "/waitlist/join", verb="waitlist.join")
async def wish(request: web.Request, caller: Caller) -> web.Response:
    """The wishes for one doctor's service; where from, the page before knows."""
    where = request.query.get("station") or request.query.get("mode") or "video"
    service = await _service(request, caller, request.query.get("service", ""))
    return await _form(request, caller, service, {"where": where})


@page("POST", "/waitlist/join", verb="waitlist.join", limit=JOINING)
async def join(request: web.Request, caller: Caller) -> web.Response:
    typed = await posted(request)
    service = await _service(request, caller, typed.get("service", ""))
    if wrong := wishing.all_wrong(typed, patient=True):
        return await _form(request, caller, service, typed, wrong)
    language: Language = "en" if locale_of(request) == "en" else "de"
    asked = Joining(service=service.id, language=language, **wishing.whom(typed), **wishing.times(typed))
    key = once(typed.get("key"), caller, "waitlist.join", asked)
    reach = waitlist.ways(request.app[SETTINGS])
    try:
        made = await waitlist.join(request.app[DATABASE], held.codes(request), caller, reach, asked, key)
    except Invalid as refusal:
        return await _form(request, caller, service, typed, wishing.in_order(refusal.fields), refusal)
    except (Conflict, NotFound) as refusal:
        return await _form(request, caller, service, typed, {}, refusal)
    return _joined(request, caller, made)


@page("GET", "/appointment/earlier", verb="appointment.move")
async def wish_earlier(request: web.Request, caller: Caller) -> web.Response:
    """An earlier time for my appointment. Who waits for one already sees that place."""
    it = await own(request, caller)
    found = await waitlist.waiting_for(request.app[DATABASE], caller, it.id)
    if found is not None:
        return _remember(request, see_other("/waitlist"), it.id, found.id)
    return _earlier_form(request, it)


@page("POST", "/appointment/earlier", verb="appointment.move", limit=JOINING)
async def join_earlier(request: web.Request, caller: Caller) -> web.Response:
    typed = await posted(request)
    it = await own(request, caller)
    if wrong := wishing.all_wrong(typed, patient=False):
        return _earlier_form(request, it, typed, wrong)
    email, phone = (typed.get(name, "")[:400] or None for name in ("email", "phone"))
    asked = Earlier(email=email, phone=phone, **wishing.times(typed))
    key = once(typed.get("key"), caller, "appointment.move", asked)
    reach = waitlist.ways(request.app[SETTINGS])
    try:
        made = await waitlist.join_earlier(request.app[DATABASE], held.codes(request), caller, reach, it.id, asked, key)
    except Invalid as refusal:
        return _earlier_form(request, it, typed, wishing.in_order(refusal.fields))
    except (NotActive, TooLate):
        return see_other("/appointment")
    return _joined(request, caller, made)


@page("GET", "/waitlist/code", verb="page.read")
async def enter_code(request: web.Request) -> web.Response:
    """Where a message leads; its code stands behind `#`, which no server sees (G-32)."""
    return render(request, "visit/waitlist_code.html", typed="", errors={})


@page("POST", "/waitlist/code", verb="session.open", limit=guests.GUESSES)
async def open_code(request: web.Request) -> web.Response:
    typed = (await posted(request)).get("code", "")[:100]
    try:
        session = await guests.by_code(request, typed)
    except guests.UnknownCode as refusal:
        return render(request, "visit/waitlist_code.html", status=422, typed=typed, errors={"code": refusal.text})
    response = see_other("/waitlist" if session.entry is not None else "/appointment")
    sessions.remember(response, session)
    return response


@page("GET", "/waitlist", verb="waitlist.own")
async def mine(request: web.Request, caller: Caller) -> web.Response:
    return _mine(request, await _own(request, caller))


@page("POST", "/waitlist/acceptance", verb="waitlist.own")
async def accept(request: web.Request, caller: Caller) -> web.Response:
    """Yes. Asked twice, the second answer is the first one's."""
    it, offer = await _offer(request, caller)
    try:
        won = await offers.accept(request.app[DATABASE], held.codes(request), caller, it.id, offer)
    except (OfferGone, SlotTaken) as refusal:
        return _mine(request, await _own(request, caller), refusal)
    moved = it.appointment is not None
    response = see_other("/appointment?done=moved" if moved else "/appointment/confirmed")
    return _remember(request, response, won.appointment, it.id)


@page("POST", "/waitlist/refusal", verb="waitlist.own")
async def decline(request: web.Request, caller: Caller) -> web.Response:
    """No to this time; the place stays."""
    it, offer = await _offer(request, caller)
    await offers.decline(request.app[DATABASE], caller, it.id, offer)
    return see_other("/waitlist?done=declined")


@page("POST", "/waitlist/withdrawal", verb="waitlist.own")
async def withdraw(request: web.Request, caller: Caller) -> web.Response:
    it = await _own(request, caller)
    await waitlist.withdraw(request.app[DATABASE], caller, it.id)
    return see_other("/waitlist?done=withdrawn")


async def _own(request: web.Request, caller: Caller) -> Entry:
    """The guest's own place. Raises NotLoggedIn, which leads to the code."""
    if caller.entry is None:
        raise NotLoggedIn
    return await waitlist.read(request.app[DATABASE], caller, caller.entry)


async def _offer(request: web.Request, caller: Caller) -> tuple[Entry, UUID]:
    """The place, and the offer that was looked at: never one that has come meanwhile."""
    typed = await posted(request)
    it = await _own(request, caller)
    try:
        return it, UUID(typed.get("offer", ""))
    except ValueError as error:
        raise BadRequest from error


async def _service(request: web.Request, caller: Caller, wanted: str) -> Service:
    try:
        service = UUID(wanted)
    except ValueError as error:
        raise NotFound from error
    async with request.app[DATABASE].transaction(caller) as tx:
        return await tx.one(Service, "scheduling.service", service=service)


async def _form(
    request: web.Request, caller: Caller, service: Service, typed: Mapping[str, str] | None = None,
    errors: dict[str, Text] | None = None, refusal: Refusal | None = None,
) -> web.Response:  # fmt: skip
    async with request.app[DATABASE].transaction(caller) as tx:
        stations = await tx.many(wishing.Station, "waitlist.stations") if "assisted" in service.modes else []
    status = refusal.status if refusal else 422 if errors else 200
    return render(
        request, "visit/waitlist_join.html", status=status, service=service, stations=stations, key=new_id().hex,
        typed=wishing.blank() | dict(typed or {}), errors=errors or {}, refusal=None if errors else refusal,
        wishing=wishing, reach=waitlist.ways(request.app[SETTINGS]),
    )  # fmt: skip


def _earlier_form(
    request: web.Request, it: Appointment, typed: Mapping[str, str] | None = None,
    errors: dict[str, Text] | None = None,
) -> web.Response:  # fmt: skip
    contact = {"email": it.email or "", "phone": it.phone or ""}
    return render(
        request, "visit/waitlist_earlier.html", status=422 if errors else 200, it=it, key=new_id().hex,
        typed=wishing.blank() | contact | dict(typed or {}), errors=errors or {}, wishing=wishing,
        reach=waitlist.ways(request.app[SETTINGS]),
    )  # fmt: skip


def _mine(request: web.Request, it: Entry, refusal: Refusal | None = None) -> web.Response:
    free = refusal.data.get("alternatives") if refusal else None
    return render(
        request, "visit/waitlist.html", status=refusal.status if refusal else 200, it=it, refusal=refusal,
        done=request.query.get("done"), wishing=wishing, key=new_id().hex,
        slip=slip(request, held.codes(request).code(it.id), "waitlist"),
        days=starts_by_day(free if isinstance(free, list) else [], it.zone),
    )  # fmt: skip


def _joined(request: web.Request, caller: Caller, made: Joined) -> web.Response:
    return _remember(request, see_other("/waitlist?done=joined"), made.appointment or caller.appointment, made.id)


def _remember(request: web.Request, response: web.Response, appointment: UUID | None, entry: UUID) -> web.Response:
    sessions.remember(response, guest_session(request.app[KEYS], appointment, entry))
    return response


ROUTES = [
    wish, join, wish_earlier, join_earlier, enter_code, open_code, mine, accept, decline, withdraw,
]  # fmt: skip
