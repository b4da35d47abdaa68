"""Who may do what: the whole permission table on one screen.

Row-level security stands behind it (sql/migrations): a check forgotten here still shows nothing of another practice.
A test walks every route as every role, as a stranger and without login, and compares with this table.
"""

from __future__ import annotations

from typing import Literal
from uuid import UUID

import msgspec

from telemed.errors import Forbidden, NotFound, NotLoggedIn
from telemed.identity.callers import Caller, Role

Scope = Literal["-", "any", "own", "here", "site", "station", "self"]
# any      whatever the thing is
# own      the appointment, or the place on the waiting list, whose code (or hold) the caller has
# here     what takes place at the station whose screen or gateway the caller is
# site     things of the caller's practice, pharmacy or hub
# station  appointments at, or booked for, the caller's pharmacy or hub
# self     what belongs to the caller's own login, at their own practice

_ROLES: tuple[Role, ...] = (
    "anonymous", "guest", "station", "gateway", "assistant", "staff", "practitioner", "admin",
)  # fmt: skip
_TABLE = """
                        anonymous  guest    station  gateway  assistant  staff  practitioner  admin
page.read               any        any      any      any      any        any    any           any
directory.search        any        any      -        -        any        any    any           any
session.open            any        any      -        any      any        any    any           any
session.close           any        any      -        any      any        any    any           any
slots.search            any        any      -        -        any        any    any           any
hold.make               any        any      -        -        any        site   site          -
hold.change             own        own      -        -        own        own    own           -
appointment.book        any        any      -        -        any        site   site          -
appointment.read        -          own      -        -        station    site   site          -
appointment.list        -          -        -        -        any        any    any           -
appointment.move        -          own      -        -        station    site   site          -
appointment.cancel      -          own      -        -        station    site   site          -
appointment.override    -          -        -        -        -          site   site          -
appointment.outcome     -          -        -        -        -          site   site          -
appointment.follow_up   -          -        -        -        -          site   site          -
consent.give            -          own      -        -        -          -      -             -
intake.take             -          -        -        -        station    -      -             -
consent.withdraw        -          own      -        -        station    site   site          -
seat.take               -          own      here     here     station    -      self          -
seat.patient            -          own      here     -        station    -      -             -
seat.gateway            -          -        -        here     -          -      -             -
seat.assistant          -          -        -        -        station    -      -             -
seat.practitioner       -          -        -        -        -          -      self          -
consultation.end        -          -        -        -        -          -      self          -
day.watch               -          -        -        -        any        any    any           -
waitlist.join           any        any      -        -        any        site   site          -
waitlist.own            -          own      -        -        -          site   site          -
waitlist.manage         -          -        -        -        -          site   site          -
lobby.late              -          -        -        -        -          site   site          -
notice.read             -          -        -        -        -          any    any           -
notice.resend           -          -        -        -        -          any    any           -
hours.read              -          -        -        -        -          site   site          -
hours.change            -          -        -        -        -          site   site          -
service.change          -          -        -        -        -          site   site          -
site.change             -          -        -        -        -          site   site          -
assessment.ask          any        any      -        -        any        any    any           any
assessment.decide       -          -        -        -        -          site   site          -
feed.read               any        any      -        -        any        any    any           any
feed.manage             -          -        -        -        -          site   self          -
station.change          -          -        -        -        site       -      -             -
precheck.make           any        any      any      -        any        any    any           any
walk_in.manage          -          -        -        -        site       -      -             -
station.check           -          -        here     -        -          -      -             -
ride.ask                -          own      -        -        station    -      -             -
on_call.take            -          -        -        -        -          -      self          -
"""


def _read(table: str) -> dict[str, dict[Role, Scope]]:
    rows = [line.split() for line in table.strip().splitlines()][1:]
    return {verb: dict(zip(_ROLES, scopes, strict=True)) for verb, *scopes in rows}  # type: ignore[arg-type]


TABLE = _read(_TABLE)


class Thing(msgspec.Struct, frozen=True):
    """What is asked about, as far as the table needs to know it."""

    site: UUID | None = None
    station: UUID | None = None
    station_site: UUID | None = None
    appointment: UUID | None = None
    person: UUID | None = None
    entry: UUID | None = None


NOTHING = Thing()


def may(caller: Caller, verb: str, thing: Thing = NOTHING) -> None:
    """Passes or raises: NotLoggedIn, Forbidden (this role never), NotFound (not this one: strangers learn nothing)."""
    if caller.role == "system":
        return
    scope = TABLE[verb][caller.role]
    if scope == "-":
        raise NotLoggedIn if caller.role == "anonymous" else Forbidden
    if thing is not NOTHING and not _within(caller, scope, thing):
        raise NotFound


def _within(caller: Caller, scope: Scope, thing: Thing) -> bool:
    if scope == "any":
        return True
    if scope == "own":
        if thing.entry is not None:
            return thing.entry == caller.entry
        return thing.appointment is not None and thing.appointment == caller.appointment
    if scope == "here":
        return thing.station is not None and thing.station == caller.station
    if scope == "site":
        return thing.site is not None and thing.site == caller.site
    if scope == "station":
        return thing.station_site is not None and thing.station_site == caller.site
    return thing.person is not None and thing.person == caller.person and thing.site == caller.site
