"""Received at a station: all of it is done, or nobody sits down; and nothing of the card is kept."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import pytest

from telemed import clock
from telemed.db import Database
from telemed.errors import Forbidden, Invalid, NotFound
from telemed.scheduling import changes
from telemed.scheduling.types import Patient
from telemed.stations import intake, oncall, walkins
from telemed.stations.intake import Received
from telemed.stations.kvnr import is_right
from telemed.stations.walkins import Arrival
from tests import people
from tests.booking import CODES
from tests.people import CALLERS, RECEIVED

PETRA, PAUL, BOB, CARLA = (CALLERS[who] for who in ("petra", "paul", "bob", "carla"))
NUMBER = "A123456780"  # the example of the rules for this number

pytestmark = pytest.mark.usefixtures("early")


def said(**more: Any) -> Received:
    return msgspec.convert(RECEIVED | more, Received)


@pytest.fixture
async def appointment(cast: Database) -> UUID:
    """Anna walked in, and Bob has accepted her."""
    await oncall.open_until(cast, BOB, clock.now() + people.timedelta(hours=2))
    patient = Patient("Anna Probe", date(1948, 5, 17))
    walk_in = await walkins.add(
        cast, CODES, PETRA, Arrival(station=people.STATION, specialty="general", patient=patient)
    )  # fmt: skip
    await oncall.look(cast, BOB)
    return await oncall.accept(cast, BOB, walk_in)


@pytest.mark.rule("V-14")
@pytest.mark.rule("V-15")
@pytest.mark.rule("P-03")
@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"private": False}, "private"), ({"introduced": False}, "introduced"), ({"agreed": False}, "agreed"),
        ({"version": "2020-01"}, "agreed"), ({"insurance_number": "A123456781"}, "insurance_number"),
        ({"representing": "parent"}, "representative"),
    ],
)  # fmt: skip
async def test_all_of_it_or_nothing(
    cast: Database, appointment: UUID, owner: asyncpg.Connection, wrong: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        await intake.take(cast, PETRA, appointment, said(**wrong))
    assert list(refused.value.fields) == [field]
    assert await owner.fetchval("SELECT count(*) FROM intake") == 0
    assert await owner.fetchval("SELECT consented FROM appointment") is None


@pytest.mark.rule("V-14")
@pytest.mark.rule("P-05")
async def test_who_agreed_for_whom_can_be_shown(cast: Database, appointment: UUID, owner: asyncpg.Connection) -> None:
    await intake.take(cast, PETRA, appointment, said(representing="attorney", representative="Tina Tochter"))
    async with cast.transaction(BOB) as tx:
        it = await intake.intake(tx, appointment)
    assert it and (it.taken_by, it.representative) == ("Petra Pohl, Löwen-Apotheke, Gerswalde", "Tina Tochter")
    row = await owner.fetchrow("SELECT role, person, site, detail FROM audit WHERE verb = 'intake.take'")
    assert row and tuple(row) == ("assistant", people.PETRA, people.GERSWALDE, "2026-11")
    await changes.withdraw_consent(cast, PETRA, appointment)
    assert await owner.fetchval("SELECT consented FROM appointment") is None
    async with cast.transaction(BOB) as tx:
        assert await intake.intake(tx, appointment) is None and await intake.received(tx, [appointment]) == set()
    for who, refusal in ((PAUL, NotFound), (BOB, Forbidden), (CARLA, Forbidden)):
        with pytest.raises(refusal):
            await intake.take(cast, who, appointment, said())
    await intake.take(cast, PETRA, appointment, said())
    async with cast.transaction(BOB) as tx:
        again = await intake.intake(tx, appointment)
    assert again and again.representative is None
    assert await owner.fetchval("SELECT taken_in($1)", appointment)
    await owner.execute("UPDATE appointment SET status = 'fulfilled', epoch = epoch + 1")
    async with cast.transaction(BOB) as tx:
        assert await intake.intake(tx, appointment) == again, "it took place"
    await owner.execute("UPDATE appointment SET status = 'booked', epoch = epoch + 1")
    assert not await owner.fetchval("SELECT taken_in($1)", appointment), "as after a move"
    await owner.execute("UPDATE appointment SET during = tstzrange(lower(during) + '1 day', upper(during) + '1 day')")
    with pytest.raises(intake.NotToday):
        await intake.take(cast, PETRA, appointment, said())
    await owner.execute("UPDATE appointment SET status = 'cancelled'")
    with pytest.raises(intake.Over):
        await intake.take(cast, PETRA, appointment, said())


@pytest.mark.rule("V-21")
async def test_nothing_of_the_card_is_kept(cast: Database, appointment: UUID, owner: asyncpg.Connection) -> None:
    await intake.take(cast, PETRA, appointment, said(insurance_number="a 123 456 780"))
    tables = [row[0] for row in await owner.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
    for table in tables:
        everything = str(await owner.fetch(f'SELECT t::text FROM "{table}" t'))
        assert "123456780" not in everything and "123 456" not in everything, table


@pytest.mark.rule("V-21")
def test_the_check_digit() -> None:
    assert is_right(NUMBER) and is_right(" a123 456 780 ")
    for n in range(10):
        assert is_right(f"A12345678{n}") == (n == 0)
    assert not is_right("B123456780") and not is_right("A213456780") and not is_right("")
    assert not is_right("Ä123456780") and not is_right("A12345678٠")
