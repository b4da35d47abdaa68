"""Moving keeps the old time until the new one is won; cancelling frees at once; consent is given and taken back."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import asyncpg
import pytest

from telemed import clock
from telemed.db import Database
from telemed.errors import Forbidden, NotFound
from telemed.identity.callers import SYSTEM
from telemed.scheduling import changes, consent
from telemed.scheduling.refusals import (
    ChangedMeanwhile,
    ConsentOutdated,
    InThePast,
    NotActive,
    NotASlot,
    SlotTaken,
    TooLate,
)
from tests import people
from tests.booking import book, guest, hold, patient
from tests.people import CALLERS, DR_BOB, DR_CHARLIE, STATION, TALK_CHARLIE

NINE = people.tomorrow(9)
QUARTER = timedelta(minutes=15)


@pytest.fixture
async def hours(cast: Database) -> Database:
    for practitioner in (DR_BOB, DR_CHARLIE):
        await people.open_hours(cast, practitioner, NINE, 1)
    return cast


async def test_a_move_takes_the_new_time_and_gives_the_old(hours: Database) -> None:
    booked = await book(hours, NINE)
    moved = await changes.move(hours, guest(booked.id), booked.id, NINE + QUARTER)
    assert (moved.id, moved.start, moved.end, moved.epoch) == (booked.id, NINE + QUARTER, NINE + 2 * QUARTER, 2)
    assert (await book(hours, NINE, patient("Berta"))).status == "booked"


async def test_a_refused_move_keeps_the_old_time(hours: Database) -> None:
    booked = await book(hours, NINE)
    await book(hours, NINE + QUARTER, patient("Berta"))
    with pytest.raises(SlotTaken) as refused:
        await changes.move(hours, guest(booked.id), booked.id, NINE + QUARTER)
    assert refused.value.data == {"taken": ["practitioner"], "alternatives": [NINE + 2 * QUARTER, NINE + 3 * QUARTER]}
    assert (await changes.read(hours, guest(booked.id), booked.id)).start == NINE


async def test_a_move_may_overlap_the_old_time(hours: Database, owner: asyncpg.Connection) -> None:
    await owner.execute("UPDATE service SET grid = '5 min', buffer_after = '5 min' WHERE id = $1", people.TALK)
    booked = await book(hours, NINE)
    for minutes in (10, 5, 15, 0):
        moved = await changes.move(hours, guest(booked.id), booked.id, NINE + timedelta(minutes=minutes))
        assert moved.start == NINE + timedelta(minutes=minutes)
    assert await owner.fetchval(
        "SELECT reserved = tstzrange($1, $2) FROM appointment", NINE, NINE + timedelta(minutes=20)
    )


@pytest.mark.rule("B-13")
async def test_a_move_needs_every_resource(hours: Database) -> None:
    petra = CALLERS["petra"]
    first = await book(hours, NINE, caller=petra, mode="assisted", station=STATION)
    await book(hours, NINE + QUARTER, patient("Berta"), petra, service=TALK_CHARLIE, mode="assisted", station=STATION)
    with pytest.raises(SlotTaken) as refused:
        await changes.move(hours, petra, first.id, NINE + QUARTER)
    assert refused.value.data["taken"] == ["station"]
    await book(hours, NINE + 2 * QUARTER, service=TALK_CHARLIE)
    with pytest.raises(SlotTaken) as refused:
        await changes.move(hours, petra, first.id, NINE + 2 * QUARTER)
    assert refused.value.data == {"taken": ["patient"], "alternatives": [NINE + 3 * QUARTER]}


async def test_an_expired_hold_does_not_stop_a_move(hours: Database) -> None:
    booked = await book(hours, NINE)
    await hold(hours, NINE + QUARTER)
    with clock.shifted(timedelta(minutes=11)):
        assert (await changes.move(hours, guest(booked.id), booked.id, NINE + QUARTER)).start == NINE + QUARTER


async def test_two_who_want_to_swap_both_keep_their_times(hours: Database) -> None:
    alice, berta = await book(hours, NINE), await book(hours, NINE + QUARTER, patient("Berta"))
    for _round in range(10):
        answers = await asyncio.gather(
            changes.move(hours, guest(alice.id), alice.id, NINE + QUARTER),
            changes.move(hours, guest(berta.id), berta.id, NINE),
            return_exceptions=True,
        )
        assert [type(answer) for answer in answers] == [SlotTaken, SlotTaken]


async def test_a_double_click_on_move_moves_once(hours: Database) -> None:
    booked = await book(hours, NINE)
    moves = [changes.move(hours, guest(booked.id), booked.id, NINE + QUARTER, epoch=1) for _ in range(4)]
    answers = await asyncio.gather(*moves)
    assert {(answer.start, answer.epoch) for answer in answers} == {(NINE + QUARTER, 2)}


async def test_an_older_version_is_not_changed(hours: Database) -> None:
    booked = await book(hours, NINE)
    await changes.move(hours, CALLERS["carla"], booked.id, NINE + QUARTER)
    with pytest.raises(ChangedMeanwhile):
        await changes.move(hours, guest(booked.id), booked.id, NINE + 2 * QUARTER, epoch=1)
    with pytest.raises(ChangedMeanwhile):
        await changes.cancel(hours, guest(booked.id), booked.id, epoch=1)


async def test_a_move_goes_to_a_real_slot(hours: Database) -> None:
    booked = await book(hours, NINE)
    for shift in (timedelta(minutes=7), timedelta(hours=5)):
        with pytest.raises(NotASlot):
            await changes.move(hours, guest(booked.id), booked.id, NINE + shift)
    with pytest.raises(InThePast):
        await changes.move(hours, guest(booked.id), booked.id, NINE - timedelta(days=3))


async def test_a_cancelled_time_is_free_at_once(hours: Database) -> None:
    booked = await book(hours, NINE)
    cancelled = await changes.cancel(hours, guest(booked.id), booked.id)
    assert (cancelled.status, cancelled.cancelled_by, cancelled.epoch) == ("cancelled", "patient", 2)
    assert await changes.cancel(hours, guest(booked.id), booked.id) == cancelled
    assert (await book(hours, NINE, patient("Berta"))).status == "booked"
    with pytest.raises(NotActive):
        await changes.move(hours, guest(booked.id), booked.id, NINE + QUARTER)


async def test_who_cancelled_is_noted(hours: Database) -> None:
    first = await book(hours, NINE, caller=CALLERS["petra"], mode="assisted", station=STATION)
    second = await book(hours, NINE + QUARTER)
    assert (await changes.cancel(hours, CALLERS["petra"], first.id)).cancelled_by == "site"
    assert (await changes.cancel(hours, CALLERS["carla"], second.id)).cancelled_by == "practice"


async def test_after_the_start_only_the_practice_cancels(hours: Database) -> None:
    booked = await book(hours, NINE)
    with clock.shifted(NINE - clock.now() + timedelta(seconds=1)):
        with pytest.raises(TooLate):
            await changes.cancel(hours, guest(booked.id), booked.id)
        with pytest.raises(TooLate):
            await changes.move(hours, guest(booked.id), booked.id, NINE + 2 * QUARTER)
        assert (await changes.cancel(hours, CALLERS["carla"], booked.id)).status == "cancelled"


@pytest.mark.rule("V-09")
async def test_a_stranger_gets_not_found(hours: Database) -> None:
    booked, other = await book(hours, NINE), await book(hours, NINE + QUARTER, patient("Berta"))
    for caller in (CALLERS["charlie"], CALLERS["petra"], CALLERS["paul"], guest(other.id)):
        for attempt in (
            changes.read(hours, caller, booked.id),
            changes.move(hours, caller, booked.id, NINE + 2 * QUARTER),
            changes.cancel(hours, caller, booked.id),
            changes.withdraw_consent(hours, caller, booked.id),
        ):
            with pytest.raises(NotFound):
                await attempt
    assert (await changes.read(hours, CALLERS["bob"], booked.id)).epoch == 1


async def test_moves_and_cancels_are_told(hours: Database) -> None:
    told: asyncio.Queue[str] = asyncio.Queue()
    await hours.listen("appointment_changed", told.put_nowait)
    booked = await book(hours, NINE)
    await changes.give_consent(hours, guest(booked.id), booked.id, consent.VERSION)
    await changes.move(hours, guest(booked.id), booked.id, NINE + QUARTER)
    await changes.withdraw_consent(hours, guest(booked.id), booked.id)
    await changes.cancel(hours, guest(booked.id), booked.id)
    async with asyncio.timeout(5):
        assert [await told.get() for _ in range(3)] == [str(booked.id)] * 3


@pytest.mark.rule("V-14")
async def test_consent_is_noted_with_its_version_and_survives_a_move(hours: Database) -> None:
    booked = await book(hours, NINE)
    assert (booked.consented, booked.consent_version) == (None, None)
    given = await changes.give_consent(hours, guest(booked.id), booked.id, consent.VERSION)
    assert given.consent_version == consent.VERSION
    assert given.consented is not None
    assert (
        await changes.give_consent(hours, guest(booked.id), booked.id, consent.VERSION)
    ).consented == given.consented
    assert (await changes.move(hours, guest(booked.id), booked.id, NINE + QUARTER)).consented == given.consented


@pytest.mark.rule("V-14")
async def test_consent_is_taken_back_and_voids_tickets(hours: Database) -> None:
    booked = await book(hours, NINE)
    await changes.give_consent(hours, guest(booked.id), booked.id, consent.VERSION)
    withdrawn = await changes.withdraw_consent(hours, guest(booked.id), booked.id)
    assert (withdrawn.consented, withdrawn.consent_version, withdrawn.epoch) == (None, None, 2)
    assert await changes.withdraw_consent(hours, guest(booked.id), booked.id) == withdrawn


@pytest.mark.rule("V-14")
async def test_only_the_patient_agrees_and_only_to_the_current_text(hours: Database) -> None:
    booked = await book(hours, NINE)
    with pytest.raises(ConsentOutdated) as refused:
        await changes.give_consent(hours, guest(booked.id), booked.id, "2020-01")
    assert refused.value.data == {"current": consent.VERSION}
    with pytest.raises(Forbidden):
        await changes.give_consent(hours, CALLERS["bob"], booked.id, consent.VERSION)
    await changes.cancel(hours, guest(booked.id), booked.id)
    with pytest.raises(NotActive):
        await changes.give_consent(hours, guest(booked.id), booked.id, consent.VERSION)


async def test_no_claim_is_left_behind(hours: Database, owner: asyncpg.Connection) -> None:
    booked = await book(hours, NINE)
    await changes.move(hours, SYSTEM, booked.id, NINE + QUARTER)
    assert await owner.fetchval("SELECT count(*) FROM appointment") == 1
