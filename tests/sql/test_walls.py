"""The walls hold in SQL even when `may()` is bypassed: each caller, asking the tables directly, sees their own only."""

from __future__ import annotations

from datetime import timedelta

import asyncpg
import pytest

from telemed.db import Database
from telemed.identity.callers import ANONYMOUS, SYSTEM, Caller
from tests import people

ALICES, CHARLIES, AT_GERSWALDE, LATER = (people.fixed(n) for n in (51, 52, 53, 54))
GUEST = Caller("guest", appointment=ALICES, entry=ALICES)
TABLES = ("appointment", "attendance", "person", "refresh_token", "audit", "waitlist_entry", "offer")


@pytest.fixture
async def walled(cast: Database) -> Database:
    """Alice at Bob's, somebody at Charlie's, and two at Gerswalde's station with Bob, today and tomorrow."""
    at = people.tomorrow()
    rows = [
        (ALICES, people.DR_BOB, people.TALK, people.PRENZLAU, None, None, "video", at),
        (CHARLIES, people.DR_CHARLIE, people.TALK_CHARLIE, people.TEMPLIN, None, None, "video", at),
        (AT_GERSWALDE, people.DR_BOB, people.TALK, people.PRENZLAU, people.STATION, people.GERSWALDE, "assisted",
         people.soon()),
        (LATER, people.DR_BOB, people.TALK, people.PRENZLAU, people.STATION, people.GERSWALDE, "assisted",
         at + timedelta(hours=25)),
    ]  # fmt: skip
    async with cast.transaction(SYSTEM) as tx:
        for number, row in enumerate(rows):
            await tx.connection.execute(
                "INSERT INTO appointment (id, practitioner, service, site, station, station_site, mode, status, during,"
                " reserved, code_digest, patient_key, patient_name, birth_date)"
                " VALUES ($1, $2, $3, $4, $5, $6, $7, 'booked', tstzrange($8, $10), tstzrange($8, $10), $9, $9,"
                " 'Alice Ährenfeld', '1948-05-17')",
                *row, bytes([number] * 32), row[-1] + timedelta(minutes=15),
            )  # fmt: skip
            await tx.connection.execute("INSERT INTO attendance (appointment, seat) VALUES ($1, 'patient')", row[0])
            await tx.connection.execute(
                "INSERT INTO audit (role, site, verb, appointment) VALUES ('guest', $1, 'appointment.book', $2)",
                row[3], row[0],
            )  # fmt: skip
        for row in rows[:2]:  # each with a place on the waiting list, and an offer, of the same id
            await tx.connection.execute(
                "INSERT INTO waitlist_entry (id, service, practitioner, site, mode, patient_name, birth_date,"
                " patient_key, email, near, short_notice, code_digest, created, changed)"
                " VALUES ($1, $2, $3, $4, 'video', 'Alice', '1948-05-17', $5, 'a@example.org', true, '1 hour',"
                " $5, now(), now())",
                row[0], row[2], row[1], row[3], row[0].bytes,
            )  # fmt: skip
            await tx.connection.execute(
                "INSERT INTO offer (id, entry, practitioner, site, appointment, start, expires, channel, created)"
                " VALUES ($1, $1, $2, $3, $1, now(), now(), 'email', now())", row[0], row[1], row[3],
            )  # fmt: skip
        for n, caller in enumerate(people.CALLERS.values()):
            await tx.connection.execute(
                "INSERT INTO refresh_token (id, family, person, digest, expires) VALUES ($1, $1, $2, $3, now())",
                people.fixed(100 + n), caller.person, bytes([n]),
            )  # fmt: skip
    return cast


async def seen(db: Database, caller: Caller, table: str) -> set[object]:
    column = {"attendance": "appointment", "refresh_token": "person", "audit": "appointment"}.get(table, "id")
    async with db.transaction(caller) as tx:
        return {row[0] for row in await tx.connection.fetch(f"SELECT {column} FROM {table}")}


