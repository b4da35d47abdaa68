"""A practitioner's calendar feed: who can read it, what it tells, and that its address opens nothing once withdrawn."""

from __future__ import annotations

import re
from datetime import timedelta

import asyncpg
import pytest
from aiohttp import ClientResponse
from icalendar import Calendar

from telemed import clock
from telemed.db import Database
from telemed.identity.callers import SYSTEM
from telemed.scheduling import changes
from telemed.scheduling.types import Patient
from tests import booking, logins, people
from tests.http.conftest import NINE, Tokens
from tests.people import CALLERS, DR_BOB, DR_CHARLIE, DR_DORA
from tests.refusals import Client

PAGE = "/practice/feeds"


def cookie(tokens: Tokens, role: str) -> dict[str, str]:
    return logins.in_cookie(tokens(role)) | {"Sec-Fetch-Site": "same-origin"}


async def post(client: Client, tokens: Tokens, path: str, role: str = "staff", **form: str) -> ClientResponse:
    return await client.post(
        f"{PAGE}/{path}", data={"x": "", **form}, headers=cookie(tokens, role), allow_redirects=False
    )


async def made(client: Client, tokens: Tokens, practitioner: object = DR_BOB) -> str:
    """The path of a new address, as the page shows it."""
    answer = await post(client, tokens, f"{practitioner}/addresses")
    assert answer.status == 303
    shown = await (await client.get(answer.headers["Location"], headers=cookie(tokens, "staff"))).text()
    found = re.search(r"/feeds/[\w-]{32}\.ics", shown)
    assert found is not None
    return found[0]


async def test_the_feed_tells_times_and_initials(api: Client, cast: Database, tokens: Tokens) -> None:
    alice = Patient("Alice Sophie Ährenfeld-Öhl", booking.ALICE.birth_date, "alice@example.org", "+493984123456")
    it = await booking.book(cast, NINE, alice)
    path = await made(api, tokens)
    answer = await api.get(path)
    text = await answer.text()
    assert (answer.status, answer.content_type) == (200, "text/calendar")
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    for personal in ("Alice", "hrenfeld", "1948", "alice@", "3984123456", it.code):
        assert personal not in text
    (event,) = Calendar.from_ical(text).walk("VEVENT")
    assert str(event["SUMMARY"]) == "A. S. Ä. Ö. (Video)"
    assert (event.start, event.end) == (it.start, it.end)
    assert (str(event["UID"]).split("@")[0], event["SEQUENCE"]) == (str(it.id), 0)


async def test_moves_raise_the_sequence_and_cancellations_vanish(api: Client, cast: Database, tokens: Tokens) -> None:
    first, second = (
        await booking.book(cast, NINE),
        await booking.book(cast, NINE + timedelta(hours=1), booking.patient("Berta")),
    )
    path = await made(api, tokens)
    await changes.move(cast, CALLERS["carla"], first.id, NINE + timedelta(minutes=30), None)
    await changes.cancel(cast, CALLERS["carla"], second.id, None)
    (event,) = Calendar.from_ical(await (await api.get(path)).text()).walk("VEVENT")
    assert (event.start, event["SEQUENCE"]) == (NINE + timedelta(minutes=30), 1)


async def test_only_a_changed_feed_is_sent_again(api: Client, cast: Database, tokens: Tokens) -> None:
    await booking.book(cast, NINE)
    path = await made(api, tokens)
    first = await api.get(path)
    again = await api.get(path, headers={"If-None-Match": f'W/{first.headers["ETag"]}, "other"'})
    assert (again.status, await again.read(), again.headers["ETag"]) == (304, b"", first.headers["ETag"])
    assert first.headers["Last-Modified"]
    await booking.book(cast, NINE + timedelta(hours=1), booking.patient("Berta"))
    changed = await api.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert changed.status == 200


async def test_a_week_back_and_the_other_doctors_not(api: Client, cast: Database, tokens: Tokens) -> None:
    await people.open_hours(cast, DR_DORA, NINE, 1)
    await booking.book(cast, NINE)
    await booking.book(cast, NINE, booking.patient("Dora"), service=people.TALK_DORA)
    path = await made(api, tokens)
    for days, entries in ((0, 1), (7, 1), (9, 0)):
        with clock.shifted(timedelta(days=days)):
            assert (await (await api.get(path)).text()).count("BEGIN:VEVENT") == entries


