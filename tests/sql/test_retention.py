"""Every table ends when it says: what is older goes, what is younger stays, killed halfway or done by two at once."""

from __future__ import annotations

import asyncio
from datetime import date, datetime, timedelta

import asyncpg
import msgspec
import pytest

from telemed import clock
from telemed.audit import retention
from telemed.audit.retention import ENDS, STAYS, End
from telemed.db import Database
from telemed.identity.callers import ANONYMOUS, SYSTEM
from telemed.scheduling import changes
from telemed.scheduling.services import assessments
from telemed.scheduling.types import Patient
from telemed.settings import Settings
from tests import people
from tests.ageing import pass_days
from tests.booking import ALICE, CODES, book, guest, hold

HOUR = timedelta(hours=1)


async def test_every_table_has_its_end_or_a_reason(owner: asyncpg.Connection) -> None:
    tables = {
        row[0]
        for row in await owner.fetch(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        )
    }
    ending = {end.table for end in ENDS}
    assert tables == ending | STAYS.keys()
    for table in ending - STAYS.keys():  # and says so where somebody looks who has the database alone
        assert "Retention: kept." not in await owner.fetchval("SELECT obj_description($1::regclass)", table)


_AT_BOBS = f"'{people.DR_BOB}', '{people.TALK}', '{people.PRENZLAU}', 'video'"
_KEY = "decode(md5('{id}'), 'hex')"
_ALICE = f"'Alice', '1948-05-17', {_KEY}"
_APPOINTMENT = (
    "INSERT INTO appointment (practitioner, service, site, mode, id, status, during, reserved, changed, {more})"
)
_NAMED = _APPOINTMENT.replace("{more}", "code_digest, patient_name, birth_date, patient_key")
_SPAN = "FROM (SELECT tstzrange('{at}'::timestamptz + '%s', '{at}'::timestamptz + '%s')) AS at (r)"
_VISIT = (
    f"{_NAMED} SELECT {_AT_BOBS}, '{{id}}', 'fulfilled', r, r, upper(r), {_KEY}, {_ALICE} {_SPAN % ('-15 min', '0')}"
)
_LONG_AGO = _VISIT.replace("fulfilled", "cancelled")  # and so beside others
_NOTICE = (
    "INSERT INTO notice (id, entry, site, kind, cause, channel, language, start, due, message, created)"
    f" SELECT '{{id}}', '{{id}}', '{people.PRENZLAU}', 'cancelled', '{{id}}', 'phone', 'de', {{start}}, {{due}},"
    " {words}, '{at}'"
)
_ENTRY = (
    "INSERT INTO waitlist_entry (practitioner, service, site, mode, id, patient_name, birth_date, patient_key, email,"
    " near, short_notice, code_digest, status, idempotency_key, idempotency_digest, created, changed)"
    f" SELECT {_AT_BOBS}, '{{id}}', {_ALICE}, 'a@example.org', true, '1 hour', {_KEY}, {{more}}, '{{at}}', '{{at}}'"
)
_ASSESSMENT = (
    "INSERT INTO assessment (site, service, id, patient_key, asked, patient_name, birth_date, phone, result, decided)"
    f" SELECT '{people.PRENZLAU}', '{people.TALK}', '{{id}}', {_KEY}, '{{at}}', "
)
_RIDE = (
    "INSERT INTO ride (id, site, kind, weekdays, since, until, direction, email, phone, ended)"
    f" SELECT '{{id}}', '{people.GERSWALDE}', 'bus', '{{1}}', '08:00', '10:00', 'Flieth',"
    " 'bus@example.org', '+4939841', {ended}"
)


def put_in(statement: str, **more: str) -> str:
    for name, value in more.items():
        statement = statement.replace("{" + name + "}", value)
    return statement


