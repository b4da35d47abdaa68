"""Walk-ins and doctors on call, step by step: whose turn it is, who may see whom, and what happens to the rest."""

from __future__ import annotations

from datetime import timedelta

import asyncpg
import msgspec
import pytest

from telemed import clock
from telemed.db import Database
from telemed.errors import NotFound
from telemed.identity.callers import Caller
from telemed.once import KeyReused, Once
from telemed.stations import oncall, partners, walkins
from telemed.stations.walkins import AlreadyWaiting, Arrival
from tests import people
from tests.booking import ALICE, CODES, book, hold
from tests.counter import BOB, CARLA, CHARLIE, HOUR, MINUTE, PAUL, PETRA, come, next_of, on_call, outlook, status
from tests.people import DR_BOB, GERSWALDE, GRAMZOW, PRENZLAU, STATION, STATION_GRAMZOW

pytestmark = pytest.mark.usefixtures("early")


@pytest.mark.rule("B-11")
async def test_from_the_counter_to_the_doctor(cast: Database, owner: asyncpg.Connection) -> None:
    walk_in = await come(cast, "Anna")
    assert await next_of(cast) is None, "not on call"
    await on_call(cast, BOB)
    seen = await oncall.look(cast, BOB)
    me, offered = seen.doctor, seen.offered
    assert me and me.id == DR_BOB and offered and seen.waiting == 0
    assert (offered.id, offered.patient_name, offered.site_name) == (walk_in, "Anna Probe", "Löwen-Apotheke")
    assert [await oncall.accept(cast, BOB, walk_in) for _click in range(2)] == [walk_in, walk_in]
    (accepted,) = (await oncall.look(cast, BOB)).accepted
    assert (accepted.id, accepted.patient_name) == (walk_in, "Anna Probe")
    it = await owner.fetchrow("SELECT * FROM appointment")
    assert it and (it["id"], it["status"], it["mode"], it["station"]) == (walk_in, "booked", "assisted", STATION)
    assert it["code_digest"] == CODES.digest(CODES.code(walk_in)), "the slip's code opens it"
    assert it["during"].upper - it["during"].lower == 15 * MINUTE and it["booked_by"] == people.PETRA
    trail = [row["verb"] for row in await owner.fetch("SELECT verb FROM audit ORDER BY id")]
    assert trail == ["walk_in.add", "on_call.open", "walk_in.accept"]


async def test_one_request_counts_once(cast: Database, owner: asyncpg.Connection) -> None:
    it = Arrival(station=STATION, specialty="general", patient=ALICE)
    first, again = [await walkins.add(cast, CODES, PETRA, it, Once("key-of-a-form", b"x")) for _ in range(2)]
    assert first == again
    with pytest.raises(AlreadyWaiting):
        await walkins.add(cast, CODES, PETRA, it, Once("another-key", b"x"))
    with pytest.raises(KeyReused):
        await walkins.add(cast, CODES, PETRA, it, Once("key-of-a-form", b"another request"))
    with pytest.raises(NotFound):
        await walkins.add(cast, CODES, PAUL, it)
    assert await owner.fetchval("SELECT count(*) FROM walk_in") == 1


async def test_who_comes_to_another_site_has_left_the_first(cast: Database, owner: asyncpg.Connection) -> None:
    here = Arrival(station=STATION, specialty="general", patient=ALICE)
    there = msgspec.structs.replace(here, station=STATION_GRAMZOW)
    key = Once("key-of-a-form", b"x")
    first = await walkins.add(cast, CODES, PETRA, here, key)
    second = await walkins.add(cast, CODES, PAUL, there)
    assert await walkins.add(cast, CODES, PETRA, here, key) == first, "the old request again"
    assert [await status(owner, one) for one in (first, second)] == ["left", "waiting"]
    assert await owner.fetchval("SELECT site FROM audit WHERE verb = 'walk_in.leave'") == GRAMZOW
    await on_call(cast, BOB)
    assert await next_of(cast) == second
    with pytest.raises(AlreadyWaiting):
        await walkins.add(cast, CODES, PETRA, here)
    assert await status(owner, second) == "offered", "a doctor looks at it"


async def test_a_look_at_the_queue_holds_nobody_up(cast: Database, owner: asyncpg.Connection) -> None:
    async with cast.transaction(PETRA) as tx:
        await walkins.outlook(tx, PETRA, GERSWALDE, ["general"])
        assert await owner.fetchval("SELECT pg_try_advisory_xact_lock(hashtextextended('walk-ins', 0))")


@pytest.mark.rule("B-04")
async def test_only_a_doctor_makes_somebody_urgent(cast: Database, owner: asyncpg.Connection) -> None:
    """Who comes first is called in first; handed on as urgent goes before all, handed on keeps its place."""
    await owner.execute("UPDATE practitioner SET specialty = 'general'")
    anna, berta = await come(cast, "Anna"), await come(cast, "Berta", PAUL)
    await on_call(cast, BOB, CHARLIE)
    assert await next_of(cast) == anna
    await oncall.hand_on(cast, BOB, anna)
    assert await next_of(cast) == berta, "not again to who has handed it on"
    await oncall.hand_on(cast, BOB, berta, urgent=True)
    assert await next_of(cast) is None
    assert ((await outlook(cast)).waiting, (await outlook(cast, PAUL)).waiting) == ({anna: 15}, {berta: 0})
    assert await next_of(cast, CHARLIE) == berta
    await oncall.decline(cast, CHARLIE, berta, "practice")
    async with cast.transaction(PAUL) as tx:
        (told,) = await walkins.walk_ins(tx, PAUL, GRAMZOW)
    assert (told.status, told.reason, told.doctor) == ("declined", "practice", "Dr. med. Charlie Cramer")
    for act in (oncall.accept(cast, CHARLIE, berta), oncall.decline(cast, CHARLIE, berta, "practice")):
        with pytest.raises(oncall.WalkInGone):
            await act


