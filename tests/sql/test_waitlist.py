"""The waiting list: who is offered what, in which order, and what becomes of it."""

from __future__ import annotations

from datetime import date, time, timedelta

import asyncpg
import pytest

from telemed import clock
from telemed.db import Database
from telemed.errors import NotFound
from telemed.identity.callers import SYSTEM, Caller
from telemed.scheduling import changes, overrides
from telemed.scheduling.refusals import OfferGone, SlotTaken
from telemed.scheduling.types import Booking, Patient
from telemed.scheduling.waitlist import offers, waitlist
from telemed.scheduling.waitlist.types import Earlier, Entry
from tests import people
from tests.booking import CODES, book, guest, hold, patient
from tests.people import CALLERS, DR_BOB, DR_DORA, TALK_DORA
from tests.waiting import WAYS, accept, decline, fill, holder, join, let_run_out, look, reachable

NINE = people.tomorrow(9)
QUARTER = timedelta(minutes=15)


@pytest.fixture
async def full(cast: Database) -> Database:
    """Bob has one quarter of an hour tomorrow, and it is Alice's."""
    await people.open_hours(cast, DR_BOB, NINE, 0.25)
    return cast


@pytest.fixture
async def alices(full: Database) -> Booking:
    return await book(full, NINE)


async def cancel(db: Database, it: Booking) -> None:
    await changes.cancel(db, guest(it.id), it.id)


async def queued(owner: asyncpg.Connection, entrypoint: str = "offer") -> list[str]:
    return [row[0] for row in await owner.fetch(
        "SELECT convert_from(payload, 'UTF8') FROM pgqueuer WHERE entrypoint = $1 AND execute_after <= now()",
        entrypoint)]  # fmt: skip


async def test_a_cancelled_time_is_offered_held_and_booked(
    full: Database, alices: Booking, owner: asyncpg.Connection
) -> None:
    first, second = await join(full, "Berta"), await join(full, "Cora")
    assert await fill(full) == 0
    await owner.execute("DELETE FROM pgqueuer")
    await cancel(full, alices)
    assert await queued(owner) == [str(DR_BOB)]
    assert await fill(full) == 1
    offered = await look(full, first)
    assert (offered.offer_status, offered.offer_start, offered.offer_channel) == ("open", NINE, "email")
    assert (await look(full, second)).offer is None
    with pytest.raises(SlotTaken):  # a walk-in
        await book(full, NINE, patient("Walter"))
    assert await owner.fetchval("SELECT channel FROM notice WHERE kind = 'offer' AND entry = $1", first.id) == "email"
    done = await accept(full, first)
    assert done.entry.status == "booked" and done.appointment is not None and done.code is not None
    won = await changes.read(full, guest(done.appointment), done.appointment)
    assert (won.status, won.start, won.patient_name, won.email) == (
        "booked", NINE, "Berta Probe", "berta@example.org")  # fmt: skip
    assert CODES.digest(done.code) == await owner.fetchval(
        "SELECT code_digest FROM appointment WHERE id = $1", done.appointment
    )
    again = await offers.accept(full, CODES, holder(first), first.id, offered.offer)  # type: ignore[arg-type]
    assert (again.appointment, again.code) == (done.appointment, done.code)
    assert await fill(full) == 0


async def test_nobody_waits_no_job(full: Database, alices: Booking, owner: asyncpg.Connection) -> None:
    await cancel(full, alices)
    assert await queued(owner) == []


async def test_moving_away_and_letting_go_wake_the_worker(cast: Database, owner: asyncpg.Connection) -> None:
    await people.open_hours(cast, DR_BOB, NINE, 1)
    it = await book(cast, NINE)
    held = await hold(cast, NINE + QUARTER)
    await join(cast, "Berta", until=time(1))
    await owner.execute("DELETE FROM pgqueuer")
    await changes.move(cast, guest(it.id), it.id, NINE + 2 * QUARTER)
    assert await queued(owner) == [str(DR_BOB)]
    await owner.execute("DELETE FROM pgqueuer")
    await overrides.move(cast, CALLERS["carla"], it.id, NINE + timedelta(hours=9), "Notfall")
    assert await queued(owner) == [str(DR_BOB)]
    await owner.execute("DELETE FROM pgqueuer")
    async with cast.transaction(guest(held.id)) as tx:
        await tx.run("scheduling.release_hold", id=held.id, now=clock.now())
    assert await queued(owner) == [str(DR_BOB)]


