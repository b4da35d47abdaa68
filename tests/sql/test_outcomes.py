"""Did not come, was seen, taken back; and the follow-up from an appointment."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from telemed import clock
from telemed.db import Database
from telemed.errors import Forbidden, NotFound
from telemed.identity.callers import SYSTEM
from telemed.scheduling import changes, follow_ups, outcomes, overrides
from telemed.scheduling.outcomes import OutcomeRefused, UndoOver
from telemed.scheduling.refusals import ChangedMeanwhile, NotActive, SlotTaken
from telemed.scheduling.types import Booking, Patient
from tests import booking, people
from tests.booking import CODES, wish

NINE = people.tomorrow(9)
CARLA = people.CALLERS["carla"]
DIETER = Patient("Dieter Dorn", date(1960, 2, 3), phone="+491705550123")


@pytest.fixture
async def booked(cast: Database) -> tuple[Database, Booking]:
    """Dieter with Bob tomorrow at nine; Bob also sees people in the practice."""
    async with cast.transaction(SYSTEM) as tx:
        await tx.connection.execute(
            "UPDATE service SET modes = '{video,assisted,in_person}' WHERE id = $1", people.TALK
        )
    await people.open_hours(cast, people.DR_BOB, NINE, 3)
    return cast, await booking.book(cast, NINE, DIETER, CARLA)


def after(minutes: float) -> timedelta:
    """How far to shift the clock to stand so long after nine."""
    return NINE + timedelta(minutes=minutes) - clock.now()


async def test_did_not_come_and_back(booked: tuple[Database, Booking]) -> None:
    db, it = booked
    with pytest.raises(OutcomeRefused):
        await outcomes.note(db, CARLA, it.id, "noshow")
    with clock.shifted(after(10)):
        with pytest.raises(ChangedMeanwhile):
            await outcomes.note(db, CARLA, it.id, "noshow", it.epoch + 1)
        noted = await outcomes.note(db, CARLA, it.id, "noshow", it.epoch)
        assert (noted.status, noted.epoch) == ("noshow", it.epoch + 1)
        assert await outcomes.note(db, CARLA, it.id, "noshow") == noted
        back = await outcomes.undo(db, CARLA, it.id, noted.epoch)
        assert back.status == "booked"
        assert await outcomes.undo(db, CARLA, it.id) == back
        await outcomes.note(db, CARLA, it.id, "noshow")
    with clock.shifted(after(24 * 60)), pytest.raises(UndoOver):
        await outcomes.undo(db, CARLA, it.id)


async def test_not_while_the_patient_is_here(booked: tuple[Database, Booking]) -> None:
    db, it = booked
    async with db.transaction(SYSTEM) as tx:
        await tx.connection.execute("INSERT INTO attendance (appointment, seat) VALUES ($1, 'patient')", it.id)
    with clock.shifted(after(10)):
        with pytest.raises(OutcomeRefused):
            await outcomes.note(db, CARLA, it.id, "noshow")
        async with db.transaction(SYSTEM) as tx:
            await tx.connection.execute('UPDATE attendance SET "left" = now()')
        await outcomes.note(db, CARLA, it.id, "noshow")
        assert (await outcomes.undo(db, CARLA, it.id)).status == "arrived"


@pytest.mark.rule("B-13")
async def test_a_time_that_was_given_away_does_not_come_back(booked: tuple[Database, Booking]) -> None:
    db, it = booked
    with clock.shifted(after(1)):
        await outcomes.note(db, CARLA, it.id, "noshow")
        soon = wish(NINE + timedelta(minutes=5), booking.ALICE)
        await overrides.book(db, CODES, CARLA, soon, "spontan gekommen")
        with pytest.raises(SlotTaken):
            await outcomes.undo(db, CARLA, it.id)


async def test_an_expired_hold_has_not_taken_the_time(booked: tuple[Database, Booking]) -> None:
    db, it = booked
    async with db.transaction(SYSTEM) as tx:
        await tx.connection.execute("UPDATE service SET grid = '5 min', notice = '0' WHERE id = $1", people.TALK)
    with clock.shifted(after(1)):
        await outcomes.note(db, CARLA, it.id, "noshow")
        await booking.hold(db, NINE + timedelta(minutes=5))
        with pytest.raises(SlotTaken):
            await outcomes.undo(db, CARLA, it.id)
    with clock.shifted(after(20)):
        assert (await outcomes.undo(db, CARLA, it.id)).status == "booked"


async def test_seen_at_the_practice(booked: tuple[Database, Booking]) -> None:
    db, video = booked
    here = await booking.book(db, NINE + timedelta(hours=1), booking.ALICE, CARLA, mode="in_person")
    with clock.shifted(after(70)):
        with pytest.raises(OutcomeRefused):
            await outcomes.note(db, CARLA, video.id, "fulfilled")
        seen = await outcomes.note(db, CARLA, here.id, "fulfilled")
        assert seen.status == "fulfilled"
        with pytest.raises(NotActive):
            await outcomes.note(db, CARLA, here.id, "noshow")
        assert (await outcomes.undo(db, CARLA, here.id)).status == "booked"


async def test_strangers(booked: tuple[Database, Booking]) -> None:
    db, it = booked
    for who, refusal in (("charlie", NotFound), ("petra", Forbidden), ("ada", Forbidden)):
        caller = people.CALLERS[who]
        # Row-level security hides it before the table of permissions is asked: nobody learns that it exists.
        with pytest.raises((refusal, NotFound)):
            await outcomes.note(db, caller, it.id, "noshow")
        with pytest.raises((refusal, NotFound)):
            await outcomes.undo(db, caller, it.id)
        with pytest.raises((refusal, NotFound)):
            await follow_ups.book(db, CODES, caller, it.id, people.TALK, NINE + timedelta(hours=1), "video")
    assert (await changes.read(db, CARLA, it.id)).status == "booked"


@pytest.mark.rule("B-10")
async def test_follow_up(booked: tuple[Database, Booking]) -> None:
    """The same patient, the same doctor, linked, with the contact that is known; in the practice the same day."""
    db, it = booked
    made = await follow_ups.book(
        db, CODES, people.CALLERS["bob"], it.id, people.TALK, NINE + timedelta(hours=1), "in_person"
    )
    assert (made.follow_up_of, made.mode, made.patient_name, made.birth_date, made.phone) == (
        it.id, "in_person", DIETER.name, DIETER.birth_date, DIETER.phone,
    )  # fmt: skip
    assert made.code != it.code
    with pytest.raises(SlotTaken):
        await follow_ups.book(db, CODES, CARLA, it.id, people.TALK, made.start, "video")
    with pytest.raises(NotFound):
        await follow_ups.book(db, CODES, CARLA, it.id, people.TALK_DORA, NINE + timedelta(hours=2), "video")
    await changes.cancel(db, CARLA, it.id)
    with pytest.raises(NotActive):
        await follow_ups.book(db, CODES, CARLA, it.id, people.TALK, NINE + timedelta(hours=2), "video")
