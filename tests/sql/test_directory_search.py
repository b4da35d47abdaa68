"""The nearest larger towns, and who can be seen there first."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import msgspec
import pytest

from telemed import clock
from telemed.db import Database, Tx
from telemed.demo.tables import known_as
from telemed.directory import line, search, towns
from telemed.directory.specialties import UnknownSpecialty
from telemed.directory.types import Found, PractitionersQuery, Search, Town
from telemed.directory.whereabouts import resolve
from telemed.directory.windows import window
from telemed.identity.callers import ANONYMOUS, SYSTEM
from telemed.pg import Urls
from tests import region

ON_CALL = {known_as("practitioner", name) for name in ("Mira Nachtigall", "Till Nachtfalter")}
EISVOGEL = known_as("practitioner", "Ina Eisvogel")


@pytest.fixture(scope="module")
async def uckermark(postgres: Urls) -> AsyncIterator[Database]:
    database = await Database.open((await region.arrive(postgres)).app)
    yield database
    await database.close()


@pytest.fixture
async def tx(uckermark: Database) -> AsyncIterator[Tx]:
    """A transaction in which everything may be changed, and nothing stays."""
    async with uckermark.transaction(SYSTEM) as tx:
        await tx.connection.execute("SAVEPOINT before")
        yield tx
        await tx.connection.execute("ROLLBACK TO before")


async def ask(tx: Tx, where: str = "17268", **wish: object) -> Search:
    query = msgspec.convert({"where": where, **wish}, PractitionersQuery)
    return await search.practitioners(tx, await resolve(tx, where, "en"), query, "en")


async def everybody(tx: Tx, **wish: object) -> list[Found]:
    """All pages, one after the other."""
    page = await ask(tx, **wish)
    found = page.practitioners
    while page.next is not None:
        page = await ask(tx, cursor=page.next, **wish)
        found += page.practitioners
    return found


async def one(tx: Tx, practitioner: UUID) -> Found:
    return next(f for f in await everybody(tx, limit=50) if f.practitioner == practitioner)


async def reserve(tx: Tx, found: Found, status: str, expires: timedelta | None = None) -> None:
    await tx.connection.execute(
        "INSERT INTO appointment (id, practitioner, service, site, mode, status, during, reserved, expires,"
        " patient_name, birth_date, patient_key, code_digest)"
        " SELECT gen_random_uuid(), $1, id, $3, 'video', $5, r, r, $6,"
        " 'A', '1950-01-01', 'a', sha256(random()::text::bytea)"
        " FROM service, LATERAL (SELECT tstzrange($4::timestamptz, $4 + duration) AS r) range WHERE id = $2",
        found.practitioner, found.earliest_service, found.site, found.earliest, status,
        None if expires is None else clock.now() + expires,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("where", "nearest"),
    [("17268", "Templin"), ("17291", "Prenzlau"), ("Lychen", "Templin"), ("Casekow", "Schwedt/Oder"),
     ("Joachimsthal", "Eberswalde"), ("Brüssow", "Pasewalk")],
)  # fmt: skip
async def test_the_nearest_larger_town(uckermark: Database, where: str, nearest: str) -> None:
    async with uckermark.transaction(ANONYMOUS) as tx:
        found = await towns.near(tx, await resolve(tx, where, "de"))
    assert found[0].name == nearest
    assert [town.km for town in found] == sorted(town.km for town in found)
    assert len(found) == 7 and sum(town.practitioners for town in found) == 40


async def test_towns_count_those_who_fit(tx: Tx) -> None:
    spot = await resolve(tx, "Gerswalde", "de")
    found = await towns.near(tx, spot, "dermatology", "video")
    assert [(town.name, town.practices, town.practitioners) for town in found] == [
        ("Prenzlau", 1, 2), ("Neubrandenburg", 1, 2),
    ]  # fmt: skip
    assert await towns.near(tx, spot, "dermatology", within=20) == []
    with pytest.raises(UnknownSpecialty):
        await towns.near(tx, spot, "astrology")


async def test_far_away_the_nearest_is_found_all_the_same(tx: Tx) -> None:
    found = await ask(tx, "München", specialty="urology")
    assert found.nearest is not None and found.nearest.name == "Neubrandenburg"
    assert "about 9 hours by car" in found.practitioners[0].why
    assert (await ask(tx, "München", specialty="urology", within=240)).practitioners == []


@pytest.mark.parametrize("specialty", [None, "general", "dermatology"])
async def test_sorted_by_nearness_then_time(tx: Tx, specialty: str | None) -> None:
    found = await everybody(tx, specialty=specialty, sort="nearest", limit=50)
    keys = [(f.town.km, f.earliest) for f in found]
    assert keys == sorted(keys)
    assert found[0].why.startswith(f"{found[0].town.name} is the nearest larger town with a suitable doctor.")


@pytest.mark.parametrize("specialty", [None, "general", "dermatology"])
async def test_sorted_by_time_then_nearness(tx: Tx, specialty: str | None) -> None:
    found = await everybody(tx, specialty=specialty, sort="earliest", limit=50)
    keys = [(f.earliest, f.town.km) for f in found]
    assert keys == sorted(keys)
    assert found[0].why.startswith("This is the earliest free time.")


@pytest.mark.parametrize("sort", ["nearest", "earliest"])
async def test_pages_of_any_length_are_one_list(tx: Tx, sort: str) -> None:
    await tx.connection.execute("DELETE FROM opening WHERE practitioner = $1", EISVOGEL)
    whole = [f.practitioner for f in await everybody(tx, sort=sort, limit=50)]
    assert len(whole) == len(set(whole)) == 40
    for limit in (1, 3, 7):
        assert [f.practitioner for f in await everybody(tx, sort=sort, limit=limit)] == whole


async def test_who_is_booked_out_for_long_is_overtaken(tx: Tx) -> None:
    """Opening hours only say who is looked at first; the order is that of free times."""
    now = clock.now()
    await tx.connection.execute("DELETE FROM opening WHERE practitioner <> ALL ($1)", list(ON_CALL))
    await tx.connection.execute(
        "INSERT INTO opening (practitioner, during)"
        " SELECT id, tstzrange($2::timestamptz + day, $2 + day + interval '1 h')"
        " FROM practitioner, unnest('{1 h, 9 days}'::interval[]) AS day WHERE id <> ALL ($1)",
        list(ON_CALL), now,
    )  # fmt: skip
    await tx.connection.execute("UPDATE appointment SET status = 'cancelled'")
    await tx.connection.execute(
        "INSERT INTO appointment (id, practitioner, service, site, mode, status, during, reserved, expires)"
        " SELECT gen_random_uuid(), p.id, s.id, p.site, 'video', 'held', r, r, $1 + interval '1 day'"
        " FROM practitioner p JOIN LATERAL (SELECT id FROM service WHERE practitioner = p.id LIMIT 1) s ON true,"
        " LATERAL (SELECT tstzrange($1::timestamptz, $1 + interval '8 h') AS r) range"
        " WHERE p.name <> 'Swantje Schafgarbe'",
        now,
    )
    found = await ask(tx, sort="earliest", limit=2)
    assert found.practitioners[0].name == "Swantje Schafgarbe"
    assert [f.practitioner in ON_CALL for f in found.practitioners] == [False, True]


async def test_a_booking_moves_the_earliest_time_on(tx: Tx) -> None:
    for status, expires in (("booked", None), ("held", timedelta(minutes=10))):
        before = await one(tx, EISVOGEL)
        await reserve(tx, before, status, expires)
        after = await one(tx, EISVOGEL)
        assert before.earliest is not None and after.earliest is not None
        assert after.earliest > before.earliest


async def test_what_blocks_nobody_does_not_move_it(tx: Tx) -> None:
    before = await one(tx, EISVOGEL)
    for status, expires in (("cancelled", None), ("expired", None), ("held", timedelta(minutes=-1))):
        await reserve(tx, before, status, expires)
        assert (await one(tx, EISVOGEL)).earliest == before.earliest


async def test_every_service_says_its_own_earliest_time(tx: Tx) -> None:
    found = await one(tx, EISVOGEL)
    assert [service.name_de for service in found.services] == ["Kurze Rückfrage", "Videosprechstunde"]
    times = {service.id: service.earliest for service in found.services}
    assert found.earliest_service is not None and times[found.earliest_service] == found.earliest
    assert found.earliest == min(time for time in times.values() if time is not None)


async def test_without_a_free_time_somebody_comes_last_and_says_so(tx: Tx) -> None:
    await tx.connection.execute("DELETE FROM opening WHERE practitioner = $1", EISVOGEL)
    last = (await everybody(tx, sort="earliest", limit=50))[-1]
    assert (last.practitioner, last.earliest, last.earliest_service) == (EISVOGEL, None, None)
    assert last.why.startswith("No time is free at present.")


async def test_only_who_fits_is_found(tx: Tx) -> None:
    assert {f.specialty for f in await everybody(tx, specialty="ent")} == {"ent"}
    there = await everybody(tx, mode="in_person", limit=50)
    assert 0 < len(there) < 40 and all("in_person" in found.modes for found in there)
    for change in (
        "UPDATE practitioner SET active = false WHERE name = 'Elif Pirol'",
        "UPDATE service SET active = false"
        " WHERE practitioner = (SELECT id FROM practitioner WHERE name = 'Rüdiger Rohrdommel')",
    ):
        await tx.connection.execute(change)
    assert await everybody(tx, specialty="ent") == []


@pytest.mark.parametrize("sort", ["nearest", "earliest"])
async def test_a_page_far_down_a_country_of_towns(tx: Tx, sort: str) -> None:
    """Looking at everybody, so many times as far back as for one page, is no more than PostgreSQL can count."""
    spot = await resolve(tx, "17268", "en")
    empty = [Town(-n, "T", "BB", 53.0, 14.0, 1, float(n), 60) for n in range(400)]
    cursor = urlsafe_b64encode(msgspec.json.encode(line.After(0.0, 0.0, line.NOBODY, 100_000))).decode()
    words = {"where": "17268", "specialty": "ent", "sort": sort, "cursor": cursor}
    query = msgspec.convert(words, PractitionersQuery)
    asked = line.Asked(query, window(query, clock.now()), spot, None)
    found = await towns.around(tx, spot, query, towns.EVERYWHERE, line.enough(query))
    last = [msgspec.structs.replace(town, km=1000.0) for town in found.towns]
    around = towns.Reach([*empty, *last], [0 for _town in empty] + found.practitioners)
    assert {one.row.specialty for one in await line.first(tx, around, asked)} == {"ent"}


@pytest.mark.parametrize("cursor", ["x", "é", "W10=", "WzEsMiwzXQ==", "bnVsbA=="])
async def test_a_made_up_cursor_is_refused(tx: Tx, cursor: str) -> None:
    with pytest.raises(line.BadCursor):
        await ask(tx, cursor=cursor)
