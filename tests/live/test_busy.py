"""Busy times from a practitioner's own calendar block slots, and a malicious server gets nothing and stops nothing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv6Address
from uuid import UUID

import asyncpg
import pytest
from aiohttp.abc import ResolveResult
from aiohttp.resolver import ThreadedResolver

from telemed import clock, working
from telemed.db import Database
from telemed.identity.callers import ANONYMOUS, SYSTEM
from telemed.scheduling.feeds import busy, fetching
from telemed.scheduling.feeds.ics import Unreadable
from telemed.scheduling.hours import openings, rules
from telemed.scheduling.slots import slots
from telemed.scheduling.types import SlotsQuery
from telemed.settings import Settings
from tests import booking, calendars, people
from tests.calendars import Calendars, calendar
from tests.people import CALLERS, DR_BOB, TALK

HOUR = timedelta(hours=1)


def here(address: IPv4Address | IPv6Address) -> bool:
    """What a test allows: this server, and nothing else."""
    return address.is_loopback


@pytest.fixture
async def outside() -> AsyncIterator[Calendars]:
    async with calendars.serving() as running:
        yield running


@pytest.fixture
async def bob(cast: Database) -> Database:
    """Bob is open around the clock."""
    midnight = datetime.min.time()
    today = clock.now().date() - timedelta(days=1)
    always = rules.Rule.weekly(range(1, 8), midnight, midnight, "Europe/Berlin", today, on_holidays=True)
    async with cast.transaction(SYSTEM) as tx:
        await openings.add_rule(tx, DR_BOB, always)
    return cast


async def connect(db: Database, url: str) -> UUID:
    async with db.transaction(CALLERS["carla"]) as tx:
        return await busy.add(tx, DR_BOB, url)


async def free(db: Database, since: datetime) -> int:
    """How many quarters of two hours are offered."""
    async with db.transaction(ANONYMOUS) as tx:
        return len((await slots(tx, TALK, SlotsQuery(since, since + 2 * HOUR))).slots)


async def state(owner: asyncpg.Connection, calendar: UUID) -> tuple[str | None, int, bool]:
    """Why it could not be read, how many busy times there are, and whether it was ever read."""
    row = await owner.fetchrow(
        "SELECT last_error, (SELECT count(*) FROM busy WHERE calendar = c.id), last_read IS NOT NULL"
        " FROM busy_calendar c WHERE id = $1", calendar,
    )  # fmt: skip
    assert row is not None
    return tuple(row)


async def test_busy_times_block_and_go_again(bob: Database, owner: asyncpg.Connection, outside: Calendars) -> None:
    nine = people.tomorrow(9)
    assert await free(bob, nine) == 8
    outside.file = calendar((nine, nine + HOUR))
    made = await connect(bob, f"{outside.origin}/honest.ics")
    assert await owner.fetchval("SELECT count(*) FROM pgqueuer WHERE entrypoint = 'busy'") == 1
    await busy.refresh(bob, made, here)
    assert (await state(owner, made), await free(bob, nine)) == ((None, 1, True), 4)
    outside.file, outside.etag = calendar((nine, nine + 2 * HOUR)), '"2"'
    await busy.refresh(bob, made, here)
    assert await free(bob, nine) == 0
    async with bob.transaction(CALLERS["carla"]) as tx:
        await busy.remove(tx, DR_BOB, made)
    assert await free(bob, nine) == 8


async def test_what_is_booked_stays_booked(bob: Database, outside: Calendars, owner: asyncpg.Connection) -> None:
    nine = people.tomorrow(9)
    await booking.book(bob, nine)
    outside.file = calendar((nine - HOUR, nine + HOUR))
    made = await connect(bob, f"{outside.origin}/honest.ics")
    await busy.refresh(bob, made, here)
    assert await owner.fetchval("SELECT count(*) FROM appointment WHERE status = 'booked'") == 1


async def test_no_title_is_kept(bob: Database, outside: Calendars, owner: asyncpg.Connection) -> None:
    outside.file = calendar((people.tomorrow(9), people.tomorrow(10)))
    await busy.refresh(bob, await connect(bob, f"{outside.origin}/honest.ics"), here)
    for table in ("busy", "busy_calendar", "opening", "pgqueuer"):
        assert "Geheim" not in str(await owner.fetch(f"SELECT * FROM {table}"))


async def test_an_unchanged_calendar_is_not_read_again(
    bob: Database, outside: Calendars, owner: asyncpg.Connection
) -> None:
    nine = people.tomorrow(9)
    outside.file = calendar((nine, nine + HOUR))
    made = await connect(bob, f"{outside.origin}/honest.ics")
    await busy.refresh(bob, made, here)
    outside.file = b"never looked at"  # behind the same ETag
    await busy.refresh(bob, made, here)
    assert await state(owner, made) == (None, 1, True)
    with clock.shifted(timedelta(days=9)):  # but the horizon goes on, and it must be read anew some day
        await busy.refresh(bob, made, here)
    assert (await state(owner, made))[0] == "not_a_calendar"


BAD = {
    "bomb.ics": "too_large", "huge.ics": "too_large", "broken-gzip.ics": "unreachable", "page.html": "not_a_calendar",
    "gone.ics": "refused", "down.ics": "unreachable", "loop.ics": "redirects", "recursive.ics": "too_often",
    "half.ics": "broken", "away.ics?to=file:///etc/passwd": "unreachable",
    "away.ics?to=http://169.254.169.254/latest/meta-data": "not_public",
    "away.ics?to=http://10.0.0.1:22/": "not_public", "away.ics?to=http://[::ffff:192.168.0.1]/": "not_public",
    "drip.ics": "too_slow",
}  # fmt: skip


async def test_a_bad_answer_leaves_what_was_there_and_says_why(
    bob: Database, outside: Calendars, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    nine = people.tomorrow(9)
    outside.file = calendar((nine, nine + HOUR))
    made = await connect(bob, f"{outside.origin}/honest.ics")
    await busy.refresh(bob, made, here)
    for path, code in BAD.items():
        patience = 1.0 if code == "too_slow" else 10.0
        monkeypatch.setattr(fetching, "TOTAL", patience)
        await owner.execute("UPDATE busy_calendar SET url = $1, last_error = NULL", f"{outside.origin}/{path}")
        begun = time.monotonic()
        await busy.refresh(bob, made, here)
        assert await state(owner, made) == (code, 1, True), path
        assert time.monotonic() - begun < patience + 3, path
        assert code in busy.WHY
    assert await free(bob, nine) == 4


async def test_packed_files_and_a_few_redirects_are_fine(outside: Calendars) -> None:
    outside.file = calendar((people.tomorrow(9), people.tomorrow(10)))
    for path in ("gzip.ics", "hop.ics"):
        fetched = await fetching.fetch(f"{outside.origin}/{path}", allowed=here)
        assert fetched is not None
        assert fetched.content == outside.file


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "127.1", "[::1]", "0.0.0.0"])
async def test_our_own_network_is_never_asked(outside: Calendars, host: str) -> None:
    """In every spelling; without the tests' allowance."""
    port = outside.origin.rpartition(":")[2]
    with pytest.raises(Unreadable, match=r"not_public|unreachable"):
        await fetching.fetch(f"http://{host}:{port}/honest.ics")
    assert outside.asked == {}