NOBODY: set[object] = set()
AT_STATION = (AT_GERSWALDE, LATER)
BY_CALLER: dict[str, tuple[Caller, dict[str, set[object]]]] = {
    "anonymous": (ANONYMOUS, dict.fromkeys(TABLES, NOBODY)),
    "guest": (GUEST, {
        "appointment": {ALICES}, "attendance": {ALICES}, "waitlist_entry": {ALICES}, "offer": {ALICES}}),
    "bob": (people.CALLERS["bob"], {
        "appointment": {ALICES, *AT_STATION}, "attendance": {ALICES, *AT_STATION},
        "person": {people.BOB, people.CARLA}, "refresh_token": {people.BOB}, "audit": {ALICES, *AT_STATION},
        "waitlist_entry": {ALICES}, "offer": {ALICES}}),
    "carla": (people.CALLERS["carla"], {
        "appointment": {ALICES, *AT_STATION}, "attendance": {ALICES, *AT_STATION},
        "person": {people.BOB, people.CARLA}, "refresh_token": {people.CARLA}, "audit": {ALICES, *AT_STATION},
        "waitlist_entry": {ALICES}, "offer": {ALICES}}),
    "charlie": (people.CALLERS["charlie"], {
        "appointment": {CHARLIES}, "attendance": {CHARLIES}, "person": {people.CHARLIE},
        "refresh_token": {people.CHARLIE}, "audit": {CHARLIES}, "waitlist_entry": {CHARLIES}, "offer": {CHARLIES}}),
    "petra": (people.CALLERS["petra"], {
        "appointment": {AT_GERSWALDE}, "attendance": {AT_GERSWALDE}, "person": {people.PETRA},
        "refresh_token": {people.PETRA}}),
    "paul": (people.CALLERS["paul"], {"person": {people.PAUL}, "refresh_token": {people.PAUL}}),
    "ada": (people.CALLERS["ada"], {
        "person": {c.person for c in people.CALLERS.values()}, "refresh_token": {people.ADA}}),
}  # fmt: skip


@pytest.mark.parametrize("who", BY_CALLER)
@pytest.mark.parametrize("table", TABLES)
async def test_each_sees_their_own(walled: Database, who: str, table: str) -> None:
    caller, visible = BY_CALLER[who]
    assert await seen(walled, caller, table) == visible.get(table, NOBODY)


@pytest.mark.parametrize("who", [who for who in BY_CALLER if who not in ("bob", "carla", "guest")])
async def test_a_stranger_changes_nothing_of_alice(walled: Database, who: str) -> None:
    async with walled.transaction(BY_CALLER[who][0]) as tx:
        done = await tx.connection.execute("UPDATE appointment SET status = 'cancelled' WHERE id = $1", ALICES)
    assert done == "UPDATE 0"


async def test_a_practice_cannot_give_its_appointment_away(walled: Database) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
        async with walled.transaction(people.CALLERS["bob"]) as tx:
            await tx.connection.execute("UPDATE appointment SET site = $1 WHERE id = $2", people.TEMPLIN, ALICES)


@pytest.mark.parametrize("statement", ["UPDATE audit SET verb = 'x'", "DELETE FROM audit", "TRUNCATE audit"])
async def test_the_trail_is_append_only(walled: Database, statement: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with walled.transaction(SYSTEM) as tx:
            await tx.connection.execute(statement)


async def test_the_app_cannot_lower_the_walls(walled: Database) -> None:
    for statement in (
        "ALTER TABLE appointment DISABLE ROW LEVEL SECURITY",
        "SET ROLE postgres",
        "SET row_security = off",
    ):
        with pytest.raises(asyncpg.PostgresError):
            async with walled.transaction(ANONYMOUS) as tx:
                await tx.connection.execute(statement)
                await tx.connection.fetch("SELECT * FROM appointment")
