"""When a station can be booked from elsewhere: while somebody is there, holidays and days off apart."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg
import pytest

from telemed import clock
from telemed.db import Database
from telemed.errors import Forbidden, NotFound
from telemed.identity.callers import ANONYMOUS, Caller
from telemed.scheduling import changes, holds, slots
from telemed.scheduling.hours import closures, openings, stations
from telemed.scheduling.hours.closures import ClosureWish
from telemed.scheduling.hours.openings import Span
from telemed.scheduling.hours.stations import SpansUnclear
from telemed.scheduling.refusals import NotASlot
from telemed.scheduling.types import Wish
from tests import people, waiting
from tests.booking import CODES, book, guest, patient
from tests.people import CALLERS, DR_BOB, GERSWALDE, STATION, STATION_GRAMZOW, TALK

BERLIN = ZoneInfo("Europe/Berlin")
PETRA = CALLERS["petra"]
MONDAY = date(2027, 6, 7)  # no holiday in Brandenburg that week
QUARTER = timedelta(minutes=15)


def at(hour: int, minute: int = 0, day: date = MONDAY) -> datetime:
    return datetime.combine(day, time(hour, minute), BERLIN).astimezone(UTC)


@pytest.fixture
async def june(cast: Database, monkeypatch: pytest.MonkeyPatch) -> Database:
    """It is Friday before that Monday, and Bob is there from 7 to 20 o'clock on Monday."""
    monkeypatch.setattr(clock, "_offset", at(12, day=MONDAY - timedelta(days=3)) - datetime.now(UTC))
    await people.open_hours(cast, DR_BOB, at(7), 13)
    return cast


async def give(db: Database, *spans: Span, caller: Caller = PETRA, on_holidays: bool = False) -> None:
    async with db.transaction(caller) as tx:
        await stations.change(tx, caller, GERSWALDE, spans, on_holidays=on_holidays)


async def offered(db: Database, caller: Caller = ANONYMOUS, station: UUID | None = STATION) -> list[str]:
    """The starts of that Monday by the wall clock."""
    async with db.transaction(caller) as tx:
        found = await slots.free(tx, TALK, 100, station=station)
    return [f"{start.astimezone(BERLIN):%H:%M}" for start in found]


def wish(start: datetime) -> Wish:
    return Wish(service=TALK, start=start, mode="assisted", station=STATION)


async def test_without_hours_whenever_a_doctor_is_there(june: Database) -> None:
    assert (await offered(june))[0] == "07:00" and len(await offered(june)) == 52


async def test_only_while_somebody_is_there(june: Database) -> None:
    """The whole appointment lies in the hours; other ways, another station and its own people are not bound by them."""
    await give(june, Span(1, time(8), time(9)), Span(1, time(14, 10), time(15)))
    assert await offered(june) == ["08:00", "08:15", "08:30", "08:45", "14:15", "14:30", "14:45"]
    for free in (
        await offered(june, PETRA),
        await offered(june, station=None),
        await offered(june, station=STATION_GRAMZOW),
    ):
        assert len(free) == 52
    for start in (at(7, 45), at(9), at(14)):
        with pytest.raises(NotASlot):
            await holds.hold(june, CODES, ANONYMOUS, wish(start))
        who = patient(f"Nummer{'abcdefghijklmnop'[start.hour]}")
        await book(june, start, who, PETRA, mode="assisted", station=STATION)
    await holds.hold(june, CODES, ANONYMOUS, wish(at(8, 45)))


async def test_moves_and_alternatives_keep_to_the_hours(june: Database) -> None:
    await give(june, Span(1, time(8), time(9)))
    it = await book(june, at(8), mode="assisted", station=STATION)
    with pytest.raises(NotASlot):
        await changes.move(june, guest(it.id), it.id, at(9))
    async with june.transaction(guest(it.id)) as tx:
        instead = await slots.alternatives_to(tx, it, at(8))
    assert instead == [at(8, minute) for minute in (15, 30, 45)]
    assert (await changes.move(june, guest(it.id), it.id, at(8, 45))).start == at(8, 45)


