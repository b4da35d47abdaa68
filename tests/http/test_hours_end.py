"""Hours that end on a day, and hours of some weeks of a month: on the pages, with what lies outside afterwards."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import UUID

import asyncpg
import pytest

from telemed import clock
from telemed.db import Database
from telemed.wording import HERE
from tests import logins
from tests.booking import book
from tests.http.conftest import Tokens
from tests.http.test_hours import FORM, MORNINGS, RULES, Pages
from tests.http.test_hours import pages as pages
from tests.people import DR_BOB, DR_CHARLIE
from tests.refusals import Client

OUTSIDE = "/practice/hours/outside"


def local(on: date) -> str:
    return f"{on:%d.%m.%Y}"


def today() -> date:
    return clock.now().astimezone(HERE).date()


async def made(api: Client, tokens: Tokens, **other: object) -> UUID:
    answer = await api.post(RULES, json=MORNINGS | other, headers=tokens("staff"))
    assert answer.status == 201, await answer.text()
    return UUID((await answer.json())["rule"]["id"])


async def openings(owner: asyncpg.Connection) -> list[datetime]:
    return [row[0] for row in await owner.fetch("SELECT lower(during) FROM opening ORDER BY 1")]


async def test_a_rule_ends_and_its_past_stays(
    api: Client, cast: Database, tokens: Tokens, pages: Pages, owner: asyncpg.Connection
) -> None:
    rule = await made(api, tokens)
    starts = [start for start in await openings(owner) if start > clock.now() + timedelta(days=2)]
    booked = await book(cast, starts[3])
    last = today() + timedelta(days=2)
    path = f"/practice/hours/rules/{rule}/end"
    assert f'href="{path}"' in (await pages(f"/practice/hours?who={DR_BOB}"))[2]
    for wrong, told in (
        ("", "Bitte schreiben Sie Tag, Monat und Jahr"), ("31.2.2027", "Diesen Tag gibt es nicht."),
        (local(today() - timedelta(days=2)), "Was vorbei ist, lässt sich nicht ändern."),
        ("31.12.2025", "Der letzte Tag liegt vor dem ersten"),
    ):  # fmt: skip
        status, _where, text = await pages(path, {"until_date": wrong})
        assert status == 422 and told in text and f'value="{wrong}"' in text, wrong
    assert await owner.fetchval("SELECT until_date FROM rule") is None
    status, where, _text = await pages(path, {"until_date": local(last)})
    assert (status, where) == (303, OUTSIDE)
    assert f"/practice/appointments/{booked.id}/move" in (await pages(OUTSIDE))[2]
    kept = await owner.fetchrow("SELECT from_date, until_date FROM rule WHERE id = $1", rule)
    assert kept is not None and tuple(kept) == (date(2026, 1, 1), last)
    assert {start.astimezone(HERE).date() for start in await openings(owner)} <= {
        today() + timedelta(days=n) for n in range(-2, 3)
    }
    assert await owner.fetchval("SELECT status FROM appointment") == "booked"
    assert f"bis {last.day}.{last.month}.{last.year}" in (await pages(f"/practice/hours?who={DR_BOB}"))[2]
    assert await owner.fetchval("SELECT count(*) FROM audit WHERE detail = $1", f"rule {rule} ends {last}") == 1


async def test_a_rule_ends_at_once(api: Client, tokens: Tokens, pages: Pages, owner: asyncpg.Connection) -> None:
    rule = await made(api, tokens)
    yesterday = local(today() - timedelta(days=1))
    assert (await pages(f"/practice/hours/rules/{rule}/end", {"until_date": yesterday}))[1].startswith(
        "/practice/hours?"
    )
    assert [start for start in await openings(owner) if start.astimezone(HERE).date() >= today()] == []


async def test_a_stranger_ends_nothing(api: Client, tokens: Tokens, pages: Pages, owner: asyncpg.Connection) -> None:
    rule = await made(api, tokens)
    await owner.execute("UPDATE rule SET practitioner = $1", DR_CHARLIE)
    path = f"/practice/hours/rules/{rule}/end"
    assert (await pages(path))[0] == (await pages(path, {"until_date": local(today())}))[0] == 404


@pytest.mark.parametrize(
    ("recurrence", "told"),
    [
        ("FREQ=MONTHLY;INTERVAL=3;BYDAY=-1FR", "am letzten Freitag des Monats 3:00–4:00 Uhr, alle 3 Monate"),
        ("FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=24", "am 24. im Dezember 3:00–4:00 Uhr"),
    ],
)
async def test_what_only_the_api_makes_is_told_kept_and_ended(
    api: Client, tokens: Tokens, pages: Pages, owner: asyncpg.Connection, recurrence: str, told: str
) -> None:
    rule = await made(api, tokens, recurrence=recurrence, start_time="03:00:00", end_time="04:00:00")
    path = f"/practice/hours/rules/{rule}"
    for where in (f"/practice/hours?who={DR_BOB}", path, f"{path}/end"):
        text = (await pages(where))[2]
        assert told in text and "FREQ" not in text
    assert 'name="day_1"' not in (await pages(path))[2]
    form = {"who": str(DR_BOB), "start_time": "5", "end_time": "6", "from_date": "1.1.2026", "every_weeks": "7"}
    assert (await pages(path, form))[0] == 303
    assert (await pages(f"{path}/end", {"until_date": "31.12.2030"}))[0] == 303
    kept = await owner.fetchrow("SELECT recurrence, start_time::text, until_date FROM rule")
    assert kept is not None and tuple(kept) == (recurrence, "05:00:00", date(2030, 12, 31))


async def test_the_first_monday_of_the_month(pages: Pages, owner: asyncpg.Connection) -> None:
    form = FORM | {"day_1": "yes", "day_3": "yes", "nth_1": "yes", "nth_last": "yes"}
    status, _where, text = await pages("/practice/hours/rules", form)
    assert status == 422 and "Entweder nur manche Tage im Monat" in text and 'value="2"' in text
    assert 'name="nth_last" value="yes" checked' in text
    assert (await pages("/practice/hours/rules", form | {"every_weeks": "1"}))[0] == 303
    (kept,) = await owner.fetch("SELECT id, recurrence FROM rule")
    assert kept["recurrence"] == "FREQ=MONTHLY;BYDAY=1MO,1WE,-1MO,-1WE"
    path = f"/practice/hours/rules/{kept['id']}"
    text = (await pages(path))[2]
    for tick in ("day_1", "day_3", "nth_1", "nth_last"):
        assert f'id="{tick}" name="{tick}" value="yes" checked' in text
    assert 'name="nth_2" value="yes" checked' not in text
    assert (await pages(path, FORM | {"day_1": "yes", "nth_1": "yes", "every_weeks": ""}))[0] == 303
    assert "am ersten Montag des Monats 8:00–12:30 Uhr" in (await pages("/practice/hours"))[2]
    assert (await pages(path, FORM | {"day_1": "yes", "every_weeks": ""}))[0] == 303
    assert await owner.fetchval("SELECT recurrence FROM rule") == "FREQ=WEEKLY;BYDAY=MO"


async def test_in_english(api: Client, tokens: Tokens) -> None:
    rule = await made(api, tokens, recurrence="FREQ=MONTHLY;BYDAY=2TU")
    cookie = logins.in_cookie(tokens("staff"))
    text = await (await api.get(f"/practice/hours/rules/{rule}/end?lang=en", headers=cookie)).text()
    assert "on the second Tuesday of the month 8:00 to 12:00" in text and "Let opening hours end" in text