async def test_a_declined_time_goes_to_the_next_and_never_back(full: Database, owner: asyncpg.Connection) -> None:
    first, second = await join(full, "Berta"), await join(full, "Cora")
    await fill(full)
    declined = await decline(full, first)
    assert declined.entry.status == "waiting" and declined.entry.offer_status == "declined"
    with pytest.raises(SlotTaken):  # still held, until the worker hands it on
        await book(full, NINE, patient("Walter"))
    assert await fill(full) == 1
    assert (await look(full, second)).offer_status == "open"
    assert (await look(full, first)).offer_status == "declined"
    await decline(full, second)
    assert await fill(full) == 0
    assert (await book(full, NINE, patient("Walter"))).status == "booked"


async def test_an_offer_runs_out_and_the_time_is_never_free_in_between(
    full: Database, owner: asyncpg.Connection
) -> None:
    first, second = await join(full, "Berta"), await join(full, "Cora")
    await fill(full)
    await let_run_out(owner, first)
    with pytest.raises(SlotTaken):
        await book(full, NINE, patient("Walter"))
    with pytest.raises(OfferGone):
        await accept(full, first)
    await fill(full)
    assert [(await look(full, it)).offer_status for it in (first, second)] == ["expired", "open"]
    with pytest.raises(SlotTaken):
        await book(full, NINE, patient("Walter"))
    await let_run_out(owner, second)
    await fill(full)
    assert (await book(full, NINE, patient("Walter"))).status == "booked"


async def test_without_a_worker_a_walk_in_gets_what_nobody_answered(full: Database, owner: asyncpg.Connection) -> None:
    first = await join(full, "Berta")
    await fill(full)
    await let_run_out(owner, first)
    await owner.execute("UPDATE appointment SET expires = now() - interval '1 s' WHERE status = 'held'")
    assert (await book(full, NINE, patient("Walter"))).status == "booked"
    with pytest.raises(OfferGone):
        await accept(full, first)
    assert await fill(full) == 0
    assert (await look(full, first)).offer_status == "expired"


async def test_too_late_is_told_what_is_free_now(cast: Database, owner: asyncpg.Connection) -> None:
    await people.open_hours(cast, DR_BOB, NINE, 1)
    first = await join(cast, "Berta")
    await fill(cast)
    await let_run_out(owner, first)
    with pytest.raises(OfferGone) as refused:
        await accept(cast, first)
    assert refused.value.data["alternatives"] == [NINE + n * QUARTER for n in (1, 2, 3)]


async def test_a_patient_who_is_elsewhere_by_then_loses_the_offer(full: Database) -> None:
    first, second = await join(full, "Berta"), await join(full, "Cora")
    await fill(full)
    await people.open_hours(full, DR_DORA, NINE, 1)
    await book(full, NINE, reachable("Berta"), service=TALK_DORA)
    with pytest.raises(SlotTaken) as refused:
        await accept(full, first)
    assert refused.value.data["taken"] == ["patient"]
    await fill(full)
    assert (await look(full, first)).offer_status == "lost"
    assert (await look(full, second)).offer_status == "open"


async def test_withdrawing_gives_the_offer_on(full: Database) -> None:
    first, second = await join(full, "Berta"), await join(full, "Cora")
    await fill(full)
    assert (await waitlist.withdraw(full, holder(first), first.id)).status == "withdrawn"
    with pytest.raises(OfferGone):
        await accept(full, first)
    await fill(full)
    assert (await look(full, second)).offer_status == "open"
    assert (await waitlist.withdraw(full, holder(first), first.id)).status == "withdrawn"


async def test_an_earlier_time_moves_the_appointment(cast: Database, owner: asyncpg.Connection) -> None:
    await people.open_hours(cast, DR_BOB, NINE, 0.25)
    early = await book(cast, NINE, patient("Walter"))
    await people.open_hours(cast, DR_BOB, NINE + timedelta(days=3), 0.25)
    late = await book(cast, NINE + timedelta(days=3))
    wish = Earlier(email="alice@example.org")
    entry = await waitlist.join_earlier(cast, CODES, guest(late.id), WAYS, late.id, wish)
    assert (await waitlist.join_earlier(cast, CODES, guest(late.id), WAYS, late.id, wish)).id == entry.id
    assert await fill(cast) == 0
    await cancel(cast, early)
    await fill(cast)
    done = await accept(cast, entry)
    assert (done.appointment, done.code) == (late.id, late.code)
    moved = await changes.read(cast, guest(late.id), late.id)
    assert (moved.start, moved.epoch, moved.status) == (NINE, 2, "booked")
    assert await owner.fetchval("SELECT count(*) FROM appointment WHERE status IN ('held', 'booked')") == 1
    assert (await accept(cast, entry)).appointment == late.id
    assert (await book(cast, NINE + timedelta(days=3), patient("Walter"))).status == "booked"