async def test_days_off_and_holidays(june: Database, owner: asyncpg.Connection) -> None:
    await give(june, *(Span(day, time(8), time(9)) for day in range(1, 8)))
    async with june.transaction(PETRA) as tx:
        made = await closures.add(tx, PETRA, ClosureWish(first=MONDAY, last=MONDAY), stations.VERB)
    assert await offered(june) == []
    async with june.transaction(PETRA) as tx:
        await closures.remove(tx, PETRA, made.id, stations.VERB)
    assert len(await offered(june)) == 4
    whitsun = date(2027, 5, 17)  # Monday, a holiday in all of Germany
    open_then = "SELECT count(*) FROM site_opening WHERE during @> $1::timestamptz"
    with clock.shifted(at(12, day=whitsun - timedelta(days=4)) - clock.now()):
        await give(june, *(Span(day, time(8), time(9)) for day in range(1, 8)))
        assert await owner.fetchval(open_then, at(8, day=whitsun)) == 0
        await give(june, Span(1, time(8), time(9)), on_holidays=True)
        assert await owner.fetchval(open_then, at(8, day=whitsun)) == 1


async def test_closed_without_hours_is_closed(june: Database) -> None:
    """A pharmacy that is always open but for its holidays."""
    async with june.transaction(PETRA) as tx:
        await closures.add(
            tx, PETRA, ClosureWish(first=MONDAY, last=MONDAY, since=time(7), until=time(19)), stations.VERB
        )
    assert await offered(june) == ["19:00", "19:15", "19:30", "19:45"]


async def test_the_worker_keeps_the_year_ahead(june: Database, owner: asyncpg.Connection) -> None:
    await give(june, Span(2, time(8), time(9)))  # no Tuesday is a holiday around that day
    last = "SELECT max(upper(during)) FROM site_opening"
    before = await owner.fetchval(last)
    with clock.shifted(timedelta(days=28)):
        await openings.rebuild_all(june)
    assert await owner.fetchval(last) == before + timedelta(days=28)
    assert await owner.fetchval("SELECT count(*) FROM site_opening WHERE upper(during) < $1", at(0)) == 0


async def test_who_waits_is_offered_times_in_the_hours(june: Database, owner: asyncpg.Connection) -> None:
    await give(june, Span(1, time(5), time(6)))
    await waiting.join(june, "Berta", mode="assisted", station=STATION)
    assert await waiting.fill(june) == 0
    await give(june, Span(1, time(8), time(9)))
    assert await owner.fetchval("SELECT count(*) FROM pgqueuer WHERE entrypoint = 'offer'") >= 1
    assert await waiting.fill(june) == 1
    assert await owner.fetchval("SELECT start FROM offer") == at(8)


@pytest.mark.parametrize("spans", [
    [Span(1, time(9), time(8))], [Span(1, time(8), time(8))], [Span(1, time(8), time(10)), Span(1, time(9), time(11))],
    [Span(1, time(hour), time(hour + 1)) for hour in range(8, 13)],
])  # fmt: skip
async def test_what_cannot_be_meant(june: Database, spans: list[Span]) -> None:
    with pytest.raises(SpansUnclear) as refused:
        await give(june, *spans)
    assert set(refused.value.fields) == {"day1"}


@pytest.mark.parametrize(("who", "refusal"), [("paul", NotFound), ("bob", Forbidden), ("ada", Forbidden)])
async def test_only_its_own_people_set_its_hours(june: Database, who: str, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        await give(june, Span(1, time(8), time(9)), caller=CALLERS[who])
    async with june.transaction(CALLERS["paul"]) as tx:
        for table in ("site_hours", "site_opening"):
            assert await tx.connection.execute(f"DELETE FROM {table} WHERE site = $1", GERSWALDE) == "DELETE 0"


async def test_spring_and_autumn(cast: Database, owner: asyncpg.Connection) -> None:
    """Hours are on the wall clock: 8 o'clock stays 8 o'clock when the clocks change."""
    for sunday in (date(2027, 3, 28), date(2027, 10, 31)):
        with clock.shifted(at(12, day=sunday - timedelta(days=3)) - clock.now()):
            await give(cast, *(Span(day, time(8), time(9)) for day in range(1, 8)), on_holidays=True)
        for day in (sunday - timedelta(days=1), sunday, sunday + timedelta(days=1)):
            assert await owner.fetchval(
                "SELECT during FROM site_opening WHERE during @> $1::timestamptz", at(8, day=day)
            ) == asyncpg.Range(at(8, day=day), at(9, day=day))
