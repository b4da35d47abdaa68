"""People nearby come first where a practice wants it (B-08), and nothing else makes a difference (B-07)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from telemed import clock
from telemed.db import Database
from telemed.identity.callers import ANONYMOUS, Caller
from telemed.scheduling import bookings, changes, holds, slots
from telemed.scheduling.refusals import KeptForNear, NotASlot, SlotTaken
from telemed.scheduling.services import nearness
from telemed.scheduling.types import Slots, SlotsQuery, Wish
from tests import people
from tests.booking import ALICE, CODES, book, guest, patient, wish
from tests.people import CALLERS, DR_BOB, PRENZLAU, STATION, TALK

NINE = people.tomorrow(9) + timedelta(days=9)  # ten days ahead
QUARTER = timedelta(minutes=15)
NEAR, FAR = "17291", "10115"
STARTS = [NINE + QUARTER * n for n in range(8)]


@pytest.fixture
async def hours(cast: Database, owner: asyncpg.Connection) -> Database:
    """Bob for two hours; Prenzlau is near, Berlin is not. Every second start is kept until two days before."""
    await people.open_hours(cast, DR_BOB, NINE, 2)
    await owner.execute(
        "INSERT INTO postal_code VALUES ('17291', 'Prenzlau', 'BB', 53.317, 13.864),"
        " ('17291', 'Gramzow', 'BB', 53.21, 14), ('10115', 'Berlin', 'BE', 52.53, 13.38)"
    )
    await settle(owner, near_minutes=30, near_share=50)
    return cast


async def settle(owner: asyncpg.Connection, **columns: object) -> None:
    for name, value in columns.items():
        await owner.execute(f"UPDATE site SET {name} = $1 WHERE id = $2", value, PRENZLAU)


async def free(db: Database, near: bool, **query: Any) -> list[datetime]:
    async with db.transaction(ANONYMOUS) as tx:
        found: Slots = await slots.slots(tx, TALK, SlotsQuery(**query), near=near)
    return [slot.start for slot in found.slots]


@pytest.mark.rule("B-08")
async def test_one_scarce_time_goes_to_whoever_is_near(hours: Database, owner: asyncpg.Connection) -> None:
    await settle(owner, near_share=100)
    with pytest.raises(KeptForNear) as refused:
        await book(hours, NINE, postal_code=FAR)
    assert refused.value.data["opens"] == NINE - timedelta(days=2)
    with pytest.raises(KeptForNear):
        await holds.hold(hours, CODES, ANONYMOUS, Wish(service=TALK, start=NINE))
    assert (await book(hours, NINE, patient("Nora"), postal_code=NEAR)).near
    with pytest.raises(SlotTaken):
        await book(hours, NINE, patient("Nils"), postal_code=NEAR)


@pytest.mark.rule("B-08")
async def test_a_share_is_kept_until_shortly_before(hours: Database) -> None:
    assert await free(hours, near=True) == STARTS
    assert await free(hours, near=False) == STARTS[::2]
    async with hours.transaction(ANONYMOUS) as tx:
        kept = await nearness.kept(tx, TALK, 99)
    assert [(slot.start, slot.opens) for slot in kept] == [(start, start - timedelta(days=2)) for start in STARTS[1::2]]
    for start in STARTS:
        async with hours.transaction(ANONYMOUS) as tx:
            asked = {"service": TALK, "start": start, "mode": "video", "station": None, "now": clock.now()}
            assert await tx.value("scheduling.is_slot", **asked, near=False) == (start in STARTS[::2])
    with clock.shifted(NINE + QUARTER - timedelta(days=2) - clock.now() + timedelta(seconds=5)):
        assert await free(hours, near=False) == sorted([*STARTS[::2], STARTS[1]])
        assert (await book(hours, STARTS[1], postal_code=FAR)).status == "booked"


@pytest.mark.rule("B-08")
@pytest.mark.parametrize(("share", "kept"), [(0, 0), (10, 0), (25, 2), (30, 2), (75, 6), (100, 8)])
async def test_the_share_is_what_it_says(hours: Database, owner: asyncpg.Connection, share: int, kept: int) -> None:
    await settle(owner, near_share=share)
    assert len(await free(hours, near=False)) == 8 - kept
    assert len(await free(hours, near=True)) == 8


@pytest.mark.rule("B-08")
async def test_a_head_start(hours: Database, owner: asyncpg.Connection) -> None:
    """With a horizon of 30 days and a head start of 25, ten days ahead are open to neighbours only."""
    await settle(owner, near_share=0, head_start=timedelta(days=25))
    assert await free(hours, near=False) == []
    assert await free(hours, near=True) == STARTS
    with clock.shifted(timedelta(days=6)):  # whatever the hour
        assert await free(hours, near=False) == STARTS


@pytest.mark.rule("B-08")
async def test_who_is_near(hours: Database, owner: asyncpg.Connection) -> None:
    await settle(owner, near_share=100)
    async with hours.transaction(ANONYMOUS) as tx:
        found = {code: await nearness.of(tx, TALK, code) for code in (NEAR, FAR, "99999", None)}
        station = await nearness.of(tx, TALK, FAR, STATION)
    assert [(place.near, place.known) for place in found.values()] == [
        (True, True), (False, True), (False, False), (False, False),
    ]  # fmt: skip
    assert station == nearness.Nearness(near=True, minutes=30, known=True)
    assert (await book(hours, NINE, caller=CALLERS["carla"])).near
    petra = {"caller": CALLERS["petra"], "mode": "assisted", "station": STATION}
    assert (await book(hours, STARTS[1], patient("Berta"), **petra)).near  # type: ignore[arg-type]
    await settle(owner, near_minutes=None)
    assert await free(hours, near=False) == STARTS[2:]


async def test_a_move_stays_with_what_the_booking_was(hours: Database) -> None:
    far = await book(hours, STARTS[0], postal_code=FAR)
    near = await book(hours, STARTS[2], patient("Nora"), postal_code=NEAR)
    with pytest.raises(KeptForNear):
        await changes.move(hours, guest(far.id), far.id, STARTS[1])
    assert (await changes.move(hours, guest(near.id), near.id, STARTS[1])).start == STARTS[1]
    with pytest.raises(NotASlot):
        await changes.move(hours, guest(near.id), near.id, STARTS[0] - QUARTER)
    assert (await changes.move(hours, CALLERS["carla"], far.id, STARTS[3])).start == STARTS[3]


@pytest.mark.rule("B-07")
async def test_only_where_somebody_lives_matters(hours: Database) -> None:
    """Not who asks, for whom, in which language, by which mode: the same times. Who pays cannot even be said."""
    said: dict[str, dict[str, Any]] = {
        "somebody": {}, "English": {"language": "en"}, "with contact": {"who": patient("Kontakt")},
        "a carer": {"carer": "Tina Tochter"},
    }  # fmt: skip
    for what, more in said.items():
        with pytest.raises(KeptForNear):
            await book(hours, STARTS[1], postal_code=FAR, **{"who": ALICE, **more})
            pytest.fail(what)
    for caller in (ANONYMOUS, Caller("guest", appointment=people.fixed(99))):
        with pytest.raises(KeptForNear):
            await bookings.book(hours, CODES, caller, wish(STARTS[1], postal_code=FAR))
    fields = set(SlotsQuery.__struct_fields__)
    assert fields == {"since", "until", "station", "postal_code", "limit"}


@pytest.mark.rule("B-07")
@pytest.mark.parametrize("minutes", [15, 30, 60])
async def test_long_and_short_get_the_same_share(hours: Database, owner: asyncpg.Connection, minutes: int) -> None:
    length = timedelta(minutes=minutes)
    await owner.execute("UPDATE service SET duration = $1, grid = $1 WHERE id = $2", length, TALK)
    everything, others = await free(hours, near=True), await free(hours, near=False)
    assert len(everything) == 120 // minutes
    assert len(others) == len(everything) / 2


async def test_local_days_of_a_cap_on_days_with_two_clocks(cast: Database, owner: asyncpg.Connection) -> None:
    """The day in which the clocks go back has 25 hours, and is one day of the cap all the same."""
    await owner.execute("UPDATE service SET daily_cap = 2, horizon = '366 days' WHERE id = $1", TALK)
    with clock.shifted(datetime(2027, 1, 4, tzinfo=UTC) - clock.now()):  # before both, and within the horizon
        for first_hour in (datetime(2027, 10, 30, 22, tzinfo=UTC), datetime(2027, 3, 27, 23, tzinfo=UTC)):
            length = 25 if first_hour.month == 10 else 23
            await people.open_hours(cast, DR_BOB, first_hour - timedelta(hours=1), length + 2)
            last = first_hour + timedelta(hours=length) - QUARTER
            await book(cast, first_hour, patient("Anna"))
            await book(cast, last, patient("Berta"))
            with pytest.raises(SlotTaken) as refused:
                await book(cast, first_hour + timedelta(hours=12), patient("Clara"))
            assert refused.value.data["taken"] == ["day"]
            found = await free(cast, near=True, since=first_hour - timedelta(hours=1), until=last + timedelta(hours=2))
            assert [start for start in found if first_hour <= start <= last] == []
            assert {first_hour - QUARTER, last + QUARTER} <= set(found)