async def test_a_redirect_to_loopback_is_not_followed(outside: Calendars) -> None:
    """The first address is allowed, where it leads to is not."""
    answers = iter([True, False])
    with pytest.raises(Unreadable, match="not_public"):
        await fetching.fetch(f"{outside.origin}/hop.ics", allowed=lambda _address: next(answers))
    assert outside.asked == {"hop.ics": 1}


async def test_one_private_address_among_public_ones_is_enough(
    outside: Calendars, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    async def resolve(self: object, host: str, port: int = 0, family: int = 0) -> list[ResolveResult]:
        asked.append(host)
        return [
            ResolveResult(hostname=host, host=address, port=port, family=2, proto=0, flags=0)
            for address in ("9.9.9.9", "127.0.0.1")
        ]

    monkeypatch.setattr(ThreadedResolver, "resolve", resolve)
    with pytest.raises(Unreadable, match="not_public"):
        await fetching.fetch(f"{outside.origin.replace('127.0.0.1', 'calendar.example')}/honest.ics")
    assert (asked, outside.asked) == (["calendar.example"], {})


async def test_every_calendar_is_put_in_the_queue_by_the_clock(bob: Database, owner: asyncpg.Connection) -> None:
    made = await connect(bob, "https://calendar.example/a.ics")
    await busy.schedule(bob)
    assert await owner.fetchval("SELECT count(*) FROM pgqueuer WHERE entrypoint = 'busy'") == 1  # it waits already
    await owner.execute("DELETE FROM pgqueuer")
    await busy.schedule(bob)
    payload = await owner.fetchval("SELECT convert_from(payload, 'UTF8') FROM pgqueuer")
    assert payload == str(made)


async def test_a_stranger_sees_and_adds_nothing(bob: Database) -> None:
    made = await connect(bob, "https://calendar.example/a.ics")
    async with bob.transaction(CALLERS["charlie"]) as tx:
        assert await tx.connection.fetch("SELECT * FROM busy_calendar") == []
        await busy.remove(tx, DR_BOB, made)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await _add_as_charlie(bob)
    with pytest.raises(busy.CalendarThere):
        await connect(bob, "webcal://calendar.example/a.ics")
    for typed in ("", "calendar.example", "file:///etc/passwd"):
        with pytest.raises(busy.AddressUnclear):
            await connect(bob, typed)


async def _add_as_charlie(db: Database) -> None:
    async with db.transaction(CALLERS["charlie"]) as tx:
        await busy.add(tx, DR_BOB, "https://calendar.example/b.ics")


async def test_the_worker_reads_it_at_once_and_knows_no_exceptions(
    bob: Database, owner: asyncpg.Connection, outside: Calendars, settings: Settings
) -> None:
    """The tests' allowance is a parameter that nothing outside of tests can set."""
    made = await connect(bob, f"{outside.origin}/honest.ics")
    async with working.beside(settings):
        for _try in range(200):
            if (await state(owner, made))[0] is not None:
                break
            await asyncio.sleep(0.05)
    assert await state(owner, made) == ("not_public", 0, False)
    assert outside.asked == {}
