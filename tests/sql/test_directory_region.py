"""The demo region: complete, the same every time, and never in somebody's real database."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import pytest

from telemed import clock, pg
from telemed.db import Database
from telemed.demo import region, tables
from telemed.directory import search
from telemed.directory.types import PractitionersQuery
from telemed.directory.whereabouts import resolve
from telemed.identity import passwords
from telemed.identity.callers import ANONYMOUS
from telemed.pg import Urls
from tests import people
from tests import region as own

# Drama numbers of the Bundesnetzagentur: 030 23125 xxx, 089 99998 xxx, 0171 39200 xx.
FICTITIOUS = re.compile(r"\+49(3023125\d{3}|8999998\d{3}|17139200\d{2})")
TABLES = ("site", "station", "person", "practitioner", "service", "rule", "opening", "appointment")


@pytest.fixture(scope="module")
async def region_urls(postgres: Urls) -> Urls:
    return await own.arrive(postgres)


@pytest.fixture
async def demo_owner(region_urls: Urls) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(region_urls.owner)
    yield connection
    await connection.close()


async def test_it_is_as_large_as_promised(demo_owner: asyncpg.Connection) -> None:
    counted = await demo_owner.fetchrow(
        "SELECT count(*) AS doctors, count(DISTINCT specialty) AS specialties, count(DISTINCT site) AS practices,"
        " (SELECT count(DISTINCT site) FROM station) AS stations,"
        " (SELECT count(DISTINCT place) FROM site WHERE kind = 'practice') AS towns,"
        " count(*) FILTER (WHERE NOT EXISTS (SELECT FROM appointment a WHERE a.practitioner = p.id)) AS idle"
        " FROM practitioner p"
    )
    assert counted is not None
    assert (counted["doctors"], counted["specialties"], counted["stations"]) == (40, 12, 6)
    assert counted["practices"] >= 14 and counted["towns"] == 7
    assert counted["idle"] < 20


async def test_loading_again_changes_nothing_and_on_another_day_fills_it(demo_owner: asyncpg.Connection) -> None:
    async def contents() -> list[object]:
        return [
            await demo_owner.fetchval(f"SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {t} AS t")
            for t in TABLES
        ]

    before = await contents()
    today = clock.now().date()
    change = demo_owner.transaction()
    await change.start()
    await region.load(demo_owner, today)
    assert await contents() == before
    booked = await demo_owner.fetchval("SELECT count(*) FROM appointment")
    await region.load(demo_owner, today + timedelta(days=7))
    assert await demo_owner.fetchval("SELECT count(*) FROM appointment") > booked + 100
    await change.rollback()


async def test_somebody_is_free_at_any_hour(region_urls: Urls) -> None:
    service = tables.known_as("service", "Mira Nachtigall on_call")
    db = await Database.open(region_urls.app)
    for hour in range(0, 48, 3):
        with clock.shifted(timedelta(hours=hour)):
            async with db.transaction(ANONYMOUS) as tx:
                start = await tx.connection.fetchval(
                    "SELECT start FROM free_starts(ARRAY[$1::uuid], NULL, NULL, NULL, NULL, NULL, NULL, NULL, $2,"
                    " 'infinity', $2, 1)",
                    service, clock.now(),
                )  # fmt: skip
            assert timedelta() < start - clock.now() <= timedelta(minutes=35)
    await db.close()


async def test_the_earliest_is_the_one_whose_login_is_shown_first(region_urls: Urls) -> None:
    db = await Database.open(region_urls.app)
    for minutes in range(0, 24 * 60, 77):
        with clock.shifted(timedelta(minutes=minutes)):
            async with db.transaction(ANONYMOUS) as tx:
                query = PractitionersQuery("17268", sort="earliest", specialty="general")
                found = await search.practitioners(tx, await resolve(tx, "17268", "de"), query, "de")
        first = found.practitioners[0]
        assert f"{first.title} {first.name}" == region.DEMO_LOGINS[0].name, minutes
    await db.close()


async def test_nobody_can_be_rung_up_by_mistake(demo_owner: asyncpg.Connection) -> None:
    phones = await demo_owner.fetch("SELECT phone FROM site UNION SELECT phone FROM appointment")
    assert len(phones) > 25
    assert [row[0] for row in phones if not FICTITIOUS.fullmatch(row[0])] == []


async def test_every_login_shown_works(demo_owner: asyncpg.Connection) -> None:
    for login in region.DEMO_LOGINS:
        row = await demo_owner.fetchrow(
            "SELECT person.name, role, password, site.name AS site, practitioner.id AS practitioner FROM person"
            " JOIN site ON site.id = person.site LEFT JOIN practitioner ON practitioner.person = person.id"
            " WHERE login = $1",
            login.login,
        )
        assert row is not None
        assert (row["name"], row["role"]) == (login.name, login.role)
        assert (row["practitioner"] is not None) == (login.role == "practitioner")
        assert login.page == ("/station" if login.role == "assistant" else "/practice")
    assert row is not None and await passwords.matches(region.PASSWORD, row["password"])


async def test_a_real_database_is_refused(owner: asyncpg.Connection, db: Database) -> None:
    await people.arrive(db)
    with pytest.raises(pg.DatabaseError, match="did not make"):
        await region.load(owner, clock.now().date())
    assert await owner.fetchval("SELECT count(*) FROM site") == len(people.SITES)


async def test_without_places_it_says_what_to_do(owner: asyncpg.Connection, db: Database) -> None:
    with pytest.raises(pg.DatabaseError, match="telemed migrate"):
        await region.load(owner, clock.now().date())