# A row for each statement, of an id and of the instant from which its age counts.
SEEDS = {
    "attendance": (
        _LONG_AGO, "INSERT INTO attendance (appointment, seat, joined) SELECT '{id}', 'patient', '{at}'"
    ),
    "seating": (_LONG_AGO, "INSERT INTO seating SELECT '{id}', 1, 'patient', 'admitted', '{at}'"),
    "verified": (_LONG_AGO, "INSERT INTO verified SELECT '{id}', 1, 'patient', true, '{at}'"),
    "lateness": (
        "INSERT INTO practitioner (id, site, name, specialty, late_minutes, late_note, late_until)"
        f" SELECT '{{id}}', '{people.PRENZLAU}', 'Dr. Eva Eule', 'general', 20, 'Wir sind gleich da.', '{{at}}'",
    ),
    "lines": (
        _VISIT.replace("fulfilled", "cancelled"),
        "INSERT INTO precheck SELECT '{id}', 'audio', now() - interval '1 hour'",
    ),
    "old_lines": (
        f"{_NAMED} SELECT {_AT_BOBS}, '{{id}}', 'cancelled', r, r, '{{at}}', {_KEY}, {_ALICE}"
        " FROM (SELECT tstzrange(now() + '480 hours', now() + '481 hours')) AS at (r)",
        "INSERT INTO precheck SELECT '{id}', 'audio', '{at}'",
    ),
    "audit_brief": ("INSERT INTO audit (role, verb, at) SELECT 'practitioner', 'seat.admitted', '{at}'",),
    "audit": ("INSERT INTO audit (role, verb, at) SELECT 'guest', 'appointment.book', '{at}'",),
    "notice_words": (put_in(_NOTICE, start="'{at}'", due="now()", words="'Der Strom ist weg.'"),),
    "notices": (put_in(_NOTICE, start="now()", due="'{at}'", words="NULL"),),
    "long_waits": (put_in(_ENTRY, more="'waiting', NULL, NULL"),),
    "wait_keys": (put_in(_ENTRY, more=f"'waiting', '{{id}}', {_KEY}"),),
    "waits": (put_in(_ENTRY, more="'withdrawn', NULL, NULL"),),
    "calls": (_ASSESSMENT + "'Alice', '1948-05-17'::date, '+49398412345', NULL, NULL::timestamptz",),
    "results": (_ASSESSMENT + "NULL, NULL::date, NULL, 'video', '{at}'::timestamptz",),
    "holds": (
        f"{put_in(_APPOINTMENT, more='expires')} SELECT {_AT_BOBS}, '{{id}}', 'held', r, r, '{{at}}', '{{at}}'"
        f" {_SPAN % ('0', '15 min')}",
    ),
    "booking_keys": (  # of something that is still to come
        f"{_NAMED.replace('patient_key)', 'patient_key, idempotency_key, idempotency_digest)')} SELECT {_AT_BOBS},"
        f" '{{id}}', 'booked', r, r, '{{at}}', {_KEY}, {_ALICE}, '{{id}}', {_KEY} {_SPAN % ('480 hours', '481 hours')}",
    ),
    "appointments": (_VISIT,),
    "logins": (
        "INSERT INTO refresh_token (id, family, person, digest, expires)"
        f" SELECT '{{id}}', '{{id}}', '{people.BOB}', {_KEY}, '{{at}}'",
    ),
    "keys": ("INSERT INTO signing_key (kid, retired) SELECT '{id}', '{at}'",),
    "codes": ("INSERT INTO pairing (id, created, expires) SELECT '{id}', '{at}', '{at}'",),
    "pairings": (
        "INSERT INTO pairing (id, created, expires, serial, ended, why)"
        " SELECT '{id}', '{at}', '{at}', 1, '{at}', 'copied'",
    ),
    "walk_ins": (
        "INSERT INTO walk_in (id, station, site, specialty, assisting, language, came, status, changed)"
        f" SELECT '{{id}}', '{people.STATION}', '{people.GERSWALDE}', 'general', true, 'de', '{{at}}',"
        " 'left', '{at}'",
    ),
    "ride_requests": (
        _LONG_AGO, _RIDE.replace("{ended}", "NULL"),
        "INSERT INTO ride_request (id, appointment, ride, leg, at, consent_version, consented)"
        " SELECT '{id}', '{id}', '{id}', 'home', '{at}', '2026-11', '{at}'",
    ),
    "rides": (_RIDE.replace("{ended}", "'{at}'"),),
    "station_checks": (
        f"INSERT INTO station (id, site, name) SELECT '{{id}}', '{people.GERSWALDE}', '{{id}}'",
        "INSERT INTO station_check SELECT '{id}', '{at}'::timestamptz::date, '{at}', 'ok', 'ok', 'bad'",
    ),
    "on_call": (
        f"INSERT INTO practitioner (id, site, name, specialty) SELECT '{{id}}', '{people.PRENZLAU}', 'Eva', 'general'",
        f"INSERT INTO on_call SELECT '{{id}}', '{people.PRENZLAU}', '{people.TALK}', '{{at}}'::timestamptz"
        " - interval '1 h', '{at}', '{at}'",
    ),
    "intakes": (
        _LONG_AGO,
        "INSERT INTO intake (appointment, epoch, taken, taken_by, identity)"
        f" SELECT '{{id}}', 1, '{{at}}', '{people.PETRA}', 'known'",
    ),
    "closures": (
        f"INSERT INTO closure (id, site, during) SELECT '{{id}}', '{people.PRENZLAU}', r {_SPAN % ('-1 day', '0')}",
    ),
    "feeds": (
        "INSERT INTO feed (id, practitioner, digest, created, revoked)"
        f" SELECT '{{id}}', '{people.DR_BOB}', {_KEY}, '{{at}}', '{{at}}'",
    ),
    "busy_times": (
        "INSERT INTO busy_calendar (id, practitioner, url, added)"
        f" SELECT '{{id}}', '{people.DR_BOB}', 'https://{{id}}', '{{at}}'",
        f"INSERT INTO busy SELECT '{{id}}', '{people.DR_BOB}', r {_SPAN % ('-1 hour', '0')}",
    ),
    "given_up": (
        "INSERT INTO pgqueuer (priority, status, entrypoint, updated) SELECT 0, 'failed', 'x', '{at}'",
    ),
    "job_log": (
        "INSERT INTO pgqueuer_log (job_id, status, priority, entrypoint, created) SELECT 1, 'failed', 0, 'x', '{at}'",
    ),
    "job_counts": (
        "INSERT INTO pgqueuer_statistics (count, priority, status, entrypoint, created)"
        " SELECT 1, 0, 'successful', '{id}', '{at}'",
    ),
    "workers": ("INSERT INTO worker (id, seen) SELECT '{id}', '{at}'",),
}  # fmt: skip
# What is asked afterwards, where a row stays and only something in it goes.
LEFT = {
    "notice_words": "SELECT count(*) FROM notice WHERE message IS NOT NULL",
    "long_waits": "SELECT count(*) FROM waitlist_entry WHERE status = 'waiting'",
    "wait_keys": "SELECT count(*) FROM waitlist_entry WHERE idempotency_key IS NOT NULL",
    "booking_keys": "SELECT count(*) FROM appointment WHERE idempotency_key IS NOT NULL",
    "appointments": "SELECT count(*) FROM appointment WHERE patient_name IS NOT NULL",
    "lateness": "SELECT count(*) FROM practitioner WHERE late_note IS NOT NULL",
    "audit_brief": "SELECT count(*) FROM audit WHERE verb = 'seat.admitted'",
    "audit": "SELECT count(*) FROM audit WHERE verb = 'appointment.book'",
}


