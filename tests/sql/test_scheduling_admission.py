"""For whom a service is, and the practice's own first assessment: no door leads past it (B-09)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

import asyncpg
import pytest

from telemed import clock
from telemed.db import Database
from telemed.errors import Forbidden, Invalid, NotFound
from telemed.identity.callers import ANONYMOUS, Caller
from telemed.scheduling import changes, holds
from telemed.scheduling.refusals import AssessmentFirst, ForKnownPatients, ForNewPatients, TooLate
from telemed.scheduling.services import assessments
from telemed.scheduling.services.assessments import AlreadyDecided, Ask, NotNeeded, Result
from telemed.scheduling.types import Patient, Wish
from tests import people
from tests.booking import ALICE, CODES, book, book_held, guest, hold, patient
from tests.people import CALLERS, DR_BOB, DR_DORA, STATION, TALK, TALK_DORA

NINE = people.tomorrow(9)
QUARTER = timedelta(minutes=15)
PHONE = "+493984123456"
KEY = CODES.patient_key(ALICE.name, ALICE.birth_date)

Terms = Callable[..., Awaitable[None]]


@pytest.fixture
async def hours(cast: Database) -> Database:
    for practitioner in (DR_BOB, DR_DORA):
        await people.open_hours(cast, practitioner, NINE, 4)
    return cast


@pytest.fixture
def terms(owner: asyncpg.Connection) -> Terms:
    """Sets columns of Bob's service."""

    async def put(**columns: object) -> None:
        for name, value in columns.items():
            await owner.execute(f"UPDATE service SET {name} = $1 WHERE id = $2", value, TALK)

    return put


async def note(db: Database, result: Result, who: Patient = ALICE, service: object = TALK) -> None:
    async with db.transaction(CALLERS["carla"]) as tx:
        await assessments.note(tx, CALLERS["carla"], service, CODES.patient_key(who.name, who.birth_date), result)  # type: ignore[arg-type]


async def ask(db: Database, caller: Caller = ANONYMOUS, phone: str | None = PHONE, who: Patient = ALICE) -> None:
    await assessments.ask(db, CODES, caller, Ask(TALK, Patient(who.name, who.birth_date, None, phone)))


@pytest.mark.rule("B-09")
async def test_no_door_leads_past_the_assessment(hours: Database, terms: Terms, owner: asyncpg.Connection) -> None:
    await terms(first_assessment=True, modes=["video", "assisted", "in_person"])
    held = await hold(hours, NINE)
    doors: dict[str, Callable[[], Awaitable[object]]] = {
        "at once": lambda: book(hours, NINE + QUARTER),
        "from a hold": lambda: book_held(hours, held),
        "by the practice": lambda: book(hours, NINE + QUARTER, caller=CALLERS["carla"]),
        "by the doctor": lambda: book(hours, NINE + QUARTER, caller=CALLERS["bob"]),
        "at a station": lambda: book(hours, NINE + QUARTER, caller=CALLERS["petra"], mode="assisted", station=STATION),
    }
    for door, through in doors.items():
        with pytest.raises(AssessmentFirst):
            await through()
            pytest.fail(door)
    assert await owner.fetchval("SELECT count(*) FROM appointment WHERE status = 'booked'") == 0
    assert (await book(hours, NINE + 2 * QUARTER, mode="in_person")).status == "booked"
    await note(hours, "video")
    assert (await book_held(hours, held)).status == "booked"


@pytest.mark.rule("B-09")
@pytest.mark.parametrize(("result", "opens"), [("video", True), ("known", True), ("in_person", False)])
async def test_the_result_decides(hours: Database, terms: Terms, result: Result, opens: bool) -> None:
    await terms(first_assessment=True)
    await note(hours, result)
    if opens:
        assert (await book(hours, NINE)).status == "booked"
    else:
        with pytest.raises(AssessmentFirst):
            await book(hours, NINE)
    with pytest.raises(AssessmentFirst):
        await book(hours, NINE + QUARTER, patient("Berta"))


@pytest.mark.rule("B-09")
async def test_a_result_counts_for_a_year_and_for_its_practice(
    hours: Database, terms: Terms, owner: asyncpg.Connection
) -> None:
    await terms(first_assessment=True)
    await note(hours, "video")
    await owner.execute(
        "UPDATE assessment SET decided = now() - interval '13 months', asked = now() - interval '14 months'"
    )
    with pytest.raises(AssessmentFirst):
        await book(hours, NINE)
    await owner.execute("UPDATE assessment SET result = 'known', site = $1", people.TEMPLIN)
    with pytest.raises(AssessmentFirst):
        await book(hours, NINE)
    await owner.execute("UPDATE assessment SET site = $1", people.PRENZLAU)
    assert (await book(hours, NINE)).status == "booked"


async def test_new_and_known(hours: Database, terms: Terms, owner: asyncpg.Connection) -> None:
    await terms(patients="known")
    with pytest.raises(ForKnownPatients):
        await book(hours, NINE)
    await terms(patients="new")
    was = await book(hours, NINE)
    await owner.execute("UPDATE appointment SET status = 'fulfilled' WHERE id = $1", was.id)
    with pytest.raises(ForNewPatients):
        await book(hours, NINE + QUARTER)
    await terms(patients="known", first_assessment=False)
    assert (await book(hours, NINE + QUARTER)).status == "booked"
    assert (await book(hours, NINE, patient("Berta"), service=TALK_DORA)).status == "booked"


