"""The cast. Alice has an appointment, Bob treats her, Carla keeps Bob's calendar, Petra assists at the pharmacy; and
Charlie, a doctor of another practice, who should see none of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import cache
from uuid import UUID

from argon2 import PasswordHasher

from telemed import clock
from telemed.db import Database, Tx
from telemed.identity.callers import SYSTEM, Caller
from telemed.scheduling.types import CONSENT_VERSION
from telemed.wording import HERE

PASSWORD = "ein sicherer Satz"


def fixed(number: int) -> UUID:
    """A readable id: fixed(7) ends in 7."""
    return UUID(int=0x0192_0000_0000_7000_8000_0000_0000_0000 | number)


PRENZLAU, TEMPLIN, GERSWALDE, GRAMZOW = fixed(1), fixed(2), fixed(3), fixed(4)  # practice, practice, pharmacy, hub
BOB, CARLA, CHARLIE, PETRA, PAUL, ADA = (fixed(n) for n in range(11, 17))  # persons
DR_BOB, DR_CHARLIE, DR_DORA = fixed(21), fixed(22), fixed(23)  # practitioners; Dora has no login
TALK, TALK_CHARLIE, TALK_DORA = fixed(31), fixed(32), fixed(33)  # services, 15 minutes each
STATION, STATION_GRAMZOW = fixed(41), fixed(42)
PAIRING = fixed(46)  # of the screen at STATION

CALLERS = {
    "bob": Caller("practitioner", BOB, PRENZLAU),
    "carla": Caller("staff", CARLA, PRENZLAU),
    "charlie": Caller("practitioner", CHARLIE, TEMPLIN),
    "petra": Caller("assistant", PETRA, GERSWALDE),
    "paul": Caller("assistant", PAUL, GRAMZOW),
    "ada": Caller("admin", ADA),
}
SCREEN = Caller("station", site=GERSWALDE, station=STATION, pairing=PAIRING)
GATEWAY = Caller("gateway", site=GERSWALDE, station=STATION, pairing=fixed(48))
OTHER_GATEWAY = Caller("gateway", site=GRAMZOW, station=STATION_GRAMZOW, pairing=fixed(49))
OTHER_SCREEN = Caller("station", site=GRAMZOW, station=STATION_GRAMZOW, pairing=fixed(47))
ALICE = {"name": "Alice Ährenfeld", "birth_date": "1948-05-17"}
RECEIVED = {"identity": "card", "private": True, "introduced": True, "agreed": True, "version": CONSENT_VERSION}
RULE = {"recurrence": "FREQ=WEEKLY;BYDAY=MO", "start_time": "05:00:00",
        "end_time": "06:00:00", "from_date": "2026-01-01"}  # fmt: skip
TERMS = {
    "name_de": "Wundkontrolle", "name_en": "Wound check", "duration": "PT1200S", "grid": "PT1800S",
    "buffer_after": "PT600S",
    "modes": ["video", "in_person"], "daily_cap": 6, "cancel_until": "P1D",
}  # fmt: skip
SERVICE_FORM = {
    "who": str(DR_BOB), "name_de": "Wundkontrolle", "name_en": "Wound check", "duration": "20", "grid": "30",
    "buffer_before": "0", "buffer_after": "10", "notice": "2", "notice_unit": "days", "horizon": "60",
    "mode_video": "yes", "patients": "all", "daily_cap": "6", "cancel_until": "24", "cancel_until_unit": "hours",
    "language_pl": "yes",
}  # fmt: skip


@dataclass(frozen=True)
class Site:
    id: UUID
    kind: str
    name: str
    town: str
    postal_code: str
    place: int
    lat: float
    lon: float


SITES = [
    Site(PRENZLAU, "practice", "Praxis am Uckersee", "Prenzlau", "17291", 2852218, 53.317, 13.864),
    Site(TEMPLIN, "practice", "Praxis Lindentor", "Templin", "17268", 2823533, 53.119, 13.502),
    Site(GERSWALDE, "pharmacy", "Löwen-Apotheke", "Gerswalde", "17268", 2920881, 53.170, 13.749),
    Site(GRAMZOW, "hub", "Dorfladen", "Gramzow", "17291", 2918133, 53.212, 14.007),
]


@cache
def hashed() -> str:
    """The cast's one password, hashed cheaply: the tests of passwords use real cost."""
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)