async def seed(owner: asyncpg.Connection, end: End, n: int, since: datetime) -> None:
    for statement in SEEDS[end.statement]:
        await owner.execute(put_in(statement, id=str(people.fixed(900 + n)), at=since.isoformat()))


async def left(owner: asyncpg.Connection, end: End) -> int:
    return int(await owner.fetchval(LEFT.get(end.statement, f"SELECT count(*) FROM {end.table}")))


@pytest.mark.rule("V-04")
@pytest.mark.parametrize("end", ENDS, ids=lambda end: end.statement)
async def test_what_is_older_goes_and_what_is_younger_stays(
    cast: Database, owner: asyncpg.Connection, settings: Settings, end: End
) -> None:
    """To the hour; a day before its time, because the next run is a day away."""
    await owner.execute("DELETE FROM appointment")
    edge = clock.now() - end.age(settings) + retention.ROUND
    await seed(owner, end, 1, edge - HOUR)
    await seed(owner, end, 2, edge + HOUR)
    if end.table == "audit":
        await retention.trail.seal(cast, settings.secret)
        await owner.execute("UPDATE seal SET at = $1", edge - HOUR)
        if end.statement == "audit":  # the trail ends by its seals: a second one, for the younger row
            await owner.execute("UPDATE seal SET last = (SELECT min(id) FROM audit)")
            await owner.execute(
                "INSERT INTO seal SELECT 2, last + 1, last + 1, $1, kept, kept_since, kept_digest, brief, brief_since,"
                " brief_digest, digest FROM seal", edge + HOUR,
            )  # fmt: skip
    assert await left(owner, end) == 2
    gone = await retention.purge(cast, settings)
    assert (gone[end.statement], await left(owner, end)) == (1, 1)
    assert (await retention.purge(cast, settings))[end.statement] == 0