@pytest.mark.rule("V-09")
async def test_a_withdrawn_address_answers_like_an_unknown_one(
    api: Client, owner: asyncpg.Connection, tokens: Tokens
) -> None:
    path = await made(api, tokens)
    feed = await owner.fetchval("SELECT id FROM feed WHERE revoked IS NULL")
    assert (await api.get(path)).status == 200
    assert (await post(api, tokens, f"{DR_BOB}/addresses/{feed}/withdrawal")).status == 303
    answers = [await api.get(at) for at in (path, f"/feeds/{'x' * 32}.ics", "/feeds/%00.ics", "/feeds/x.ics")]
    assert {(answer.status, await answer.read(), answer.headers["Cache-Control"]) for answer in answers} == {
        (404, b"There is no calendar here.\n", "no-store")
    }


@pytest.mark.rule("G-32")
async def test_the_secret_is_neither_stored_nor_logged(
    api: Client, owner: asyncpg.Connection, tokens: Tokens, capfd: pytest.CaptureFixture[str]
) -> None:
    path = await made(api, tokens)
    secret = path.removeprefix("/feeds/").removesuffix(".ics")
    await api.get(path)
    await api.get(path.replace(secret[:4], "XXXX"))
    assert secret not in str(await owner.fetch("SELECT feed.*, encode(digest, 'escape') FROM feed"))
    assert secret[4:] not in "".join(capfd.readouterr())


async def test_the_address_is_shown_for_ten_minutes(api: Client, tokens: Tokens) -> None:
    made_at = (await post(api, tokens, f"{DR_BOB}/addresses")).headers["Location"]
    for minutes, seen in ((9, True), (11, False)):
        with clock.shifted(timedelta(minutes=minutes)):
            shown = await (await api.get(made_at, headers=cookie(tokens, "staff"))).text()
        assert bool(re.search(r"/feeds/[\w-]{32}\.ics", shown)) == seen


async def test_doctors_manage_their_own_and_staff_those_of_the_practice(api: Client, tokens: Tokens) -> None:
    assert (await post(api, tokens, f"{DR_DORA}/addresses")).status == 303
    assert (await post(api, tokens, f"{DR_BOB}/addresses", "practitioner")).status == 303
    for practitioner, role in ((DR_CHARLIE, "staff"), (DR_DORA, "practitioner"), (DR_CHARLIE, "practitioner")):
        for path in ("addresses", "calendars"):
            answer = await post(api, tokens, f"{practitioner}/{path}", role, url="https://calendar.example/a.ics")
            assert answer.status == 404
    assert (await post(api, tokens, f"{DR_BOB}/addresses", "assistant")).status == 403


async def test_ten_addresses_are_enough(api: Client, tokens: Tokens) -> None:
    statuses = [(await post(api, tokens, f"{DR_BOB}/addresses")).status for _ in range(11)]
    assert statuses == [303] * 10 + [409]


async def test_calendars_are_added_shown_and_removed(api: Client, owner: asyncpg.Connection, tokens: Tokens) -> None:
    wrong = await post(api, tokens, f"{DR_BOB}/calendars", url="kalender.example/f7k2.ics")
    text = await wrong.text()
    assert wrong.status == 422
    assert 'value="kalender.example/f7k2.ics"' in text
    assert 'aria-invalid="true"' in text
    assert (await post(api, tokens, f"{DR_BOB}/calendars", url="webcal://kalender.example/f7k2.ics")).status == 303
    assert (await post(api, tokens, f"{DR_BOB}/calendars", url="https://kalender.example/f7k2.ics")).status == 409
    shown = await (await api.get(PAGE, headers=cookie(tokens, "staff"))).text()
    assert "kalender.example" in shown and "wird gelesen" in shown and "f7k2" not in shown
    await owner.execute("UPDATE busy_calendar SET last_error = 'not_public', last_read = now()")
    shown = await (await api.get(PAGE, headers=cookie(tokens, "staff"))).text()
    assert "privates Netz" in shown and "gelten weiter" in shown
    calendar = await owner.fetchval("SELECT id FROM busy_calendar")
    assert (await post(api, tokens, f"{DR_BOB}/calendars/{calendar}/removal")).status == 303
    assert await owner.fetchval("SELECT count(*) FROM busy_calendar") == 0


async def test_withdrawn_addresses_are_forgotten(api: Client, cast: Database, tokens: Tokens) -> None:
    path = await made(api, tokens)
    async with cast.transaction(SYSTEM) as tx:
        await tx.connection.execute("UPDATE feed SET revoked = now() - interval '89 days'")
        aged = clock.now() - timedelta(days=90)
        assert await tx.value("retention.feeds", before=aged, limit=10) == 0
        assert await tx.value("retention.feeds", before=aged + timedelta(days=2), limit=10) == 1
    assert (await api.get(path)).status == 404