async def arrive(db: Database) -> None:
    """Puts the cast into an empty database: sites, logins, practitioners, services and stations; no openings."""
    async with db.transaction(SYSTEM) as tx:
        run = tx.connection.execute
        for site in SITES:
            await run(
                "INSERT INTO place VALUES ($1, $2, 'BB', $3, $4, 10000, lower($2)) ON CONFLICT DO NOTHING",
                site.place, site.town, site.lat, site.lon,
            )  # fmt: skip
            await run(
                "INSERT INTO site (id, kind, name, street, postal_code, town, place, state, lat, lon, phone)"
                " VALUES ($1, $2, $3, 'Markt 1', $4, $5, $6, 'BB', $7, $8, '+493984000000')",
                site.id, site.kind, site.name, site.postal_code, site.town, site.place, site.lat, site.lon,
            )  # fmt: skip
        for login, name in (
            ("bob", "Dr. Bob Buchfink"), ("carla", "Carla Clausnitzer"), ("charlie", "Dr. Charlie Cramer"),
            ("petra", "Petra Pohl"), ("paul", "Paul Petermann"), ("ada", "Ada Adler"),
        ):  # fmt: skip
            caller = CALLERS[login]
            await run(
                "INSERT INTO person (id, login, name, role, site, password) VALUES ($1, $2, $3, $4, $5, $6)",
                caller.person, login, name, caller.role, caller.site, hashed(),
            )  # fmt: skip
        for doctor, site_id, person, name, specialty in (
            (DR_BOB, PRENZLAU, BOB, "Bob Buchfink", "general"),
            (DR_CHARLIE, TEMPLIN, CHARLIE, "Charlie Cramer", "dermatology"),
            (DR_DORA, PRENZLAU, None, "Dora Distel", "general"),
        ):
            await run(
                "INSERT INTO practitioner (id, site, person, title, name, specialty)"
                " VALUES ($1, $2, $3, 'Dr. med.', $4, $5)",
                doctor, site_id, person, name, specialty,
            )  # fmt: skip
        for service, doctor in ((TALK, DR_BOB), (TALK_CHARLIE, DR_CHARLIE), (TALK_DORA, DR_DORA)):
            await run(
                "INSERT INTO service (id, practitioner, name_de, name_en, duration, notice, grid, modes)"
                " VALUES ($1, $2, 'Videosprechstunde', 'Video consultation', '15 min', '10 min', '15 min',"
                " '{video,assisted}')",
                service, doctor,
            )  # fmt: skip
        await run(
            "INSERT INTO station (id, site, name) VALUES ($1, $2, 'Raum 1'), ($3, $4, 'Raum 1')",
            STATION, GERSWALDE, STATION_GRAMZOW, GRAMZOW,
        )  # fmt: skip


async def pair(db: Database, screen: Caller = SCREEN) -> None:
    """A browser is this screen, or a process this gateway, and has its first badge."""
    async with db.transaction(SYSTEM) as tx:
        await tx.connection.execute(
            "INSERT INTO pairing (id, created, expires, station, site, paired, paired_by, gateway)"
            " VALUES ($1, now(), now(), $2, $3, now(), $4, $5) ON CONFLICT (id) DO UPDATE SET serial = 0,"
            " badge = NULL, advanced = NULL, ended = NULL, why = NULL",
            screen.pairing, screen.station, screen.site, PETRA, screen.role == "gateway",
        )  # fmt: skip


async def receive(tx: Tx, appointment: UUID) -> None:
    """Petra has received the patient; the consent is another thing."""
    await tx.connection.execute(
        "INSERT INTO intake (appointment, epoch, taken, taken_by, identity)"
        " SELECT id, epoch, now(), $2, 'card' FROM appointment WHERE id = $1"
        " ON CONFLICT (appointment) DO UPDATE SET epoch = excluded.epoch",
        appointment, PETRA,
    )  # fmt: skip


async def open_hours(db: Database, practitioner: UUID, start: datetime, hours: float) -> None:
    """The practitioner can be booked from `start` for `hours`."""
    async with db.transaction(SYSTEM) as tx:
        await tx.connection.execute(
            "INSERT INTO opening (practitioner, during) VALUES ($1, tstzrange($2, $3))",
            practitioner, start, start + timedelta(hours=hours),
        )  # fmt: skip


@contextmanager
def early() -> Iterator[None]:
    """The process stands at six in the morning (Berlin) of the next day: for what must not run into midnight."""
    now = clock.now()
    six = datetime.combine(now.date() + timedelta(days=1), time(6), HERE)  # of `tomorrow()`, whenever that was said
    with clock.shifted(six - now):
        yield


def tomorrow(hour: int = 9, minute: int = 0) -> datetime:
    """Tomorrow at this hour, UTC."""
    day = clock.now().date() + timedelta(days=1)
    return datetime.combine(day, time(hour, minute), UTC)


def soon() -> datetime:
    """The next quarter of an hour at least 15 minutes away: bookable now, and its room is open already."""
    start = clock.now() + timedelta(minutes=15)
    return start.replace(minute=start.minute // 15 * 15, second=0, microsecond=0) + timedelta(minutes=15)
