"""93 days later: a patient's whole way has left no trace in the database, even if the purge was killed halfway.

What is looked for is every name, address and number, and every moment at which somebody was in a room.
"""

from __future__ import annotations

import asyncio
import secrets
import sys
from datetime import date, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from telemed import clock
from telemed.consultation.types import Entered
from telemed.db import Database
from telemed.identity.callers import ANONYMOUS, SYSTEM
from telemed.once import Once
from telemed.pg import Urls
from telemed.scheduling import bookings, changes, consent, overrides
from telemed.scheduling.services import assessments
from telemed.scheduling.types import Patient
from telemed.settings import Settings
from tests import people
from tests.ageing import pass_days
from tests.booking import CODES, book, guest, hold, wish
from tests.canary import canary, everything, traces
from tests.processes import ROOT, Worker
from tests.waiting import fill, join

CARLA = people.CALLERS["carla"]
BORN = date(1931, 2, 3)


class Life:
    """One patient for each thing that can become of somebody, and everything by which they could be found."""

    def __init__(self) -> None:
        self.secrets: list[str | bytes] = [BORN.isoformat()]
        self.moments: list[datetime] = []
        self._phones = iter(range(7712300, 7712400))

    def patient(self, *, mail: bool = True) -> Patient:
        name, phone = f"Mümmel {canary('name')}", f"+493984{next(self._phones)}"
        email = f"{canary('mail')}@example.org" if mail else None
        self.secrets += [name, phone, *filter(None, [email])]
        return Patient(name, BORN, email, phone)

    def word(self) -> str:
        self.secrets.append(canary("words"))
        return str(self.secrets[-1])

    def key(self) -> Once:
        digest = secrets.token_bytes(32)
        self.secrets.append(digest)
        return Once(self.word(), digest)

    async def live(self, db: Database, owner: asyncpg.Connection) -> None:
        await people.arrive(db)
        start = people.tomorrow(9)
        await people.open_hours(db, people.DR_BOB, start, 6)
        await people.open_hours(db, people.DR_BOB, start + timedelta(days=1), 0.25)
        await self._seen(db, owner, start)
        await self._cancelled(db, start + timedelta(hours=1))
        await self._beside(db, start + timedelta(hours=2))
        await hold(db, start + timedelta(hours=3))
        await self._waiting(db, start)
        await owner.execute("UPDATE service SET first_assessment = true WHERE id = $1", people.TALK_DORA)
        asked = assessments.Ask(service=people.TALK_DORA, patient=self.patient(mail=False))
        await assessments.ask(db, CODES, ANONYMOUS, asked)
        await owner.execute(
            "INSERT INTO closure (id, site, during, note) SELECT $1, $2, tstzrange(now(), now() + '1 hour'), $3",
            people.fixed(99), people.PRENZLAU, self.word(),
        )  # fmt: skip
        # Nothing personal is in codes and keys by themselves; but whoever knows a name could ask for it.
        found = await owner.fetch("SELECT code_digest, patient_key FROM appointment WHERE code_digest IS NOT NULL")
        self.secrets += [row["code_digest"] for row in found]
        self.secrets += [
            row[0]
            for row in await owner.fetch(
                "SELECT patient_key FROM appointment WHERE code_digest IS NOT NULL AND status <> 'fulfilled'"
                " UNION SELECT patient_key FROM waitlist_entry UNION SELECT patient_key FROM assessment"
            )
        ]

    async def _seen(self, db: Database, owner: asyncpg.Connection, start: datetime) -> None:
        """Booked by somebody else, consent given, came, was let in, left, came again; the doctor ended it."""
        asked = wish(start, self.patient(), carer=self.word())
        made = await bookings.book(db, CODES, ANONYMOUS, asked, self.key())
        await changes.give_consent(db, guest(made.id), made.id, consent.VERSION)
        it: dict[str, Any] = {"appointment": made.id, "epoch": 1}
        for seat, leaves in (("patient", True), ("practitioner", False), ("patient", False)):
            async with db.transaction(SYSTEM) as tx:
                entering = {
                    "appointments": [made.id], "epochs": [1], "seats": [seat], "attendances": [0], "pairings": [None],
                }  # fmt: skip
                (sat,) = await tx.many(
                    Entered, "consultation.enter", **entering, consent=consent.VERSION, now=self._now()
                )  # fmt: skip
            async with db.transaction(SYSTEM) as tx:
                if leaves:
                    await tx.run("consultation.leave", attendances=[sat.attendance], now=self._now())
                if seat == "practitioner":
                    doctor = {"person": people.BOB, "seat": "patient", "state": "admitted", "role": "practitioner"}
                    await tx.run("consultation.settle", **it, **doctor, now=self._now())
        async with db.transaction(SYSTEM) as tx:
            await tx.run("consultation.verified", **it, seat="patient", match=True, now=self._now())
        async with db.transaction(SYSTEM) as tx:
            assert await tx.value("consultation.end", **it, person=people.BOB, now=self._now()) == made.id

    def _now(self) -> datetime:
        self.moments.append(clock.now())
        return self.moments[-1]

    def moments_in_text(self, days: int) -> list[str]:
        """As a dump writes them down, so many days later."""
        return [f"{moment - timedelta(days=days):%Y-%m-%d %H:%M:%S.%f}".rstrip("0") for moment in self.moments]

    async def _cancelled(self, db: Database, start: datetime) -> None:
        made = await book(db, start, self.patient())
        await changes.cancel(db, CARLA, made.id, message=self.word())

    async def _beside(self, db: Database, start: datetime) -> None:
        await book(db, start, self.patient())
        made = await book(db, start + timedelta(minutes=30), self.patient())
        await overrides.move(db, CARLA, made.id, start, self.word(), 1)

    async def _waiting(self, db: Database, start: datetime) -> None:
        """One has given up, one was offered a time and has never answered."""
        first = await join(db, "Erster", patient=self.patient(), carer=self.word())
        async with db.transaction(SYSTEM) as tx:
            await tx.run("waitlist.withdraw", id=first.id, now=clock.now())
        await join(db, "Zweiter", patient=self.patient(), until_date=start.date())
        assert await fill(db) == 1


