"""Appointments at a station: doctor and room in one statement or neither, by whoever needs them; and who sees them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import pytest

from telemed import clock
from telemed.db import Database
from telemed.errors import Forbidden, Invalid, NotFound, NotLoggedIn, Refusal
from telemed.identity.callers import ANONYMOUS, Caller
from telemed.scheduling import changes, holds
from telemed.scheduling.refusals import SlotTaken
from telemed.scheduling.types import Appointment, Booking, Hold, Patient, Wish
from tests import people
from tests.booking import ALICE, CODES, book, book_held, guest, patient
from tests.people import CALLERS, DR_BOB, DR_CHARLIE, DR_DORA, STATION, STATION_GRAMZOW, TALK, TALK_CHARLIE, TALK_DORA

pytestmark = pytest.mark.rule("B-13")

BERLIN = ZoneInfo("Europe/Berlin")
NINE = people.tomorrow(9)
QUARTER = timedelta(minutes=15)
AT_STATION: dict[str, Any] = {"mode": "assisted", "station": STATION}
PETRA, PAUL = CALLERS["petra"], CALLERS["paul"]


@pytest.fixture
async def hours(cast: Database) -> Database:
    for doctor in (DR_BOB, DR_CHARLIE, DR_DORA):
        await people.open_hours(cast, doctor, NINE, 2)
    return cast


def wish(start: datetime = NINE, **more: Any) -> Wish:
    return Wish(**{"service": TALK, "start": start, **AT_STATION, **more})


async def test_a_patient_holds_and_books_doctor_and_room(hours: Database) -> None:
    """Without a login; where to go stands in it, and nobody of the station sits beside them yet."""
    held = await holds.hold(hours, CODES, ANONYMOUS, wish())
    assert (held.station, held.station_site, held.assistant) == (STATION, people.GERSWALDE, None)
    booked = await book_held(hours, held, station=STATION)
    assert booked.id == held.id and booked.status == "booked"
    assert (booked.place_name, booked.place_street) == ("Löwen-Apotheke", "Markt 1")
    assert (booked.place_postal_code, booked.place_town) == ("17268", "Gerswalde")
    assert booked.place_phone == "+493984000000" and booked.station_name == "Raum 1"
    with pytest.raises(SlotTaken) as refused:
        await book(hours, NINE, patient("Berta"), service=TALK_DORA, **AT_STATION)
    assert refused.value.data == {"taken": ["station"], "alternatives": [NINE + QUARTER * n for n in range(1, 6)]}
    with pytest.raises(SlotTaken) as refused:
        await holds.hold(hours, CODES, ANONYMOUS, wish(station=STATION_GRAMZOW))
    assert refused.value.data["taken"] == ["practitioner"]


async def test_the_way_to_the_practice_and_none_for_video(hours: Database, owner: asyncpg.Connection) -> None:
    await owner.execute("UPDATE service SET modes = '{video,in_person}' WHERE id = $1", TALK)
    there = await book(hours, NINE, mode="in_person")
    assert (there.place_name, there.place_town, there.station) == ("Praxis am Uckersee", "Prenzlau", None)
    assert (await book(hours, NINE + QUARTER, patient("Berta"))).place_name is None


@pytest.mark.parametrize(("caller", "more", "refusal"), [
    (ANONYMOUS, {"station": None}, Invalid), (ANONYMOUS, {"mode": "video"}, Invalid),
    (ANONYMOUS, {"station": people.fixed(99)}, NotFound), (ANONYMOUS, {"assisting": True}, NotLoggedIn),
    (Caller("guest", appointment=people.fixed(98)), {"assisting": True}, Forbidden),
    (CALLERS["bob"], {"assisting": True}, Forbidden), (PETRA, {"station": STATION_GRAMZOW}, NotFound),
    (CALLERS["charlie"], {}, NotFound),
])  # fmt: skip
async def test_what_nobody_may_wish(
    hours: Database, caller: Caller, more: dict[str, Any], refusal: type[Refusal]
) -> None:
    with pytest.raises(refusal):
        await holds.hold(hours, CODES, caller, wish(**more))


async def test_a_station_out_of_use_takes_nobody(hours: Database, owner: asyncpg.Connection) -> None:
    await owner.execute("UPDATE station SET active = false WHERE id = $1", STATION)
    with pytest.raises(NotFound):
        await holds.hold(hours, CODES, ANONYMOUS, wish())


async def rivals(db: Database, wishes: list[Wish]) -> tuple[list[Hold], list[SlotTaken]]:
    """All at once; who won, and why the others did not."""
    asked = (holds.hold(db, CODES, ANONYMOUS, one) for one in wishes)
    told = await asyncio.gather(*asked, return_exceptions=True)
    lost = [one for one in told if isinstance(one, SlotTaken)]
    won = [one for one in told if isinstance(one, Hold)]
    assert len(won) + len(lost) == len(told), told
    return won, lost


async def test_two_doctors_race_for_one_room(hours: Database) -> None:
    """Whoever loses is offered times at which their doctor and the room are both free, and gets one of them."""
    for _round in range(3):
        won, lost = await rivals(hours, [wish(service=service) for service in (TALK, TALK_DORA, TALK_CHARLIE) * 4])
        assert len(won) == 1 and len(lost) == 11
        mine = next(one for one in (TALK, TALK_DORA, TALK_CHARLIE) if one != won[0].service)
        refused = next(one for one in lost if one.data["taken"] == ["station"])
        offered = refused.data["alternatives"]
        assert isinstance(offered, list) and NINE not in offered
        instead = await holds.hold(hours, CODES, ANONYMOUS, wish(offered[0], service=mine))
        for one in (won[0], instead):
            await holds.release(hours, CODES, ANONYMOUS, one.id, CODES.hold_secret(one.id))


async def test_two_rooms_race_for_one_doctor(hours: Database) -> None:
    """The doctor goes to one room alone; the other room stays free for another doctor at that very time."""
    won, lost = await rivals(hours, [wish(station=station) for station in (STATION, STATION_GRAMZOW) * 6])
    assert len(won) == 1 and all("practitioner" in one.data["taken"] for one in lost)  # type: ignore[operator]
    other = next(station for station in (STATION, STATION_GRAMZOW) if station != won[0].station)
    await holds.hold(hours, CODES, ANONYMOUS, wish(service=TALK_DORA, station=other))
    with pytest.raises(SlotTaken):
        await holds.hold(hours, CODES, ANONYMOUS, wish(service=TALK_CHARLIE, station=won[0].station))


async def test_moves_race_for_one_room(hours: Database) -> None:
    """Two patients of two doctors move to one time at one station: one gets there, the other stays where they were."""
    target = NINE + 4 * QUARTER
    made = [
        await book(hours, NINE, patient("Berta"), service=TALK, **AT_STATION),
        await book(hours, NINE + QUARTER, patient("Carl"), service=TALK_DORA, **AT_STATION),
    ]
    told = await asyncio.gather(
        *(changes.move(hours, guest(it.id), it.id, target) for it in made), return_exceptions=True
    )
    lost = [one for one in told if isinstance(one, SlotTaken)]
    assert [one.data["taken"] for one in lost] == [["station"]]
    now = [await changes.read(hours, guest(it.id), it.id) for it in made]
    assert sorted(it.start == target for it in now) == [False, True]
    assert all((it.mode, it.station, it.place_town) == ("assisted", STATION, "Gerswalde") for it in now)


# Who sees it


async def seen(db: Database, caller: Caller, it: Appointment) -> bool:
    try:
        await changes.read(db, caller, it.id)
    except NotFound:
        return False
    return True


def living(at: datetime) -> timedelta:
    return at - clock.now()


@pytest.mark.rule("P-05")
async def test_a_station_sees_on_its_day_who_comes(hours: Database) -> None:
    """What a patient has booked from home is seen at that site, on that day, and nowhere else."""
    it = await book(hours, NINE, ALICE, **AT_STATION)
    day = NINE.astimezone(BERLIN).replace(hour=0, minute=0)
    for at, visible in (
        (day - timedelta(days=2), False), (day - 5 * QUARTER, False), (day + QUARTER, True), (NINE, True),
        (day + timedelta(hours=23, minutes=50), True), (day + timedelta(hours=24, minutes=10), False),
    ):  # fmt: skip
        with clock.shifted(living(at)):
            assert await seen(hours, PETRA, it) is visible, at
            assert not await seen(hours, PAUL, it)
            assert await seen(hours, CALLERS["bob"], it)


@pytest.mark.rule("P-05")
async def test_what_its_own_people_booked_is_seen_until_the_end_of_the_day(hours: Database) -> None:
    noon = datetime.combine(clock.now().astimezone(BERLIN).date(), datetime.min.time(), BERLIN) + timedelta(hours=12)
    with clock.shifted(living(noon - timedelta(days=2))):
        it = await book(hours, NINE, ALICE, PETRA, **AT_STATION)
        theirs = await book(hours, NINE + QUARTER, patient("Berta"), **AT_STATION)
        assert [await seen(hours, PETRA, one) for one in (it, theirs)] == [True, False]
    with clock.shifted(living(noon - timedelta(days=2) + timedelta(hours=11, minutes=55))):
        assert await seen(hours, PETRA, it)
    with clock.shifted(living(noon - timedelta(days=1))):
        assert not await seen(hours, PETRA, it)


@pytest.mark.rule("P-05")
@pytest.mark.parametrize(("start", "at", "visible"), [
    ("00:15", "23:30", True),       # of tomorrow, and the waiting room is open
    ("01:15", "23:30", False),
    ("23:30", "00:20", True),       # of yesterday, and perhaps still going on
    ("17:00", "00:20", False),
])  # fmt: skip
async def test_around_midnight(cast: Database, start: str, at: str, visible: bool) -> None:
    now = datetime.combine(date(2027, 3, 9), datetime.strptime(at, "%H:%M").time(), BERLIN)  # noqa: DTZ007
    begins = datetime.combine(date(2027, 3, 9), datetime.strptime(start, "%H:%M").time(), BERLIN)  # noqa: DTZ007
    begins += timedelta(days=(begins < now) and at > "12:00") - timedelta(days=at < "12:00")
    with clock.shifted(living(begins - timedelta(days=2))):
        await people.open_hours(cast, DR_BOB, begins, 1)
        it = await book(cast, begins, ALICE, **AT_STATION)
    with clock.shifted(living(now)):
        assert await seen(cast, PETRA, it) is visible


@pytest.mark.rule("P-05")
async def test_a_station_is_not_told_how_to_reach_the_patient(hours: Database) -> None:
    """It looks people in the eye; who has to call, calls from the practice. What it writes down itself, it sees."""
    who = Patient("Alice Ährenfeld", date(1948, 5, 17), email="alice@example.org", phone="+491701234567")
    it = await book(hours, NINE, who, **AT_STATION)
    with clock.shifted(living(NINE - QUARTER)):
        at_station = await changes.read(hours, PETRA, it.id)
        at_practice = await changes.read(hours, CALLERS["carla"], it.id)
    assert (at_station.patient_name, at_station.birth_date) == (it.patient_name, it.birth_date)
    assert (at_station.email, at_station.phone) == (None, None)
    assert (at_practice.email, at_practice.phone) == (it.email, it.phone)
    walk_in: Booking = await book(
        hours, NINE + QUARTER, Patient("Berta Probe", date(1970, 1, 1), phone="+491701234568"), PETRA,
        **AT_STATION,
    )  # fmt: skip
    assert walk_in.phone == "+491701234568"


@pytest.mark.rule("P-05")
async def test_the_other_days_are_times_without_names(hours: Database) -> None:
    await book(hours, NINE, ALICE, **AT_STATION)
    await book(hours, NINE, patient("Berta"), service=TALK_DORA, mode="assisted", station=STATION_GRAMZOW)

    async def busy(caller: Caller) -> list[tuple[object, ...]]:
        async with hours.transaction(caller) as tx:
            rows = await tx.connection.fetch(
                'SELECT station, start, "end" FROM station_busy($1, $2)', NINE, NINE + timedelta(days=1)
            )
        return [tuple(row) for row in rows]

    assert await busy(PETRA) == [(STATION, NINE, NINE + QUARTER)]
    assert await busy(PAUL) == [(STATION_GRAMZOW, NINE, NINE + QUARTER)]
    for other in ("bob", "charlie", "ada"):
        assert await busy(CALLERS[other]) == []
    assert await busy(ANONYMOUS) == []


async def test_a_station_moves_out_of_the_day_it_sees(hours: Database) -> None:
    """To a day that it does not see; and nothing that it does not see."""
    it = await book(hours, NINE, ALICE, **AT_STATION)
    later = NINE + timedelta(days=3)
    await people.open_hours(hours, DR_BOB, later, 1)
    asked: list[Callable[[Caller], Awaitable[object]]] = [
        lambda caller: changes.move(hours, caller, it.id, later), lambda caller: changes.cancel(hours, caller, it.id),
    ]  # fmt: skip
    with clock.shifted(living(NINE - timedelta(days=1))):
        for ask in asked:
            for caller in (PETRA, PAUL):
                with pytest.raises(NotFound):
                    await ask(caller)
    with clock.shifted(living(NINE - QUARTER)):
        moved = await changes.move(hours, PETRA, it.id, later)
        assert (moved.start, moved.station) == (later, STATION)
        with pytest.raises(NotFound):
            await changes.read(hours, PETRA, it.id)