async def test_whoever_is_booked_can_move(hours: Database, terms: Terms) -> None:
    """What was booked in good faith stays movable when the practice asks for more later."""
    booked = await book(hours, NINE)
    await terms(first_assessment=True, patients="new")
    moved = await changes.move(hours, guest(booked.id), booked.id, NINE + QUARTER)
    assert moved.start == NINE + QUARTER


@pytest.mark.rule("B-09")
async def test_asked_once_however_often(hours: Database, terms: Terms, owner: asyncpg.Connection) -> None:
    await terms(first_assessment=True)
    await ask(hours)
    await ask(hours, phone="03984 777777")
    async with hours.transaction(CALLERS["carla"]) as tx:
        (question,) = await assessments.questions(tx, CALLERS["carla"])
        assert (question.patient_name, question.phone) == (ALICE.name, "+493984777777")
        await assessments.decide(tx, CALLERS["carla"], question.id, "video")
        with pytest.raises(AlreadyDecided):
            await assessments.decide(tx, CALLERS["carla"], question.id, "known")
        assert await assessments.questions(tx, CALLERS["carla"]) == []
    row = dict(await owner.fetchrow("SELECT * FROM assessment") or {})
    assert (row["result"], row["patient_name"], row["birth_date"], row["phone"]) == ("video", None, None, None)
    assert (await book(hours, NINE)).status == "booked"


@pytest.mark.rule("B-09")
async def test_asking_again_takes_nothing_away(hours: Database, terms: Terms) -> None:
    """A stranger who knows name and birth date cannot make a known patient a new one."""
    await terms(first_assessment=True)
    await note(hours, "known")
    await ask(hours)
    assert (await book(hours, NINE)).status == "booked"
    async with hours.transaction(CALLERS["carla"]) as tx:
        (question,) = await assessments.questions(tx, CALLERS["carla"])
    assert question.earlier == "known"
    await note(hours, "known")
    async with hours.transaction(CALLERS["carla"]) as tx:
        assert await assessments.questions(tx, CALLERS["carla"]) == []


async def test_what_cannot_be_asked(hours: Database, terms: Terms) -> None:
    with pytest.raises(NotNeeded):
        await ask(hours)
    await terms(first_assessment=True)
    with pytest.raises(Invalid):
        await ask(hours, phone=None)


async def test_assessments_stay_inside_the_practice(hours: Database, terms: Terms) -> None:
    await terms(first_assessment=True)
    await ask(hours)
    async with hours.transaction(CALLERS["carla"]) as tx:
        (question,) = await assessments.questions(tx, CALLERS["carla"])
    charlie = CALLERS["charlie"]
    async with hours.transaction(charlie) as tx:
        assert await assessments.questions(tx, charlie) == []
        with pytest.raises(NotFound):
            await assessments.question(tx, charlie, question.id)
        with pytest.raises(NotFound):
            await assessments.decide(tx, charlie, question.id, "video")
        with pytest.raises(NotFound):
            await assessments.note(tx, charlie, TALK, KEY, "known")
    for caller in (ANONYMOUS, CALLERS["petra"], Caller("guest", appointment=people.fixed(99))):
        async with hours.transaction(caller) as tx:
            assert await tx.connection.fetch("SELECT FROM assessment") == []
    with pytest.raises(Forbidden):
        async with hours.transaction(CALLERS["petra"]) as tx:
            await assessments.questions(tx, CALLERS["petra"])


async def test_the_practice_limit_binds_patients_alone(hours: Database, terms: Terms) -> None:
    await terms(cancel_until=timedelta(hours=6))
    one, two = await book(hours, NINE), await book(hours, NINE + QUARTER, patient("Berta"))
    before = NINE - clock.now() - timedelta(hours=5)
    assert one.changeable_until == NINE - timedelta(hours=6)
    with clock.shifted(before):
        with pytest.raises(TooLate):
            await changes.move(hours, guest(one.id), one.id, NINE + 4 * QUARTER)
        with pytest.raises(TooLate):
            await changes.cancel(hours, guest(one.id), one.id)
        assert (await changes.move(hours, CALLERS["carla"], one.id, NINE + 4 * QUARTER)).epoch == 2
        assert (await changes.cancel(hours, CALLERS["bob"], two.id)).status == "cancelled"


async def test_a_carer_is_noted_beside_the_patient(hours: Database) -> None:
    booked = await book(hours, NINE, carer="  Tina   Tochter ")
    assert (booked.carer_name, booked.patient_name) == ("Tina Tochter", ALICE.name)
    with pytest.raises(Invalid) as refused:
        await book(hours, NINE + QUARTER, patient("Berta"), carer="\u202e\u202e")
    assert set(refused.value.fields) == {"carer"}


async def test_a_hold_made_nearby_is_still_nearby_when_it_is_late(hours: Database, owner: asyncpg.Connection) -> None:
    await owner.execute("INSERT INTO postal_code VALUES ('17291', 'Prenzlau', 'BB', 53.317, 13.864)")
    await owner.execute(
        "UPDATE site SET near_minutes = 30, near_share = 100, near_until = '5 days' WHERE id = $1", people.PRENZLAU
    )
    held = await holds.hold(hours, CODES, ANONYMOUS, Wish(service=TALK, start=NINE, postal_code="17291"))
    await owner.execute("UPDATE appointment SET status = 'expired', expires = now() - interval '1 s'")
    assert (await book_held(hours, held)).near
