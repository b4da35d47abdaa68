"""Doctors on call who vanish, come back, talk, do not answer or go home: whoever they were given waits again, once."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import asyncpg
import pytest

from telemed import clock
from telemed.db import Database
from telemed.errors import Forbidden, Invalid, NotFound
from telemed.scheduling import changes
from telemed.stations import oncall, rides, walkins
from tests import people
from tests.booking import guest
from tests.counter import BOB, CARLA, CHARLIE, HOUR, MINUTE, PAUL, PETRA, come, next_of, on_call, outlook, status
from tests.people import DR_BOB, GERSWALDE

pytestmark = pytest.mark.usefixtures("early")


async def ways_home(db: Database, walk_in: UUID) -> int:
    it = await changes.read(db, guest(walk_in), walk_in)
    async with db.transaction(guest(walk_in)) as tx:
        return len(await rides.offers(tx, it))


async def test_a_doctor_who_vanishes_loses_them_to_the_front(cast: Database, owner: asyncpg.Connection) -> None:
    await owner.execute("UPDATE practitioner SET specialty = 'general'")
    await owner.execute(
        "INSERT INTO ride (id, site, kind, weekdays, since, until, direction, email, phone) VALUES"
        " ($1, $1, 'taxi', '{1,2,3,4,5,6,7}', '00:00', '23:59', 'Flieth', 'taxi@example.org', '+4939841')", GERSWALDE,
    )  # fmt: skip
    anna = await come(cast, "Anna")
    await come(cast, "Berta", PAUL)
    await on_call(cast, BOB, CHARLIE)
    assert await next_of(cast) == anna
    with clock.shifted(91 * timedelta(seconds=1)):
        assert await next_of(cast, CHARLIE) == anna
        with pytest.raises(oncall.WalkInGone):
            await oncall.accept(cast, BOB, anna)
        await oncall.accept(cast, CHARLIE, anna)
    await owner.execute(
        "INSERT INTO waitlist_entry (id, service, practitioner, site, mode, station, patient_name, birth_date,"
        " patient_key, email, near, short_notice, appointment, code_digest, created, changed)"
        " SELECT id, service, practitioner, site, mode, station, patient_name, birth_date, patient_key,"
        " 'anna@example.org', false, '1 h', id, code_digest, created, changed FROM appointment"
    )
    with clock.shifted(4 * MINUTE):  # and Charlie never comes into the room
        assert await next_of(cast) == anna
        assert await owner.fetchval("SELECT count(*) FROM appointment") == 0
        assert await owner.fetchval("SELECT status FROM waitlist_entry") == "over"
        await oncall.accept(cast, BOB, anna)
        assert await owner.fetchval("SELECT epoch FROM appointment") == 2, "a room that nobody has been in"
        assert await ways_home(cast, anna) == 0, "a ride would be gone with the appointment, and nobody would say so"
        await owner.execute(
            "INSERT INTO attendance (appointment, seat, joined) VALUES ($1, 'practitioner', now())", anna
        )
        assert await ways_home(cast, anna) == 1
    with clock.shifted(9 * MINUTE):
        await next_of(cast, CHARLIE)
        assert await status(owner, anna) == "accepted", (
            "once the doctor was there, a line that breaks takes nobody away"
        )


async def test_who_was_given_another_time_keeps_it(cast: Database, owner: asyncpg.Connection) -> None:
    """Accepted, then moved by the practice: nobody has to come into the room before that."""
    later = clock.now().replace(minute=0, second=0, microsecond=0) + 3 * HOUR
    await people.open_hours(cast, DR_BOB, later, 1)
    anna = await come(cast, "Anna")
    await on_call(cast, BOB)
    await next_of(cast)
    await oncall.accept(cast, BOB, anna)
    await changes.move(cast, BOB, anna, later)
    with clock.shifted(4 * MINUTE):
        assert await next_of(cast, CHARLIE) is None
    assert await status(owner, anna) == "accepted"
    assert await owner.fetchval("SELECT lower(during) FROM appointment") == later


async def test_who_comes_back_has_lost_them(cast: Database, owner: asyncpg.Connection) -> None:
    anna, berta = await come(cast, "Anna"), await come(cast, "Berta", PAUL)
    await on_call(cast, BOB)
    assert await next_of(cast) == anna
    await owner.execute("UPDATE walk_in SET urgent = true WHERE id = $1", berta)
    with clock.shifted(91 * timedelta(seconds=1)):
        assert await next_of(cast) == berta, "first in the queue now"
    assert await status(owner, anna) == "waiting"


async def test_who_came_again_waits_once(cast: Database, owner: asyncpg.Connection) -> None:
    """Accepted by a doctor who never came, gone, and come again: the first time is over."""
    anna = await come(cast, "Anna")
    await on_call(cast, BOB)
    await next_of(cast)
    await oncall.accept(cast, BOB, anna)
    with clock.shifted(4 * MINUTE):
        again = await come(cast, "Anna")
        assert await next_of(cast) == again
        assert await status(owner, anna) == "left"
        assert await owner.fetchval("SELECT count(*) FROM appointment") == 0


async def test_who_talks_will_be_back(cast: Database, owner: asyncpg.Connection) -> None:
    """A doctor in a consultation asks for nobody, but counts; a room that is taken is waited for, or another one."""
    await owner.execute("UPDATE practitioner SET specialty = 'general'")
    anna = await come(cast, "Anna")
    await on_call(cast, BOB)
    await next_of(cast)
    await oncall.accept(cast, BOB, anna)
    await owner.execute("UPDATE appointment SET status = 'arrived'")
    await owner.execute("INSERT INTO attendance (appointment, seat) VALUES ($1, 'practitioner'), ($1, 'patient')", anna)
    with clock.shifted(6 * MINUTE):
        assert (await outlook(cast, PAUL)).next == {"general": 10, "dermatology": None}
        await on_call(cast, CHARLIE)
        assert (await outlook(cast, PAUL)).next["general"] == 0
        assert (await outlook(cast)).next["general"] == 10, "the room is taken"
        await owner.execute("INSERT INTO station (id, site, name) VALUES ($1, $2, 'Raum 2')", anna, GERSWALDE)
        assert (await outlook(cast)).next["general"] == 0


async def test_a_new_day_begins_with_nobody(cast: Database, owner: asyncpg.Connection) -> None:
    with clock.shifted(12 * HOUR):
        anna = await come(cast, "Anna")
    with clock.shifted(17.5 * HOUR):
        berta = await come(cast, "Berta")
    with clock.shifted(20 * HOUR):
        await outlook(cast)
        assert [await status(owner, one) for one in (anna, berta)] == ["left", "waiting"], "two in the morning"


async def test_who_does_not_answer_is_not_asked_again(cast: Database) -> None:
    anna = await come(cast, "Anna")
    await on_call(cast, BOB)
    for seconds in range(0, 120, 30):
        with clock.shifted(timedelta(seconds=seconds)):
            assert await next_of(cast) == anna
    with clock.shifted(2 * MINUTE + timedelta(seconds=1)):
        seen = await oncall.look(cast, BOB)
        assert seen.doctor and seen.doctor.until is None and seen.offered is None and seen.waiting == 1


async def test_going_home_gives_back(cast: Database, owner: asyncpg.Connection) -> None:
    anna = await come(cast, "Anna")
    await on_call(cast, BOB)
    await next_of(cast)
    await oncall.close(cast, BOB)
    assert await status(owner, anna) == "waiting"
    await walkins.leave(cast, PETRA, anna)
    with pytest.raises(NotFound):
        await walkins.leave(cast, PETRA, anna)
    assert await status(owner, anna) == "left"
    with pytest.raises(Invalid):
        await on_call(cast, BOB, hours=13)
    with pytest.raises(Forbidden):
        await on_call(cast, CARLA)
