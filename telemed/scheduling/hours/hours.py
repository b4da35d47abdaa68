"""Rules as a practice changes them: checked, written down, and the openings made anew in the same transaction."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from telemed import clock
from telemed.db import Tx
from telemed.identity.access import Thing, may
from telemed.identity.callers import Caller
from telemed.ids import new_id
from telemed.scheduling.hours import openings
from telemed.scheduling.hours.checks import RULES_MOST, TooManyRules, check_end, check_rule
from telemed.scheduling.hours.rules import Rule


class Kept(Rule, frozen=True, kw_only=True):
    """A rule as it is written down."""

    id: UUID


class Whose(msgspec.Struct, frozen=True):
    """Somebody who has hours, and the wall clock of where they work."""

    id: UUID
    site: UUID
    name: str
    zone: str

    @property
    def today(self) -> date:
        return clock.now().astimezone(ZoneInfo(self.zone)).date()


class _Its(Kept, frozen=True, kw_only=True):
    practitioner: UUID
    site: UUID


async def whose(tx: Tx, caller: Caller, practitioner: UUID, verb: str = "hours.read") -> Whose:
    """Raises NotFound for somebody of another practice, Forbidden, NotLoggedIn."""
    found = await tx.one(Whose, "hours.practitioner", practitioner=practitioner)
    may(caller, verb, Thing(site=found.site))
    return found


async def rules(tx: Tx, practitioner: UUID) -> list[Kept]:
    """The rules that count today or later, the oldest first."""
    found = await tx.many(Kept, "hours.rules", practitioner=practitioner)
    yesterday = clock.now().date() - timedelta(days=1)
    return [rule for rule in found if rule.until_date is None or rule.until_date >= yesterday]


async def read(tx: Tx, caller: Caller, rule: UUID, verb: str = "hours.read") -> tuple[Kept, Whose]:
    """Raises NotFound."""
    found = await tx.one(_Its, "hours.rule", id=rule)
    return _kept(rule, found), await whose(tx, caller, found.practitioner, verb)


async def add(tx: Tx, caller: Caller, practitioner: UUID, rule: Rule, *, overnight: bool = False) -> Kept:
    """A new rule; the very same one again is the one that is there. Raises a HoursRefused, NotFound."""
    who = await whose(tx, caller, practitioner, "hours.change")
    await openings.lock(tx, practitioner)
    others = await rules(tx, practitioner)
    same = next((other for other in others if _kept(other.id, rule) == other), None)
    if same is not None:
        return same
    if len(others) >= RULES_MOST:
        raise TooManyRules
    check_rule(rule, others, who.today, overnight=overnight)
    kept = _kept(new_id(), rule)
    await tx.run("hours.add_rule", practitioner=practitioner, **msgspec.structs.asdict(kept))
    await _changed(tx, who, f"rule {kept.id} added")
    return kept


async def change(tx: Tx, caller: Caller, rule: UUID, wanted: Rule, *, overnight: bool = False) -> Kept:
    """Other days or times for a rule. Raises a HoursRefused, NotFound."""
    _before, who = await read(tx, caller, rule, "hours.change")
    await openings.lock(tx, who.id)
    others = [other for other in await rules(tx, who.id) if other.id != rule]
    check_rule(wanted, others, who.today, overnight=overnight)
    kept = _kept(rule, wanted)
    await tx.run("hours.change_rule", **msgspec.structs.asdict(kept))
    await _changed(tx, who, f"rule {rule} changed")
    return kept


async def end(tx: Tx, caller: Caller, rule: UUID, last: date) -> Kept:
    """The rule's last day; what is booked later stays booked. Raises a HoursRefused, NotFound."""
    _before, who = await read(tx, caller, rule, "hours.change")
    await openings.lock(tx, who.id)
    kept, who = await read(tx, caller, rule, "hours.change")
    others = [other for other in await rules(tx, who.id) if other.id != rule]
    check_end(kept, last, others, who.today)
    await tx.run("hours.end_rule", id=rule, until_date=last)
    await _changed(tx, who, f"rule {rule} ends {last}")
    return msgspec.structs.replace(kept, until_date=last)


async def remove(tx: Tx, caller: Caller, rule: UUID) -> Whose:
    """The rule's openings go; what is booked in them stays booked. Raises NotFound."""
    _kept_until_now, who = await read(tx, caller, rule, "hours.change")
    await openings.lock(tx, who.id)
    await tx.run("hours.remove_rule", id=rule)
    await _changed(tx, who, f"rule {rule} removed")
    return who


async def open_on_holidays(tx: Tx, caller: Caller, site: UUID, on: bool) -> None:
    """Whether the practice is open on the public holidays of its state. Raises NotFound."""
    may(caller, "hours.change", Thing(site=site))
    await tx.run("hours.set_on_holidays", site=site, on_holidays=on)
    await openings.rebuild_at(tx, site)
    await note(tx, site, f"holidays {'open' if on else 'closed'}")


async def note(tx: Tx, site: UUID, detail: str, verb: str = "hours.change") -> None:
    """In the trail: who changed the hours, or what else is settled there."""
    await tx.run("hours.audit", now=clock.now(), site=site, verb=verb, detail=detail)


async def _changed(tx: Tx, who: Whose, detail: str) -> None:
    await openings.rebuild(tx, who.id, clock.now().date())
    await note(tx, who.site, detail)


def _kept(id: UUID, rule: Rule) -> Kept:
    """The rule under its number, and nothing that the row had besides."""
    return Kept(**{name: getattr(rule, name) for name in Rule.__struct_fields__}, id=id)
