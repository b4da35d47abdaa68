"""Which places of the waiting list are offered a time: what was wished, what can be taken, what cannot be meant."""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import Any

import asyncpg
import pytest

from telemed.db import Database
from telemed.errors import Invalid
from telemed.scheduling.refusals import AssessmentFirst
from telemed.scheduling.waitlist import offers
from telemed.scheduling.waitlist.waitlist import Ways
from telemed.wording import HERE
from tests import people
from tests.booking import ALICE, book, patient
from tests.people import CALLERS, DR_BOB, DR_DORA, STATION, TALK, TALK_DORA
from tests.waiting import fill, join, look, reachable

NINE = people.tomorrow(9)
QUARTER = timedelta(minutes=15)


@pytest.fixture
async def full(cast: Database) -> Database:
    """Bob has one quarter of an hour tomorrow."""
    await people.open_hours(cast, DR_BOB, NINE, 0.25)
    return cast


WISHES: list[tuple[dict[str, Any], bool]] = [
    ({}, True),
    ({"weekdays": (NINE.isoweekday(),)}, True),
    ({"weekdays": tuple(day for day in range(1, 8) if day != NINE.isoweekday())}, False),
    ({"since": NINE.astimezone(HERE).time()}, True),
    ({"since": (NINE + timedelta(minutes=1)).astimezone(HERE).time()}, False),
    ({"until": NINE.astimezone(HERE).time()}, False),
    ({"from_date": NINE.date(), "until_date": NINE.date()}, True),
    ({"from_date": NINE.date() + timedelta(days=1)}, False),
    ({"until_date": NINE.date() - timedelta(days=1)}, False),
    ({"short_notice": timedelta(days=3)}, False),
    ({"mode": "assisted", "station": STATION}, True),
]


@pytest.mark.parametrize(("wish", "fits"), WISHES)
async def test_nobody_is_offered_what_they_did_not_wish(full: Database, wish: dict[str, Any], fits: bool) -> None:
    entry, everybody = await join(full, "Berta", **wish), await join(full, "Cora")
    await fill(full)
    assert ((await look(full, entry)).offer is not None) == fits
    assert ((await look(full, everybody)).offer is not None) != fits


async def test_nobody_is_offered_what_they_cannot_take(full: Database, owner: asyncpg.Connection) -> None:
    """Busy at the time, a service for others, a station that is taken, no way to be told: the next one is asked."""
    busy, unknown, far = await join(full, "Berta"), await join(full, "Cora"), await join(full, "Dora")
    seated = await join(full, "Emil", mode="assisted", station=STATION)
    silent, last = await join(full, "Frida"), await join(full, "Gerd")
    await people.open_hours(full, DR_DORA, NINE, 1)
    await book(full, NINE, reachable("Berta"), service=TALK_DORA)
    await people.open_hours(full, people.DR_CHARLIE, NINE, 1)
    await book(full, NINE, patient("Walter"), CALLERS["petra"], service=people.TALK_CHARLIE, mode="assisted",
               station=STATION)  # fmt: skip
    await owner.execute("UPDATE site SET near_minutes = 20, near_share = 100, near_until = '2 days' WHERE id = $1",
                        people.PRENZLAU)  # fmt: skip
    await owner.execute("UPDATE waitlist_entry SET near = id <> $1", far.id)
    await owner.execute("UPDATE service SET patients = 'known' WHERE id = $1", TALK)
    for known in (busy, far, seated, silent, last):
        await owner.execute(
            "INSERT INTO assessment (id, site, service, patient_key, result, asked, decided)"
            " SELECT gen_random_uuid(), site, service, patient_key, 'known', now(), now() FROM waitlist_entry"
            " WHERE id = $1", known.id)  # fmt: skip
    await owner.execute("UPDATE waitlist_entry SET email = NULL, phone = '+493984123456' WHERE id = $1", last.id)
    await offers.fill(full, DR_BOB, Ways(email=False, sms=False))
    passed_over = (busy, unknown, far, seated, silent)
    assert [(await look(full, it)).offer for it in passed_over] == [None] * 5
    assert (await look(full, last)).offer_status == "open"


async def test_a_full_day_is_not_offered(cast: Database, owner: asyncpg.Connection) -> None:
    await people.open_hours(cast, DR_BOB, NINE, 1)
    await owner.execute("UPDATE service SET daily_cap = 2 WHERE id = $1", TALK)
    await book(cast, NINE + 2 * QUARTER, patient("Walter"))
    for name in ("Berta", "Cora"):
        await join(cast, name)
    assert await fill(cast) == 1


async def test_the_first_assessment_comes_before_the_list(cast: Database, owner: asyncpg.Connection) -> None:
    await owner.execute("UPDATE service SET first_assessment = true WHERE id = $1", TALK)
    with pytest.raises(AssessmentFirst):
        await join(cast, "Berta")


@pytest.mark.parametrize(("wish", "field"), [
    ({"since": time(12), "until": time(9)}, "until"), ({"short_notice": timedelta(minutes=5)}, "short_notice"),
    ({"short_notice": timedelta(days=15)}, "short_notice"), ({"weekdays": ()}, "weekdays"),
    ({"until_date": date(2020, 1, 1)}, "until_date"), ({"from_date": date(2020, 1, 1)}, "from_date"),
    ({"until_date": date(2099, 1, 1)}, "until_date"), ({"patient": ALICE}, "phone"), ({"mode": "assisted"}, "station"),
])  # fmt: skip
async def test_what_cannot_be_meant_is_refused(cast: Database, wish: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        await join(cast, "Berta", **wish)
    assert set(refused.value.fields) == {field}
