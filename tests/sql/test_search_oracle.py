"""The search against a slow and obvious one: every practitioner's whole list of free starts, filtered and sorted."""

from __future__ import annotations

import itertools
import random
from collections.abc import AsyncIterator
from datetime import datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
import pytest

from telemed import clock
from telemed.db import Database, Tx
from telemed.directory import search
from telemed.directory.types import PractitionersQuery, Spot
from telemed.directory.windows import window
from telemed.identity.callers import SYSTEM
from telemed.pg import Urls
from telemed.travel import distance_km, travel_minutes
from tests import region

ZONE = ZoneInfo("Europe/Berlin")
# Many are in Templin, the nearest. Prenzlau and Bruchhagen are equally far away, and so are Schwedt and Eberswalde.
TOWNS = (2823533, 2823533, 2823533, 2852218, 1373659180, 2838053, 2933882, 2851850)
HOME = Spot("Gerswalde", "BB", 53.170, 13.749, "17268")
NAMES = ("morning", "afternoon", "evening")
# Of one doctor's appointments. Holds are not in the bounds: they are much too early for a doctor who is only held.
LIVES = (["booked", "booked", "held", "cancelled"], ["held", "held", "held", "cancelled"])
_FREE = """
    SELECT p.id AS practitioner, free.start, place.lat AS town_lat, place.lon AS town_lon
    FROM practitioner p JOIN service s ON s.practitioner = p.id AND s.active AND $1 = ANY (s.modes)
      AND ($2::text IS NULL OR $2 = ANY (coalesce(s.languages, p.languages)))
    JOIN site ON site.id = p.site JOIN place ON place.id = site.place
    LEFT JOIN LATERAL free_starts(ARRAY[s.id], ARRAY[s.id = ANY ($3::uuid[])], $4, NULL, NULL, NULL, NULL, NULL, $5,
                                  'infinity', $6, 1000) AS free ON true
    WHERE p.active AND site.active AND ($7::text IS NULL OR p.specialty = $7)
"""


@pytest.fixture(scope="module")
async def country(postgres: Urls) -> AsyncIterator[Database]:
    database = await Database.open((await region.arrive(postgres)).app)
    yield database
    await database.close()


@pytest.fixture(params=range(3))
async def tx(country: Database, request: pytest.FixtureRequest) -> AsyncIterator[Tx]:
    """The region with everybody away, and 40 practitioners of this seed's making; nothing stays."""
    async with country.transaction(SYSTEM) as tx:
        await tx.connection.execute("SAVEPOINT before")
        await _people(tx, random.Random(request.param))
        yield tx
        await tx.connection.execute("ROLLBACK TO before")


