"""Hours and closures over JSON. Every change says how many appointments lie outside the hours after it."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

import msgspec
from aiohttp import web

from telemed.db import Tx
from telemed.errors import Forbidden, NotFound
from telemed.http import operation
from telemed.identity.callers import Caller
from telemed.keys import DATABASE
from telemed.scheduling.hours import checks, closures, hours, outside
from telemed.scheduling.hours.closures import Closure, ClosureWish, LocalTime
from telemed.scheduling.hours.hours import Kept
from telemed.scheduling.hours.rules import Rule

_RULE = (
    checks.RecurrenceUnreadable, checks.IntervalTooLong, checks.NeverOccurs, checks.EndBeforeStart,
    checks.UntilBeforeFrom, checks.DateTooFar, checks.UnknownZone, checks.RulesOverlap, checks.TooManyRules,
)  # fmt: skip
_CLOSURE = (
    checks.ClosureEndsFirst, checks.ClosureInThePast, checks.ClosureTooLong, checks.YearlyWholeDays,
    checks.SubstituteUnfit, checks.NoteTooLong, checks.TooManyClosures, NotFound,
)  # fmt: skip


class RuleWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`recurrence` is an RRULE value by days (RFC 5545), `FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE`, from `from_date` on.

    `overnight`: an end that is not after the start is on the next day. Without `zone`, the practice's.
    """

    recurrence: Annotated[str, msgspec.Meta(max_length=200)]
    start_time: LocalTime
    end_time: LocalTime
    from_date: date
    until_date: date | None = None
    zone: Annotated[str, msgspec.Meta(max_length=64)] | None = None
    on_holidays: bool = False
    overnight: bool = False

    def rule(self, zone: str) -> Rule:
        return Rule(
            self.recurrence, self.start_time, self.end_time, self.zone or zone, self.from_date, self.until_date,
            self.on_holidays,
        )  # fmt: skip


class Rules(msgspec.Struct, frozen=True):
    rules: list[Kept]


class Closures(msgspec.Struct, frozen=True):
    closures: list[Closure]


class RuleChanged(msgspec.Struct, frozen=True):
    rule: Kept
    outside: int


class ClosureChanged(msgspec.Struct, frozen=True):
    closure: Closure
    outside: int


class Removed(msgspec.Struct, frozen=True):
    outside: int


@operation("GET", "/api/v1/practitioners/{practitioner}/rules", verb="hours.read")
async def list_rules(request: web.Request, caller: Caller, practitioner: UUID) -> Rules:
    """The recurring hours of a practitioner at the caller's practice."""
    async with request.app[DATABASE].transaction(caller) as tx:
        await hours.whose(tx, caller, practitioner)
        return Rules(await hours.rules(tx, practitioner))


@operation("POST", "/api/v1/practitioners/{practitioner}/rules", verb="hours.change", status=201, errors=_RULE)
async def add_rule(request: web.Request, caller: Caller, practitioner: UUID, body: RuleWish) -> RuleChanged:
    """New recurring hours; openings follow at once. The same rule again is the one that is there."""
    async with request.app[DATABASE].transaction(caller) as tx:
        who = await hours.whose(tx, caller, practitioner, "hours.change")
        kept = await hours.add(tx, caller, practitioner, body.rule(who.zone), overnight=body.overnight)
        return RuleChanged(kept, await _outside(tx, who.site))


@operation("PUT", "/api/v1/rules/{rule}", verb="hours.change", errors=_RULE)
async def change_rule(request: web.Request, caller: Caller, rule: UUID, body: RuleWish) -> RuleChanged:
    """Other days or times; with `until_date`, the end of a rule."""
    async with request.app[DATABASE].transaction(caller) as tx:
        _before, who = await hours.read(tx, caller, rule, "hours.change")
        kept = await hours.change(tx, caller, rule, body.rule(who.zone), overnight=body.overnight)
        return RuleChanged(kept, await _outside(tx, who.site))


@operation("DELETE", "/api/v1/rules/{rule}", verb="hours.change")
async def remove_rule(request: web.Request, caller: Caller, rule: UUID) -> Removed:
    """No such hours any more; what is booked stays booked."""
    async with request.app[DATABASE].transaction(caller) as tx:
        who = await hours.remove(tx, caller, rule)
        return Removed(await _outside(tx, who.site))


@operation("GET", "/api/v1/closures", verb="hours.read")
async def list_closures(request: web.Request, caller: Caller) -> Closures:
    """The time off at the caller's practice."""
    async with request.app[DATABASE].transaction(caller) as tx:
        return Closures(await closures.closures(tx, _site(caller)))


@operation("POST", "/api/v1/closures", verb="hours.change", status=201, errors=_CLOSURE)
async def add_closure(request: web.Request, caller: Caller, body: ClosureWish) -> ClosureChanged:
    """Time off of one practitioner or of the whole practice; what is booked stays booked."""
    async with request.app[DATABASE].transaction(caller) as tx:
        made = await closures.add(tx, caller, body)
        return ClosureChanged(made, await _outside(tx, made.site))


@operation("DELETE", "/api/v1/closures/{closure}", verb="hours.change")
async def remove_closure(request: web.Request, caller: Caller, closure: UUID) -> Removed:
    """Open again."""
    async with request.app[DATABASE].transaction(caller) as tx:
        await closures.remove(tx, caller, closure)
        return Removed(await _outside(tx, _site(caller)))


def _site(caller: Caller) -> UUID:
    if caller.site is None:
        raise Forbidden
    return caller.site


async def _outside(tx: Tx, site: UUID) -> int:
    return len(await outside.outside(tx, site))


ROUTES = [list_rules, add_rule, change_rule, remove_rule, list_closures, add_closure, remove_closure]
