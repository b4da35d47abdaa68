"""A browser becomes a station's screen by a code, changes its badge in use, and is it until somebody ends it."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from uuid import UUID

import asyncpg
import pytest

from telemed import clock
from telemed.db import Database
from telemed.errors import Forbidden, Invalid, NotFound
from telemed.identity.callers import Caller
from telemed.identity.tokens import TokenRefused
from telemed.stations import pairing, stations
from telemed.stations.types import AlreadyPaired, Description, Training, UnknownPairing
from tests import people
from tests.booking import CODES, book, patient
from tests.live.conftest import booked
from tests.logins import BADGES, badge
from tests.people import CALLERS, GATEWAY, GERSWALDE, GRAMZOW, PAIRING, SCREEN, STATION, STATION_GRAMZOW

PETRA, PAUL = CALLERS["petra"], CALLERS["paul"]
MINUTES = timedelta(minutes=1)


async def paired(db: Database) -> str:
    """The first badge of a screen whose code Petra has entered."""
    shown = await pairing.show_code(db, CODES)
    assert await pairing.pair(db, CODES, PETRA, STATION, CODES.pairing_code(shown)) == shown
    first = await pairing.fetch_badge(db, BADGES, shown)
    assert first is not None
    return first


async def copies(owner: asyncpg.Connection) -> int:
    found = await owner.fetchval("SELECT count(*) FROM audit WHERE verb = 'station.copied'")
    assert isinstance(found, int)
    return found


async def test_from_code_to_screen(cast: Database, owner: asyncpg.Connection) -> None:
    shown = await pairing.show_code(cast, CODES)
    assert await pairing.fetch_badge(cast, BADGES, shown) is None
    code = CODES.pairing_code(shown)
    await pairing.pair(cast, CODES, PETRA, STATION, f" {code.lower().replace('-', ' ')} ")
    first = await pairing.fetch_badge(cast, BADGES, shown)
    again = await pairing.fetch_badge(cast, BADGES, shown)
    assert first and again and first != again, "the answer was lost on the way"
    caller, _ = await BADGES.show(cast, again)
    assert await pairing.fetch_badge(cast, BADGES, shown) is None, "by whoever else knows the claim"
    assert caller == Caller("station", site=GERSWALDE, station=STATION, pairing=shown)
    assert code.replace("-", "") not in str(await owner.fetch("SELECT * FROM pairing"))
    trail = await owner.fetch("SELECT role, person, site, verb FROM audit")
    assert [tuple(row) for row in trail] == [("assistant", people.PETRA, GERSWALDE, "station.pair")]


async def test_a_code_is_good_once_and_ten_minutes(cast: Database) -> None:
    shown = await pairing.show_code(cast, CODES)
    code = CODES.pairing_code(shown)
    with clock.shifted(10 * MINUTES), pytest.raises(UnknownPairing):
        await pairing.pair(cast, CODES, PETRA, STATION, code)
    await pairing.pair(cast, CODES, PETRA, STATION, code)
    with pytest.raises(UnknownPairing):
        await pairing.pair(cast, CODES, PAUL, STATION_GRAMZOW, code)
    with clock.shifted(10 * MINUTES):
        assert await pairing.fetch_badge(cast, BADGES, shown) is None
    for wrong in ("", "ABCD-EFGH", "2345-6789-CDFG", "2222-2222"):
        with pytest.raises(UnknownPairing):
            await pairing.pair(cast, CODES, PAUL, STATION_GRAMZOW, wrong)


@pytest.mark.parametrize("who", ["petra", "bob", "carla", "ada"])
async def test_only_who_works_there_pairs(cast: Database, who: str) -> None:
    code = CODES.pairing_code(await pairing.show_code(cast, CODES))
    for act in (
        pairing.pair(cast, CODES, CALLERS[who], STATION_GRAMZOW, code),
        pairing.unpair(cast, CALLERS[who], STATION_GRAMZOW),
    ):
        with pytest.raises((NotFound, Forbidden)):
            await act
    assert await pairing.pair(cast, CODES, PAUL, STATION_GRAMZOW, code)


async def test_a_station_has_one_screen(cast: Database) -> None:
    await paired(cast)
    code = CODES.pairing_code(await pairing.show_code(cast, CODES))
    with pytest.raises(AlreadyPaired):
        await pairing.pair(cast, CODES, PETRA, STATION, code)
    await pairing.unpair(cast, PETRA, STATION)
    await pairing.pair(cast, CODES, PETRA, STATION, code)


async def test_two_who_enter_one_code_at_once(cast: Database, owner: asyncpg.Connection) -> None:
    await owner.execute("INSERT INTO station (id, site, name) VALUES ($1, $2, 'Raum 2')", people.fixed(43), GERSWALDE)
    code = CODES.pairing_code(await pairing.show_code(cast, CODES))
    told = await asyncio.gather(
        *(pairing.pair(cast, CODES, PETRA, room, code) for room in (STATION, people.fixed(43)) * 3),
        return_exceptions=True,
    )
    assert sum(not isinstance(one, BaseException) for one in told) == 1
    assert all(isinstance(one, UnknownPairing) for one in told if isinstance(one, BaseException))


async def test_badges_change_while_the_screen_is_used(cast: Database) -> None:
    mine = await paired(cast)
    for hours in range(0, 100, 7):
        with clock.shifted(timedelta(hours=hours)):
            caller, following = await BADGES.show(cast, mine)
            assert following is None, "the one before has just become the current one"
        with clock.shifted(timedelta(hours=hours) + 5 * MINUTES):
            caller, following = await BADGES.show(cast, mine)
            assert caller.station == STATION and following is not None
            mine = following


async def test_an_answer_lost_on_a_bad_line_costs_nothing(cast: Database, owner: asyncpg.Connection) -> None:
    mine = await paired(cast)
    await BADGES.show(cast, mine)
    for lost in range(1, 4):
        with clock.shifted(6 * MINUTES * lost):
            _, following = await BADGES.show(cast, mine)
            assert following is not None
    with clock.shifted(20 * MINUTES):
        await BADGES.show(cast, following)
        _, again = await BADGES.show(cast, mine)  # asked at the same moment, and answered later
        assert again is not None
    with clock.shifted(30 * MINUTES):
        await BADGES.show(cast, again)
    assert await copies(owner) == 0


async def test_a_power_cut_makes_nobody_a_thief(cast: Database, owner: asyncpg.Connection) -> None:
    """The browser had not yet written down the badge that it had shown already."""
    first = await paired(cast)
    await BADGES.show(cast, first)
    with clock.shifted(6 * MINUTES):
        _, lost = await BADGES.show(cast, first)
        assert lost is not None
        await BADGES.show(cast, lost)
    with clock.shifted(9 * MINUTES):
        for _again in range(2):
            _, following = await BADGES.show(cast, first)
            assert following is not None
        await BADGES.show(cast, following)
    with clock.shifted(20 * MINUTES):
        await BADGES.show(cast, following)
    assert await copies(owner) == 0


@pytest.mark.parametrize("thief_first", [True, False])
async def test_a_copied_badge_is_found_out(cast: Database, owner: asyncpg.Connection, thief_first: bool) -> None:
    """Both browsers come back; whichever comes second, the pairing ends for both, and staff are told."""
    stolen = await paired(cast)
    await BADGES.show(cast, stolen)
    with clock.shifted(6 * MINUTES):
        (_, one), (_, two) = await BADGES.show(cast, stolen), await BADGES.show(cast, stolen)
        assert one and two and one != two
    first, second = (one, two) if thief_first else (two, one)
    with clock.shifted(12 * MINUTES):
        await BADGES.show(cast, first)
    with clock.shifted(18 * MINUTES):
        with pytest.raises(TokenRefused):
            await BADGES.show(cast, second)
        with pytest.raises(TokenRefused):
            await BADGES.show(cast, first)
    assert await copies(owner) == 1
    async with cast.transaction(PETRA) as tx:
        (room,) = await stations.stations(tx, PETRA, GERSWALDE)
    assert room.pairing is None and room.copied is not None


async def test_an_old_badge_ends_the_pairing(cast: Database) -> None:
    first = await paired(cast)
    await BADGES.show(cast, first)
    with clock.shifted(6 * MINUTES):
        _, second = await BADGES.show(cast, first)
        assert second is not None
        await BADGES.show(cast, second)
    with clock.shifted(7 * MINUTES):
        await BADGES.show(cast, second)
        for badge_ in (first, second):
            with pytest.raises(TokenRefused):
                await BADGES.show(cast, badge_)


async def test_badges_of_others_are_none(cast: Database) -> None:
    await people.pair(cast)
    good = badge(SCREEN)
    head, body, mark = good.split(".")
    other = badge(people.OTHER_SCREEN)
    for wrong in ("", "x", f"{head}.{other.split('.')[1]}.{mark}", f"{head}.{body}.", BADGES.claim(PAIRING), other):
        with pytest.raises(TokenRefused):
            await BADGES.show(cast, wrong)
    with clock.shifted(timedelta(days=60)), pytest.raises(TokenRefused):
        await BADGES.show(cast, good)
    assert (await BADGES.show(cast, good))[0] == SCREEN, "somebody else's nonsense costs nobody their pairing"


@pytest.mark.rule("P-05")
@pytest.mark.usefixtures("early")
async def test_a_screen_sees_its_own_day_until_it_is_unpaired(cast: Database, owner: asyncpg.Connection) -> None:
    start = clock.now() + timedelta(hours=3)
    start = start.replace(minute=0, second=0, microsecond=0)
    await people.open_hours(cast, people.DR_BOB, start, 2)
    await people.open_hours(cast, people.DR_BOB, start + timedelta(days=1), 2)
    await book(cast, start, caller=PETRA, mode="assisted", station=STATION)
    later = {"mode": "assisted", "station": STATION}
    await book(cast, start + timedelta(days=1), patient("Berta"), **later)
    await book(cast, start + timedelta(minutes=15), patient("Carl"), **later | {"station": STATION_GRAMZOW})
    await people.pair(cast)
    await people.pair(cast, people.OTHER_SCREEN)
    _, visits = await pairing.day(cast, SCREEN)
    assert [(one.initials, one.start, one.ready) for one in visits] == [("A. Ä.", start, False)]
    async with cast.transaction(SCREEN) as tx:
        assert await tx.connection.execute("UPDATE appointment SET status = 'cancelled'") == "UPDATE 0"
        assert await tx.connection.fetch("SELECT FROM person") == []
        assert await tx.connection.fetch("SELECT FROM pairing") == []
    await pairing.unpair(cast, PETRA, STATION)
    assert (await pairing.day(cast, SCREEN))[1] == []
    assert [one.initials for one in (await pairing.day(cast, people.OTHER_SCREEN))[1]] == ["C. P."]
    assert await owner.fetchval("SELECT why FROM pairing WHERE id = $1", PAIRING) == "staff"


async def test_whose_conversation_is_in_front_of_a_gateway(cast: Database, owner: asyncpg.Connection) -> None:
    """Received, and let in before others; neither a lost line nor a later patient ends an examination."""
    await people.pair(cast, GATEWAY)
    first, later = await booked(cast), await booked(cast, name="Berta Blau", minutes=30)

    async def sits(appointment: UUID) -> None:
        await owner.execute("UPDATE appointment SET status = 'arrived' WHERE id = $1", appointment)
        await owner.execute("INSERT INTO attendance (appointment, seat) VALUES ($1, 'patient')", appointment)

    async def let_in(appointment: UUID) -> None:
        await owner.execute(
            "INSERT INTO seating SELECT id, epoch, 'patient', 'admitted', now() FROM appointment WHERE id = $1",
            appointment,
        )  # fmt: skip

    assert await pairing.at_gateway(cast, GATEWAY) is None
    await sits(later)
    assert await pairing.at_gateway(cast, GATEWAY) == later
    await sits(first)
    assert await pairing.at_gateway(cast, GATEWAY) == first
    await let_in(later)
    assert await pairing.at_gateway(cast, GATEWAY) == later
    await let_in(first)
    assert await pairing.at_gateway(cast, GATEWAY) == first, "it began before"
    await owner.execute('UPDATE attendance SET "left" = $1 WHERE appointment = $2', clock.now(), first)
    assert await pairing.at_gateway(cast, GATEWAY) == first, "picture and sound go on"
    with clock.shifted(3 * MINUTES):
        assert await pairing.at_gateway(cast, GATEWAY) == later
        await owner.execute("DELETE FROM intake")
        assert await pairing.at_gateway(cast, GATEWAY) is None, "nobody has received them: they may be at home"


async def test_what_a_station_is_like(cast: Database) -> None:
    said = Description(
        directions="Zweite  Tür rechts", devices=frozenset({"scales"}), accessibility=frozenset({"step_free"}),
        privacy=frozenset({"door", "sound", "windows", "screen"}),
    )  # fmt: skip
    async with cast.transaction(PETRA) as tx:
        await stations.describe(tx, PETRA, STATION, said)
        it = await stations.station(tx, PETRA, STATION)
        assert (it.directions, it.devices, it.private) == ("Zweite Tür rechts", {"scales"}, False)
        assert it.privacy_checked_by == "Petra Pohl"
    async with cast.transaction(PAUL) as tx:
        with pytest.raises(NotFound):
            await stations.describe(tx, PAUL, STATION, said)
    with pytest.raises(Invalid):
        async with cast.transaction(PETRA) as tx:
            await stations.describe(tx, PETRA, STATION, Description(directions="rechts\u202e"))


async def test_what_somebody_has_learnt(cast: Database) -> None:
    async with cast.transaction(PETRA) as tx:
        await stations.note_training(tx, PETRA, Training(people.PETRA, "telemedicine", date(2026, 3, 1)))
        await stations.note_training(tx, PETRA, Training(people.PETRA, "telemedicine", date(2026, 4, 1)))
        (petra,) = await stations.team(tx, PETRA, GERSWALDE)
        assert petra.passed == {"telemedicine": date(2026, 4, 1)}
        with pytest.raises(NotFound):
            await stations.note_training(tx, PETRA, Training(people.PAUL, "devices", date(2026, 3, 1)))
        with pytest.raises(Invalid):
            await stations.note_training(tx, PETRA, Training(people.PETRA, "devices", date(2100, 1, 1)))
        with pytest.raises(NotFound):
            await stations.team(tx, PETRA, GRAMZOW)