async def _people(tx: Tx, dice: random.Random) -> None:
    run = tx.connection.execute
    await run("SELECT setseed($1)", dice.random())
    await run("UPDATE site SET active = false WHERE kind = 'practice'")
    midnight = datetime.combine(clock.now().astimezone(ZONE).date(), time(), ZONE)
    for number in range(40):
        place = dice.choice(TOWNS)
        site, doctor = UUID(int=dice.getrandbits(128)), UUID(int=dice.getrandbits(128))
        await run(
            "INSERT INTO site (id, kind, name, street, postal_code, town, place, state, lat, lon, phone, near_minutes,"
            " near_share, near_until, head_start)"
            " SELECT $1, 'practice', 'P', 'S', '17291', name, id, state, lat, lon, '+49398', $3, $4, $5, $6"
            " FROM place WHERE id = $2",
            site, place, dice.choice((None, 20, 60)), dice.choice((0, 50, 100)), timedelta(days=dice.choice((0, 3))),
            timedelta(days=dice.choice((0, 5))),
        )  # fmt: skip
        await run(
            "INSERT INTO practitioner (id, site, name, specialty, languages) VALUES ($1, $2, $3, $4, $5)",
            doctor, site, f"Nr {number}", dice.choice(("general", "general", "ent")),
            dice.choice((["de"], ["de", "pl"])),
        )  # fmt: skip
        for _ in range(dice.choice((1, 2))):
            minutes = dice.choice((15, 30))
            await run(
                "INSERT INTO service (id, practitioner, name_de, name_en, duration, buffer_after, notice, horizon,"
                " grid, modes, daily_cap) VALUES ($1, $2, 'S', 'S', $3, $4, $5, $6, $3, $7, $8)",
                UUID(int=dice.getrandbits(128)), doctor, timedelta(minutes=minutes),
                timedelta(minutes=dice.choice((0, 5))), timedelta(minutes=dice.choice((0, 30, 3000))),
                timedelta(days=dice.choice((3, 20))),
                dice.choice((["video"], ["video", "assisted"], ["assisted", "in_person"])),
                dice.choice((None, None, 3)),
            )  # fmt: skip
        for day in dice.sample(range(12), dice.choice((0, 1, 4, 9))):
            start = midnight + timedelta(days=day, hours=dice.choice((7.5, 8, 11, 16, 20)))
            await run(
                "INSERT INTO opening (practitioner, during) VALUES ($1, tstzrange($2, $3))",
                doctor, start, start + timedelta(hours=dice.choice((1, 3, 6))),
            )  # fmt: skip
        await run(
            "INSERT INTO appointment (id, practitioner, service, site, station, station_site, mode, status, during,"
            " reserved, expires, patient_name, birth_date, patient_key, code_digest)"
            " SELECT gen_random_uuid(), $1, s.id, $2, station.id, station.site,"
            " CASE WHEN station.id IS NULL THEN 'video' ELSE 'assisted' END, status, r, r,"
            " now() + CASE WHEN random() < 0.9 THEN interval '30 days' ELSE '-5 min' END, 'A', '1950-01-01',"
            " uuid_send(gen_random_uuid()), uuid_send(gen_random_uuid())"
            " FROM opening o JOIN LATERAL (SELECT id, duration FROM service WHERE practitioner = $1"
            "   ORDER BY id LIMIT 1) s ON true"
            " CROSS JOIN generate_series(lower(during), upper(during) - duration, duration) AS start"
            " CROSS JOIN LATERAL (SELECT tstzrange(start, start + duration) AS r) AS range"
            " CROSS JOIN LATERAL (SELECT $4::text[] AS lives) AS possible"
            " CROSS JOIN LATERAL (SELECT lives[ceil(4 * random() + 0 * extract(epoch FROM start))] AS status) AS life"
            " LEFT JOIN station ON station.id = (SELECT id FROM station ORDER BY id LIMIT 1) AND random() < 0.2"
            " WHERE o.practitioner = $1 AND random() < $3 ON CONFLICT DO NOTHING",
            doctor, site, dice.choice((0.2, 0.7, 1.0)), dice.choice(LIVES),
        )  # fmt: skip


Listed = list[tuple[UUID, datetime | None]]


async def obvious(tx: Tx, query: PractitionersQuery, home: Spot, station: UUID | None) -> Listed:
    """Everybody in reach in their order, with their first start from the window's beginning on."""
    return await _within(tx, query, home, station, query.within or 120) or (
        await _within(tx, query, home, station, 1440) if query.within is None else []
    )


async def _within(tx: Tx, query: PractitionersQuery, home: Spot, station: UUID | None, minutes: int) -> Listed:
    now = clock.now()
    span = window(query, now)
    services = await tx.connection.fetch(
        "SELECT s.id, site.lat, site.lon, near_minutes FROM service s JOIN practitioner p ON p.id = s.practitioner"
        " JOIN site ON site.id = p.site WHERE near_minutes IS NOT NULL"
    )
    near = [s["id"] for s in services
            if travel_minutes(distance_km(home.lat, home.lon, s["lat"], s["lon"])) <= s["near_minutes"]]  # fmt: skip
    rows = await tx.connection.fetch(
        _FREE, query.mode, query.language, near, station, span.earliest, now, query.specialty
    )
    first: dict[UUID, datetime | None] = {}
    km: dict[UUID, float] = {}
    for row in rows:
        distance = distance_km(HOME.lat, HOME.lon, row["town_lat"], row["town_lon"])
        if travel_minutes(distance) <= minutes:
            km[row["practitioner"]] = round(distance, 1)
            first.setdefault(row["practitioner"], None)
            start, best = row["start"], first[row["practitioner"]]
            if start is not None and _fits(start, query.time) and (best is None or start < best):
                first[row["practitioner"]] = start
    far = datetime.max.replace(tzinfo=ZONE)

    def key(one: UUID) -> tuple[object, object, UUID]:
        start = first[one] or far
        return (km[one], start, one) if query.sort == "nearest" else (start, km[one], one)

    return [(one, first[one]) for one in sorted(first, key=key)]


