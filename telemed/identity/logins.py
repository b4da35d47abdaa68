"""Logging in, staying logged in, logging out; and the guest who has only a code."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from telemed import clock
from telemed.db import Database, Tx
from telemed.errors import CONSTRAINTS, Invalid, NotFound, Refusal
from telemed.identity import passwords
from telemed.identity.callers import SYSTEM, Caller
from telemed.identity.tokens import Keys, TokenRefused
from telemed.identity.types import Credentials, Person, Session, StaffRole
from telemed.ids import new_id
from telemed.text import _

ACCESS = timedelta(minutes=10)
REFRESH = timedelta(hours=12)  # one working day; then the password again
GUEST = timedelta(hours=4)
TWO_TABS = timedelta(seconds=20)  # two tabs may renew with the same token at once; that is no theft
AUDIENCE = "telemed"


class WrongLogin(Refusal):
    """Unknown login, wrong password or a login switched off; the same answer for all three."""

    status, code = 401, "wrong_login"
    sentence = _("Login or password is wrong. Please try again.")


class LoginTaken(Invalid):
    """Two persons cannot share a login."""

    code = "login_taken"
    sentence = _("This login is taken. Please choose another.")


CONSTRAINTS["person_login_key"] = LoginTaken


class SpentToken(msgspec.Struct, frozen=True):
    """A refresh token that cannot be spent (again)."""

    family: UUID
    spent: datetime | None
    person: UUID


async def log_in(db: Database, keys: Keys, credentials: Credentials) -> Session:
    """A new family of tokens. Raises WrongLogin."""
    async with db.transaction(SYSTEM) as tx:
        person = await tx.maybe(Person, "identity.person_by_login", login=credentials.login.strip().lower())
    expected = person.password if person and person.active else None
    if not await passwords.matches(credentials.password, expected) or person is None:
        raise WrongLogin
    async with db.transaction(Caller(person.role, person.id, person.site)) as tx:
        await audit(tx, Caller(person.role, person.id, person.site), "session.open")
        return await _issue(tx, keys, person, new_id())


async def renew(db: Database, keys: Keys, refresh_token: str) -> Session:
    """The next pair. A token used twice ends its whole family (RFC 9700 section 4.14.2). Raises TokenRefused."""
    digest = hashlib.sha256(refresh_token.encode()).digest()
    async with db.transaction(SYSTEM) as tx:
        won = await tx.maybe(_Spent, "identity.spend_refresh_token", digest=digest, now=clock.now())
        if won is not None:
            person = await tx.maybe(Person, "identity.person_by_id", person=won.person)
            return await _issue(tx, keys, person, won.family) if person else _refuse()
        lost = await tx.maybe(SpentToken, "identity.refresh_token_family", digest=digest)
        if lost is not None and lost.spent is not None:
            person = await tx.maybe(Person, "identity.person_by_id", person=lost.person)
            if person is not None and clock.now() - lost.spent < TWO_TABS:
                return _session(keys, person, None)
            await tx.run("identity.revoke_family", family=lost.family, now=clock.now())
    return _refuse()


async def log_out(db: Database, refresh_token: str) -> None:
    """Ends the family; an unknown token is as good as logged out."""
    digest = hashlib.sha256(refresh_token.encode()).digest()
    async with db.transaction(SYSTEM) as tx:
        token = await tx.maybe(SpentToken, "identity.refresh_token_family", digest=digest)
        if token is not None:
            await tx.run("identity.revoke_family", family=token.family, now=clock.now())


async def add_person(tx: Tx, login: str, name: str, role: StaffRole, site: UUID | None, password: str) -> UUID:
    """A new login. Raises Invalid for a short password or a login that is taken."""
    person = new_id()
    await tx.run(
        "identity.add_person", id=person, login=login.strip().lower(), name=name.strip(), role=role, site=site,
        password=await passwords.hashed(password),
    )  # fmt: skip
    return person


async def seat_practitioner(tx: Tx, practitioner: UUID, person: UUID) -> None:
    """From now on this login takes the practitioner's seat. Raises NotFound."""
    if not await tx.run("identity.seat_practitioner", practitioner=practitioner, person=person):
        raise NotFound


async def audit(tx: Tx, caller: Caller, verb: str, appointment: UUID | None = None, detail: str = "") -> None:
    """A line in the trail, where no other statement writes it along."""
    await tx.run(
        "identity.audit", role=caller.role, person=caller.person, site=caller.site, verb=verb,
        appointment=appointment, detail=detail,
    )  # fmt: skip


def guest_session(keys: Keys, appointment: UUID | None, entry: UUID | None = None) -> Session:
    """What a code opens: this one appointment, or this one place on the waiting list (V-07, V-09)."""
    opened = {name: str(id) for name, id in (("appointment", appointment), ("entry", entry)) if id is not None}
    token = keys.sign("at+jwt", AUDIENCE, {"role": "guest", **opened}, GUEST)
    return Session(token, clock.now() + GUEST, "guest", appointment=appointment, entry=entry)


def caller_of(keys: Keys, access_token: str) -> Caller:
    """Whom an access token speaks for. Raises TokenRefused."""
    claims = keys.verify(access_token, "at+jwt", AUDIENCE)
    try:
        return msgspec.convert(_ids(claims), Caller)
    except msgspec.ValidationError as error:
        raise TokenRefused from error


def _ids(claims: Mapping[str, object]) -> dict[str, object]:
    named = {
        "person": claims.get("sub"),
        "site": claims.get("site"),
        "appointment": claims.get("appointment"),
        "entry": claims.get("entry"),
    }
    return {"role": claims.get("role"), **{name: value for name, value in named.items() if value}}


class _Spent(msgspec.Struct, frozen=True):
    family: UUID
    person: UUID


def _refuse() -> Session:
    raise TokenRefused


async def _issue(tx: Tx, keys: Keys, person: Person, family: UUID) -> Session:
    token = secrets.token_urlsafe(32)
    await tx.run(
        "identity.add_refresh_token", id=new_id(), family=family, person=person.id,
        digest=hashlib.sha256(token.encode()).digest(), now=clock.now(), expires=clock.now() + REFRESH,
    )  # fmt: skip
    return _session(keys, person, token)


def _session(keys: Keys, person: Person, refresh_token: str | None) -> Session:
    claims: dict[str, object] = {"sub": str(person.id), "role": person.role}
    if person.site is not None:
        claims["site"] = str(person.site)
    token = keys.sign("at+jwt", AUDIENCE, claims, ACCESS)
    return Session(token, clock.now() + ACCESS, person.role, refresh_token=refresh_token, name=person.name)