@pytest.mark.rule("B-13")
async def test_booked_times_bound_a_walk_in(cast: Database, owner: asyncpg.Connection) -> None:
    """The doctor, the room and the patient have other appointments; none of them is touched."""
    now = clock.now().replace(minute=0, second=0, microsecond=0) + HOUR
    with clock.shifted(now - clock.now()):
        await people.open_hours(cast, DR_BOB, now, 2)
        await book(cast, now + 15 * MINUTE)
        anna = await come(cast, "Anna")
        await on_call(cast, BOB)
    with clock.shifted(now + 11 * MINUTE - clock.now()):
        assert await next_of(cast) is None, "four minutes are too little"
        assert (await outlook(cast)).waiting == {anna: 20}
    with clock.shifted(now + 5 * MINUTE - clock.now()):
        await on_call(cast, BOB)
        assert await next_of(cast) == anna
        await oncall.accept(cast, BOB, anna)
    during = await owner.fetchval("SELECT during FROM appointment WHERE id = $1", anna)
    assert during.upper == now + 15 * MINUTE


async def test_an_expired_hold_bounds_no_walk_in(cast: Database, owner: asyncpg.Connection) -> None:
    now = clock.now().replace(minute=0, second=0, microsecond=0) + HOUR
    with clock.shifted(now - clock.now()):
        await people.open_hours(cast, DR_BOB, now, 2)
        for minutes in (15, 30):
            await hold(cast, now + minutes * MINUTE)
        anna = await come(cast, "Anna")
    with clock.shifted(now + 16 * MINUTE - clock.now()):
        await on_call(cast, BOB)
        assert await next_of(cast) == anna
        await oncall.accept(cast, BOB, anna)
    during = await owner.fetchval("SELECT during FROM appointment WHERE id = $1", anna)
    assert during.upper - during.lower == 15 * MINUTE


@pytest.mark.rule("P-05")
async def test_who_sees_whom(cast: Database, owner: asyncpg.Connection) -> None:
    """A site its own of today; a doctor the one who is offered to them; another site and the practice nothing."""
    anna = await come(cast, "Anna")
    await on_call(cast, BOB)
    seen = "SELECT count(*) FROM walk_in"

    async def sees(caller: Caller) -> int:
        async with cast.transaction(caller) as tx:
            return int(await tx.connection.fetchval(seen))

    assert [await sees(who) for who in (PETRA, PAUL, BOB, CHARLIE, CARLA)] == [1, 0, 0, 0, 0]
    await next_of(cast)
    assert [await sees(who) for who in (PETRA, PAUL, BOB, CHARLIE, CARLA)] == [1, 0, 1, 0, 0]
    with clock.shifted(timedelta(days=1)):
        assert await sees(PETRA) == 0
    for act in (walkins.leave(cast, PAUL, anna), oncall.accept(cast, CHARLIE, anna)):
        with pytest.raises((NotFound, oncall.WalkInGone)):
            await act
    async with cast.transaction(PAUL) as tx:
        with pytest.raises(NotFound):
            await walkins.walk_ins(tx, PAUL, GERSWALDE)


async def test_a_practice_chooses_its_sites(cast: Database, owner: asyncpg.Connection) -> None:
    anna = await come(cast, "Anna")
    await on_call(cast, BOB)
    async with cast.transaction(CARLA) as tx:
        assert [one.chosen for one in await partners.sites(tx, CARLA, PRENZLAU)] == [True, True]
        await partners.work_with(tx, CARLA, PRENZLAU, [GRAMZOW])
        assert [one.id for one in await partners.sites(tx, CARLA, PRENZLAU) if one.chosen] == [GRAMZOW]
    await owner.execute(
        "WITH near AS (INSERT INTO site (id, kind, name, street, postal_code, town, place, state, lat, lon, phone)"
        " SELECT gen_random_uuid(), 'hub', 'x', 'x', '17291', 'x', place, state, lat, lon, phone"
        " FROM site CROSS JOIN generate_series(1, 101) WHERE id = $1 RETURNING id)"
        " INSERT INTO station (id, site, name) SELECT id, id, 'x' FROM near",
        PRENZLAU,
    )
    async with cast.transaction(CARLA) as tx:
        many = await partners.sites(tx, CARLA, PRENZLAU)
        assert len(many) == 101 and [one.id for one in many if one.chosen] == [GRAMZOW], "however many are nearer"
    assert await next_of(cast) is None
    assert (await outlook(cast)).next["general"] is None
    assert (await outlook(cast, PAUL)).next == {"general": 0, "dermatology": None}
    async with cast.transaction(CARLA) as tx:
        await partners.work_with(tx, CARLA, PRENZLAU, [])
    assert await next_of(cast) == anna
