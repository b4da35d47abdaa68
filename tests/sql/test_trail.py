"""The trail of who did what is sealed: whatever is done to it afterwards is found out, and nobody waits for a seal."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta

import asyncpg
import msgspec
import pytest

from telemed.audit import retention, trail
from telemed.db import Database
from telemed.identity.callers import ANONYMOUS, SYSTEM
from telemed.settings import Settings
from telemed.statements import statements
from tests import people
from tests.ageing import pass_days
from tests.booking import book, patient

SECRET = "test secret, long enough to be taken"
KEPT, BRIEF = timedelta(days=1096), timedelta(days=90)


async def write(db: Database, many: int, verb: str = "appointment.book") -> None:
    async with db.transaction(ANONYMOUS) as tx:
        for n in range(many):
            await tx.run(
                "identity.audit", role="guest", person=None, site=people.PRENZLAU, verb=verb,
                appointment=people.fixed(n), detail=f"row {n}",
            )  # fmt: skip


async def seal(db: Database) -> int:
    return await trail.seal(db, SECRET)


async def verify(db: Database, expected: tuple[int, bytes] | None = None) -> trail.Report:
    return await trail.verify(db, SECRET, KEPT, BRIEF, expected)


async def wrong(db: Database, expected: tuple[int, bytes] | None = None) -> list[tuple[int, str]]:
    return [(one.seal, one.what) for one in (await verify(db, expected)).findings]


@pytest.fixture
async def sealed(db: Database) -> Database:
    """Two seals of six rows, four of them about a connection, and two rows that are not sealed yet."""
    for _n in range(2):
        await write(db, 4)
        await write(db, 2, "seat.admitted")
        assert await seal(db) == 6
    await write(db, 2)
    return db


async def test_what_was_not_touched(sealed: Database) -> None:
    report = await verify(sealed)
    assert (report.seals, report.rows, report.unsealed, report.findings) == (2, 12, 2, [])
    assert await seal(sealed) == 2
    assert await seal(sealed) == 0
    report = await verify(sealed)
    assert (report.seals, report.rows, report.unsealed, report.findings) == (3, 14, 0, [])


CHANGES = {
    "at": "now()", "role": "'staff'", "person": "gen_random_uuid()", "site": "NULL", "verb": "'appointment.move'",
    "appointment": "NULL", "detail": "''",
}  # fmt: skip


@pytest.mark.parametrize("column", CHANGES)
async def test_a_row_that_was_changed(sealed: Database, owner: asyncpg.Connection, column: str) -> None:
    await owner.execute(f"UPDATE audit SET {column} = {CHANGES[column]} WHERE id = (SELECT min(id) + 1 FROM audit)")
    assert await wrong(sealed) == [(1, "changed")]


async def test_a_row_that_became_one_of_a_connection(sealed: Database, owner: asyncpg.Connection) -> None:
    """So that it would go after 90 days."""
    await owner.execute("UPDATE audit SET verb = 'seat.admitted' WHERE id = (SELECT min(id) FROM audit)")
    assert await wrong(sealed) == [(1, "missing"), (1, "added")]


@pytest.mark.parametrize("verb", ["appointment.book", "seat.admitted"])
async def test_a_row_that_was_taken_out(sealed: Database, owner: asyncpg.Connection, verb: str) -> None:
    await owner.execute("DELETE FROM audit WHERE id = (SELECT min(id) FROM audit WHERE verb = $1)", verb)
    assert await wrong(sealed) == [(1, "missing")]


@pytest.mark.parametrize("id", [-(2**40), -1, 0])
async def test_a_row_before_all_others(sealed: Database, owner: asyncpg.Connection, id: int) -> None:
    await owner.execute("INSERT INTO audit (id, role, verb) OVERRIDING SYSTEM VALUE VALUES ($1, 'guest', 'x')", id)
    assert await wrong(sealed) == [(1, "added")]


async def test_a_row_in_a_gap(db: Database, owner: asyncpg.Connection) -> None:
    """A transaction that was rolled back leaves an id free, in the middle of what is sealed."""
    await write(db, 1)
    with pytest.raises(ZeroDivisionError):
        async with db.transaction(ANONYMOUS) as tx:
            await tx.run("identity.audit", role="guest", person=None, site=None, verb="x", appointment=None, detail="")
            _ = 1 / 0
    await write(db, 1)
    assert await seal(db) == 2
    await owner.execute(
        "INSERT INTO audit (id, role, verb) OVERRIDING SYSTEM VALUE SELECT min(id) + 1, 'guest', 'x' FROM audit"
    )
    assert await wrong(db) == [(1, "added")]


async def test_a_seal_that_was_made_to_fit(sealed: Database, owner: asyncpg.Connection) -> None:
    """Whoever can write to the database can count; what they cannot make is the digest, without the secret."""
    await owner.execute("DELETE FROM audit WHERE id = (SELECT min(id) FROM audit)")
    await owner.execute("UPDATE seal SET kept = kept - 1 WHERE number = 1")
    assert await wrong(sealed) == [(1, "broken"), (1, "changed")]
    assert [one.what for one in (await trail.verify(sealed, "another secret" * 3, KEPT, BRIEF)).findings] != []


@pytest.mark.parametrize(("number", "found"), [(1, [(2, "broken")]), (2, [])])
async def test_a_seal_that_was_taken_out_with_its_rows(
    sealed: Database, owner: asyncpg.Connection, number: int, found: list[tuple[int, str]]
) -> None:
    """The last one leaves no gap: whoever wrote it down elsewhere notices."""
    head = (await verify(sealed)).head
    assert head is not None and await wrong(sealed, (head.number, head.digest)) == []
    await owner.execute("DELETE FROM audit USING seal WHERE number = $1 AND id BETWEEN first AND last", number)
    await owner.execute("DELETE FROM seal WHERE number = $1", number)
    assert [one for one in await wrong(sealed) if one[1] == "broken"] == found
    if number == 2:
        assert await wrong(sealed, (head.number, head.digest)) == [(2, "unexpected")]
        await seal(sealed)
        assert await wrong(sealed, (head.number, head.digest)) == [(2, "unexpected")]


async def test_the_app_cannot_touch_seals(sealed: Database) -> None:
    for statement in ("UPDATE seal SET kept = 0", "DELETE FROM seal", "TRUNCATE seal"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with sealed.transaction(SYSTEM) as tx:
                await tx.connection.execute(statement)


async def test_who_is_still_writing_is_waited_for(db: Database) -> None:
    """Ids are given out before their rows are seen: a row must not turn up later in what is sealed already."""
    async with db.transaction(ANONYMOUS) as tx:
        await tx.run("identity.audit", role="guest", person=None, site=None, verb="slow", appointment=None, detail="")
        await write(db, 3)
        assert await trail.seal(db, SECRET, timedelta(seconds=0.3)) == 0
        sealing = asyncio.create_task(seal(db))
        await asyncio.sleep(0.3)
        await write(db, 1)  # nobody waits for the seal meanwhile
        assert not sealing.done()
    assert await sealing == 4
    assert await seal(db) == 1
    assert await wrong(db) == []


async def test_two_at_once_make_one_chain(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trail, "ROWS", 7)
    await write(db, 60)
    assert sum(await asyncio.gather(*(seal(db) for _n in range(4)))) == 60
    report = await verify(db)
    assert (report.seals, report.rows, report.findings) == (9, 60, [])


async def test_a_booking_pays_nothing_for_it(cast: Database, owner: asyncpg.Connection) -> None:
    """Nothing runs when a row is written, and a booking goes through while a seal is being made."""
    assert await owner.fetchval("SELECT count(*) FROM pg_trigger WHERE tgrelid = 'audit'::regclass") == 0
    start = people.tomorrow()
    await people.open_hours(cast, people.DR_BOB, start, 4)
    async with cast.transaction(SYSTEM) as tx:
        await tx.value("trail.alone")
        await tx.many(trail.Row, "trail.rows", after=0, until=2**40, limit=None)
        await asyncio.wait_for(book(cast, start, patient("Emil")), 5)


async def test_what_has_reached_its_end_is_not_missing(
    sealed: Database, owner: asyncpg.Connection, settings: Settings
) -> None:
    """Connections after 90 days, the rest after three years; but not a day before."""
    await pass_days(owner, 80)
    await _seal_anew(owner, sealed)
    await owner.execute("DELETE FROM audit WHERE id = (SELECT min(id) FROM audit WHERE verb = 'seat.admitted')")
    assert await wrong(sealed) == [(1, "missing")]
    await pass_days(owner, 13)
    await _seal_anew(owner, sealed)
    gone = await retention.purge(sealed, settings)
    assert gone["audit_brief"] == 3 and gone["audit"] == 0
    assert await wrong(sealed) == []
    await owner.execute("DELETE FROM audit WHERE id = (SELECT min(id) FROM audit)")
    assert await wrong(sealed) == [(1, "missing")]
    await pass_days(owner, 1010)
    await _seal_anew(owner, sealed)
    assert (await retention.purge(sealed, settings))["audit"] == 7  # two were sealed later
    assert await wrong(sealed) == []
    await owner.execute(
        "INSERT INTO audit (id, at, role, verb) OVERRIDING SYSTEM VALUE"
        " SELECT first, at, 'guest', 'x' FROM seal WHERE number = 2"
    )
    assert await wrong(sealed) != []


async def _seal_anew(owner: asyncpg.Connection, db: Database) -> None:
    """Time that passes changes no row; `pass_days` does, so the digests are made again, over what was counted."""
    key = trail._key(SECRET)
    async with db.transaction(SYSTEM) as tx:
        seals = await tx.many(trail.Seal, "trail.page", after=0, limit=100)
        before = None
        for it in seals:
            rows = await tx.many(trail.Row, "trail.rows", after=it.first - 1, until=it.last, limit=None)
            kinds = [[row for row in rows if row.brief is brief] for brief in (False, True)]
            made = msgspec.structs.replace(
                it,
                kept_digest=trail._digest(key, kinds[0]) if len(kinds[0]) == it.kept else it.kept_digest,
                brief_digest=trail._digest(key, kinds[1]) if len(kinds[1]) == it.brief else it.brief_digest,
            )
            made = msgspec.structs.replace(made, digest=trail._chained(key, made, before))
            await owner.execute(
                "UPDATE seal SET kept_digest = $2, brief_digest = $3, digest = $4 WHERE number = $1",
                it.number, made.kept_digest, made.brief_digest, made.digest,
            )  # fmt: skip
            before = made


async def test_what_is_of_a_connection(db: Database) -> None:
    """Whatever a statement notes of seats and consultations goes after 90 days (V-04)."""
    verbs = {
        verb for one in statements().values() for verb in re.findall(r"'((?:seat|consultation)\.[a-z]*)'", one.sql)
    }
    assert {"seat.", "consultation.end"} <= verbs
    async with db.transaction(SYSTEM) as tx:
        for verb in (*verbs, "seat.admitted"):
            assert await tx.connection.fetchval("SELECT of_connection($1)", verb)
        assert not await tx.connection.fetchval("SELECT of_connection('appointment.book')")


async def test_nothing_young_can_be_taken_off_the_trail(sealed: Database, owner: asyncpg.Connection) -> None:
    """Whatever the app asks for: not what is not sealed, not a week of connections, not a year of the rest."""
    async with sealed.transaction(SYSTEM) as tx:
        for statement in ("retention.audit", "retention.audit_brief"):
            assert await tx.value(statement, before=await tx.value("trail.now"), limit=100) == 0
    assert await owner.fetchval("SELECT count(*) FROM audit") == 14