@pytest.fixture
async def life(db: Database, owner: asyncpg.Connection) -> Life:
    life = Life()
    await life.live(db, owner)
    return life


async def found(life: Life, urls: Urls, days: int) -> list[str | bytes]:
    """The traces in a dump of everything, in whatever guise."""
    dump = await asyncio.to_thread(everything, urls.owner)
    return traces([*life.secrets, *life.moments_in_text(days)], dump)


@pytest.mark.rule("V-04")
async def test_no_trace_after_93_days(life: Life, owner: asyncpg.Connection, urls: Urls, settings: Settings) -> None:
    """`telemed work` alone sees to it. The same search finds every one of them on the day itself."""
    assert await found(life, urls, 0) == [*life.secrets, *life.moments_in_text(0)]
    await pass_days(owner, 93)
    assert len(await found(life, urls, 93)) == len(life.secrets) + len(life.moments)
    done = "SELECT count(*) FROM pgqueuer_log WHERE entrypoint = 'purge' AND status = 'successful'"
    for run in (1, 2):  # when a worker starts, another of its jobs may have the waiting list under its hands
        async with Worker(settings), asyncio.timeout(30):
            while await owner.fetchval(done) < run:
                await asyncio.sleep(0.1)
    assert await found(life, urls, 93) == []
    assert await owner.fetchval("SELECT count(*) FROM attendance") == 0
    assert await owner.fetchval("SELECT count(*) FROM appointment WHERE status = 'fulfilled'") == 1


@pytest.mark.rule("V-04")
async def test_killed_halfway_and_run_again(
    life: Life, owner: asyncpg.Connection, urls: Urls, settings: Settings
) -> None:
    await pass_days(owner, 93)
    everything_there = len(await found(life, urls, 93))
    async with owner.transaction():
        await owner.execute("LOCK TABLE closure IN ACCESS EXCLUSIVE MODE")
        purge = await purging(settings)
        async with asyncio.timeout(20):
            while await owner.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted") == 0:
                await asyncio.sleep(0.05)
        purge.kill()
        await purge.wait()
    assert 0 < len(await found(life, urls, 93)) < everything_there
    assert await owner.fetchval("SELECT count(*) FROM attendance") == 0
    again = await purging(settings)
    said, _ = await again.communicate()
    assert again.returncode == 0, said
    assert await found(life, urls, 93) == []
    assert b"appointments" in said


async def purging(settings: Settings) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "telemed", "purge", cwd=ROOT, stdout=asyncio.subprocess.PIPE,
        env={"DATABASE_URL": settings.database_url, "TELEMED_SECRET": settings.secret, "PATH": "/usr/bin:/bin"},
    )  # fmt: skip


async def test_the_trail_can_be_verified_by_hand(life: Life, owner: asyncpg.Connection, settings: Settings) -> None:
    """`telemed audit verify`: all is well, then not, and with what was written down."""

    async def verify(*more: str) -> tuple[int | None, str]:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "telemed", "audit", "verify", *more, cwd=ROOT, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env={"DATABASE_URL": settings.database_url, "TELEMED_SECRET": settings.secret, "PATH": "/usr/bin:/bin"},
        )  # fmt: skip
        said, _ = await process.communicate()
        return process.returncode, said.decode()

    status, said = await verify()
    assert status == 0 and "0 rows in 0 seals are what they were" in said
    assert (await (await purging(settings)).wait()) == 0
    status, said = await verify()
    assert status == 0 and "in 1 seals are what they were; 0 are not sealed yet." in said
    head = said.rpartition(" ")[2].strip()
    assert (await verify("--expect", head))[0] == 0
    assert (await verify("--expect", "2:00"))[0] == (await verify("--expect", "nonsense"))[0] == 1
    await owner.execute("UPDATE audit SET person = NULL WHERE verb = 'appointment.cancel'")
    status, said = await verify()
    assert status == 1 and "a row was changed." in said and "The trail is not what it was." in said