async def test_a_cancelled_appointment_is_not_brought_forward(cast: Database) -> None:
    await people.open_hours(cast, DR_BOB, NINE, 0.25)
    await people.open_hours(cast, DR_BOB, NINE + timedelta(days=3), 0.25)
    late = await book(cast, NINE + timedelta(days=3))
    entry = await waitlist.join_earlier(cast, CODES, guest(late.id), WAYS, late.id, Earlier(email="alice@example.org"))
    await fill(cast)
    await cancel(cast, late)
    with pytest.raises(OfferGone):
        await accept(cast, entry)
    await fill(cast)
    assert (await look(cast, entry)).status == "over"
    assert (await book(cast, NINE, patient("Walter"))).status == "booked"


@pytest.mark.rule("B-08")
async def test_people_near_come_first_where_the_practice_says_so(full: Database, owner: asyncpg.Connection) -> None:
    far, near = await join(full, "Berta"), await join(full, "Cora")
    await owner.execute("UPDATE waitlist_entry SET near = id = $1", near.id)
    await owner.execute("UPDATE site SET near_minutes = 20, near_share = 10 WHERE id = $1", people.PRENZLAU)
    await fill(full)
    assert (await look(full, near)).offer_status == "open" and (await look(full, far)).offer is None


async def test_each_gets_one_offer_at_a_time_in_order(cast: Database) -> None:
    await people.open_hours(cast, DR_BOB, NINE, 0.75)
    entries = [await join(cast, name) for name in ("Berta", "Cora", "Dora", "Emil")]
    same = await join(cast, "Berta")
    assert await fill(cast) == 3
    starts = [(await look(cast, it)).offer_start for it in entries]
    assert starts == [NINE, NINE + QUARTER, NINE + 2 * QUARTER, None]
    assert (await look(cast, same)).offer is None
    await accept(cast, entries[0])
    await fill(cast)
    assert (await look(cast, same)).status == "over"


async def test_the_telephone_is_the_way_of_those_without_messages(full: Database, owner: asyncpg.Connection) -> None:
    landline = await join(full, "Berta", patient=Patient("Berta Probe", date(1940, 1, 1), phone="03984 123456"))
    await fill(full)
    it = await look(full, landline)
    assert it.offer_channel == "phone"
    assert await owner.fetchval("SELECT count(*) FROM notice WHERE kind = 'offer'") == 0
    [row] = await waitlist.of_site(full, CALLERS["carla"], people.PRENZLAU, WAYS)
    assert (row.id, row.phone, row.offer_start) == (landline.id, "+493984123456", NINE)
    done = await offers.accept(full, CODES, CALLERS["carla"], landline.id, it.offer)  # type: ignore[arg-type]
    assert done.appointment is not None and done.code is not None


async def test_three_offers_without_a_word_are_enough(cast: Database, owner: asyncpg.Connection) -> None:
    await people.open_hours(cast, DR_BOB, NINE, 2)
    entry = await join(cast, "Berta")
    for _round in range(3):
        await fill(cast)
        await owner.execute("UPDATE notice SET status = 'sent' WHERE kind = 'offer'")
        await let_run_out(owner, entry)
    assert await fill(cast) == 0
    await fill(cast)
    assert (await look(cast, entry)).status == "over"


async def test_an_expired_hold_of_somebody_is_no_obstacle(full: Database, owner: asyncpg.Connection) -> None:
    await hold(full, NINE)
    entry = await join(full, "Berta")
    assert await fill(full) == 0
    await owner.execute("UPDATE appointment SET expires = now() - interval '1 s'")
    assert await fill(full) == 1
    assert (await look(full, entry)).offer_start == NINE


@pytest.mark.rule("V-09")
async def test_a_stranger_neither_sees_nor_answers(full: Database) -> None:
    entry, other = await join(full, "Berta"), await join(full, "Cora")
    await fill(full)
    offer = (await look(full, entry)).offer
    assert offer is not None
    strangers: list[Caller] = [
        holder(other),
        guest(entry.id),
        CALLERS["charlie"],
        Caller("guest", entry=people.fixed(99)),
    ]
    for stranger in strangers:
        with pytest.raises(NotFound):
            await waitlist.read(full, stranger, entry.id)
        with pytest.raises(NotFound):
            await offers.accept(full, CODES, stranger, entry.id, offer)
        with pytest.raises(NotFound):
            await offers.decline(full, stranger, entry.id, offer)
        with pytest.raises(NotFound):
            await waitlist.withdraw(full, stranger, entry.id)
    with pytest.raises(NotFound):  # an offer of somebody else
        await offers.accept(full, CODES, holder(other), other.id, offer)
    assert isinstance(await waitlist.read(full, SYSTEM, entry.id), Entry)