def _fits(start: datetime, wanted: str | None) -> bool:
    at = start.astimezone(ZONE).time()
    return wanted is None or wanted == NAMES[0 if at < time(12) else 1 if at < time(17) else 2]


async def told(tx: Tx, query: PractitionersQuery, limit: int) -> Listed:
    """The first six pages of that length."""
    found: Listed = []
    page = msgspec.structs.replace(query, limit=limit)
    while True:
        answer = await search.practitioners(tx, HOME, page, "en")
        for one in answer.practitioners:
            latest = window(query, clock.now()).latest
            assert one.starts == sorted(one.starts) and all(start < latest for start in one.starts)
            assert one.starts[:1] == ([one.earliest] if one.earliest is not None and one.earliest < latest else [])
            found.append((one.practitioner, one.earliest))
        if answer.next is None or len(found) >= 6 * limit:
            return found
        page = msgspec.structs.replace(page, cursor=answer.next)


async def _worker_was_here(tx: Tx, now: datetime) -> datetime:
    over = await tx.connection.fetchval(
        "SELECT start - notice FROM next_free n WHERE start < last AND start - notice > $1 AND start IN ("
        " SELECT start FROM free_starts(ARRAY[n.service], NULL, NULL, NULL, NULL, NULL, NULL, NULL, $1, 'infinity', $1,"
        " 1000)) ORDER BY start - notice, service LIMIT 1",
        now,
    )
    soon: datetime = over + timedelta(minutes=1)
    await tx.value("directory.tighten", now=now, soon=soon, settled=now + timedelta(days=1), most=100_000)
    return soon


@pytest.mark.rule("B-07")
async def test_it_says_what_the_obvious_one_says(tx: Tx, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every sort, day, time of day and mode, near and far, in pages of any length; with old bounds and new ones.

    The new ones were made in good time before a start was over that was free, and now it is over.
    """
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now)
    dice = random.Random(1)
    seen = 0
    asked = list(itertools.product(
        ("earliest", "nearest"), (None, "today", "tomorrow", "this-week", "next-week"), (None, *NAMES),
        ("video", "assisted", "in_person"),
    ))  # fmt: skip
    for number, (sort, when, at, mode) in enumerate(dice.sample(asked, 30)):
        if number == 15:
            now = await _worker_was_here(tx, now)
        words: dict[str, object] = {
            "where": "x", "sort": sort, "when": when, "time": at, "mode": mode, "within": dice.choice((None, 40, 60)),
            "specialty": dice.choice((None, "general")), "language": dice.choice((None, None, "pl")),
        }  # fmt: skip
        if when is None and dice.random() < 0.5:
            words["from"] = now.date() + timedelta(days=dice.choice((-3, 4)))
        query = msgspec.convert(words, PractitionersQuery)
        answer = await search.practitioners(tx, HOME, query, "en")
        home = HOME
        if mode == "assisted":
            site = answer.stations[0].site
            home = Spot(site.town, site.state, site.lat, site.lon)
        expected = await obvious(tx, query, home, answer.station)
        limit = dice.choice((2, 8, 50))
        assert await told(tx, query, limit) == expected[: 6 * limit], words
        seen += len(expected)
        if not any(one.starts for one in answer.practitioners):
            later = [start for _one, start in expected if start is not None]
            assert [one.start for one in answer.instead if one.kind == "later"] == ([min(later)] if later else [])
    assert seen > 200