async def test_an_age_can_be_set(cast: Database, owner: asyncpg.Connection, settings: Settings) -> None:
    end = next(end for end in ENDS if end.statement == "appointments")
    await seed(owner, end, 1, clock.now() - timedelta(days=20))
    assert (await retention.purge(cast, settings))["appointments"] == 0
    assert (await retention.purge(cast, msgspec.structs.replace(settings, keep_names=14)))["appointments"] == 1


async def many(owner: asyncpg.Connection) -> None:
    """Forty of several kinds, all long over."""
    for end in ENDS:
        if end.statement in ("attendance", "appointments", "waits", "calls", "notices", "busy_times"):
            for n in range(40):
                await seed(owner, end, 40 * ENDS.index(end) + n, clock.now() - timedelta(days=200 + n))


async def test_two_at_once_share_the_work(
    cast: Database, owner: asyncpg.Connection, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH", 3)
    await many(owner)
    first, second = await asyncio.gather(retention.purge(cast, settings), retention.purge(cast, settings))
    both = {statement: first[statement] + second[statement] for statement in first}
    expected = dict.fromkeys(("attendance", "waits", "calls", "notices", "busy_times"), 40) | {"appointments": 80}
    assert {statement: both[statement] for statement in expected} == expected
    assert await owner.fetchval("SELECT count(*) FROM appointment WHERE forgotten IS NULL") == 0


async def test_what_somebody_works_on_is_left_for_the_next_time(
    cast: Database, owner: asyncpg.Connection, settings: Settings
) -> None:
    end = next(end for end in ENDS if end.statement == "waits")
    await seed(owner, end, 1, clock.now() - timedelta(days=200))
    async with cast.transaction(SYSTEM) as tx:
        await tx.connection.execute("SELECT FROM waitlist_entry FOR UPDATE")
        assert (await asyncio.wait_for(retention.purge(cast, settings), 20))["waits"] == 0
    assert (await retention.purge(cast, settings))["waits"] == 1


async def test_an_appointment_forgets_but_the_practice_goes_on_knowing(
    cast: Database, owner: asyncpg.Connection, settings: Settings
) -> None:
    """A visit counts as one in the practice's book, also after its appointment names nobody (B-09)."""
    start = people.tomorrow()
    await people.open_hours(cast, people.DR_BOB, start, 4)
    await owner.execute("UPDATE service SET patients = 'known' WHERE id = $1", people.TALK)
    asked = Patient("Emil Eisvogel", date(1950, 1, 1), phone="+493984123456")
    await assessments.ask(cast, CODES, ANONYMOUS, assessments.Ask(service=people.TALK, patient=asked))
    await owner.execute("UPDATE service SET patients = 'all'")
    for n, (who, status) in enumerate(
        ((ALICE, "fulfilled"), (Patient("Nora Nein", date(1960, 1, 1)), "noshow"), (asked, "fulfilled"))
    ):
        made = await book(cast, start + n * HOUR, who)
        await owner.execute("UPDATE appointment SET status = $2 WHERE id = $1", made.id, status)
    keys = dict(await owner.fetch("SELECT patient_name, patient_key FROM appointment"))
    await pass_days(owner, 95)
    assert (await retention.purge(cast, settings))["appointments"] == 3
    rows = await owner.fetch("SELECT * FROM appointment ORDER BY lower(during)")
    assert all(row["patient_key"] is None and row["forgotten"] for row in rows)
    assert [row["status"] for row in rows] == ["fulfilled", "noshow", "fulfilled"]
    known = {bytes(row["patient_key"]): row for row in await owner.fetch("SELECT * FROM assessment")}
    assert known.keys() == {keys["Alice Ährenfeld"], keys["Emil Eisvogel"]}
    for row in known.values():
        assert (row["result"], row["patient_name"], row["phone"]) == ("known", None, None)
    await owner.execute("UPDATE service SET patients = 'known' WHERE id = $1", people.TALK)
    later = people.tomorrow()
    await people.open_hours(cast, people.DR_BOB, later, 4)
    assert (await book(cast, later, ALICE)).status == "booked"


async def test_a_question_asked_after_the_visit_stays_open(
    cast: Database, owner: asyncpg.Connection, settings: Settings
) -> None:
    end = {end.statement: end for end in ENDS}
    await seed(owner, end["appointments"], 1, clock.now() - timedelta(days=100))
    await seed(owner, end["calls"], 1, clock.now() - timedelta(days=3))
    await retention.purge(cast, settings)
    row = await owner.fetchrow("SELECT result, patient_name FROM assessment")
    assert row is not None and tuple(row) == ("known", "Alice")


async def test_a_name_that_was_never_called_goes_and_an_earlier_result_stays(
    cast: Database, owner: asyncpg.Connection, settings: Settings
) -> None:
    end = next(end for end in ENDS if end.statement == "calls")
    await seed(owner, end, 1, clock.now() - timedelta(days=40))
    await owner.execute("UPDATE assessment SET result = 'known', decided = asked - interval '1 day'")
    await retention.purge(cast, settings)
    row = await owner.fetchrow("SELECT result, patient_name, asked = decided FROM assessment")
    assert row is not None and tuple(row) == ("known", None, True)


async def test_what_still_runs_is_left_alone(cast: Database, owner: asyncpg.Connection, settings: Settings) -> None:
    """A hold, a booking, what was cancelled today: a purge a moment later changes nothing."""
    start = people.tomorrow()
    await people.open_hours(cast, people.DR_BOB, start, 4)
    await hold(cast, start)
    await book(cast, start + HOUR, ALICE)
    cancelled = await book(cast, start + 2 * HOUR, Patient("Nora Nein", date(1960, 1, 1)))
    await changes.cancel(cast, guest(cancelled.id), cancelled.id)
    before = await owner.fetch("SELECT * FROM appointment ORDER BY id")
    await retention.purge(cast, settings)
    assert before == await owner.fetch("SELECT * FROM appointment ORDER BY id")


async def test_a_forgotten_appointment_cannot_name_anybody(cast: Database, owner: asyncpg.Connection) -> None:
    end = next(end for end in ENDS if end.statement == "appointments")
    await seed(owner, end, 1, clock.now() - timedelta(days=200))
    with pytest.raises(asyncpg.CheckViolationError, match="appointment_forgotten"):
        await owner.execute("UPDATE appointment SET forgotten = now()")
    with pytest.raises(asyncpg.CheckViolationError, match="appointment_names"):
        await owner.execute("UPDATE appointment SET patient_name = NULL")


@pytest.mark.parametrize("who", ["bob", "carla", "petra", "charlie", "ada"])
@pytest.mark.parametrize("table", ["appointment", "attendance", "seating", "verified"])
async def test_nobody_deletes_by_hand(cast: Database, owner: asyncpg.Connection, who: str, table: str) -> None:
    """Not even their own: only what has reached its end goes, and only the worker takes it."""
    start = people.tomorrow()
    await people.open_hours(cast, people.DR_BOB, start, 4)
    made = await book(cast, start, ALICE)
    await owner.execute("INSERT INTO attendance (appointment, seat) VALUES ($1, 'patient')", made.id)
    await owner.execute("INSERT INTO seating VALUES ($1, 1, 'patient', 'admitted', now())", made.id)
    await owner.execute("INSERT INTO verified VALUES ($1, 1, 'patient', true, now())", made.id)
    for caller in (people.CALLERS[who], guest(made.id), ANONYMOUS):
        async with cast.transaction(caller) as tx:
            assert await tx.connection.execute(f"DELETE FROM {table}") == "DELETE 0"
