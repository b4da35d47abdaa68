"""Hours over JSON and over forms: what makes no sense is refused and explained, and nothing booked is dropped."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from typing import Any

import asyncpg
import pytest

from telemed import clock
from telemed.db import Database
from telemed.scheduling.types import Patient
from telemed.wording import HERE
from tests import logins, people
from tests.booking import book
from tests.http.conftest import NINE, Tokens
from tests.people import DR_BOB, DR_CHARLIE, DR_DORA, PRENZLAU
from tests.refusals import Client, problem

RULES = f"/api/v1/practitioners/{DR_BOB}/rules"
CLOSURES = "/api/v1/closures"
MORNINGS = {
    "recurrence": "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA,SU", "start_time": "08:00:00", "end_time": "12:00:00",
    "from_date": "2026-01-01", "on_holidays": True,
}  # fmt: skip


def today() -> date:
    return clock.now().astimezone(HERE).date()


def day(after: int) -> str:
    return (today() + timedelta(days=after)).isoformat()


WRONG_RULES: dict[str, tuple[dict[str, Any], str]] = {
    "no days": ({"recurrence": "FREQ=WEEKLY;BYDAY="}, "recurrence_unreadable"),
    "by hours": ({"recurrence": "FREQ=DAILY;BYHOUR=9,10"}, "recurrence_unreadable"),
    "every minute": ({"recurrence": "FREQ=MINUTELY"}, "recurrence_unreadable"),
    "a count": ({"recurrence": "FREQ=DAILY;COUNT=3"}, "recurrence_unreadable"),
    "an end of its own": ({"recurrence": "FREQ=DAILY;UNTIL=20270101"}, "recurrence_unreadable"),
    "a part twice": ({"recurrence": "FREQ=DAILY;FREQ=WEEKLY"}, "recurrence_unreadable"),
    "two rules": ({"recurrence": "FREQ=DAILY\nRRULE:FREQ=WEEKLY"}, "recurrence_unreadable"),
    "nothing": ({"recurrence": ""}, "recurrence_unreadable"),
    "never": ({"recurrence": "FREQ=WEEKLY;INTERVAL=0;BYDAY=MO"}, "recurrence_unreadable"),
    "a huge interval": ({"recurrence": f"FREQ=WEEKLY;INTERVAL={'9' * 80};BYDAY=MO"}, "interval_too_long"),
    "every 400 days": ({"recurrence": "FREQ=DAILY;INTERVAL=400"}, "interval_too_long"),
    "30 February": ({"recurrence": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"}, "never_occurs"),
    "31 of every November": ({"recurrence": "FREQ=YEARLY;BYMONTH=11;BYMONTHDAY=31"}, "never_occurs"),
    "the first Monday on a 20th": ({"recurrence": "FREQ=MONTHLY;BYDAY=1MO;BYMONTHDAY=20"}, "never_occurs"),
    "over already": ({"until_date": "2026-01-31"}, "never_occurs"),
    "end before start": ({"start_time": "12:00:00", "end_time": "08:00:00"}, "end_before_start"),
    "no time at all": ({"start_time": "08:00:00", "end_time": "08:00:00"}, "end_before_start"),
    "until before from": ({"until_date": "2025-12-31"}, "until_before_from"),
    "the year 9999": ({"from_date": "9999-12-31"}, "date_too_far"),
    "the year 1": ({"from_date": "0001-01-01"}, "date_too_far"),
    "no such zone": ({"zone": "Europe/Prenzlau"}, "unknown_zone"),
    "a folder of zones": ({"zone": "Europe"}, "unknown_zone"),
    "a path": ({"zone": "../../etc/passwd"}, "unknown_zone"),
    "overlapping": ({"start_time": "11:00:00", "end_time": "13:00:00"}, "rules_overlap"),
    "within another": ({"start_time": "09:00:00", "end_time": "10:00:00"}, "rules_overlap"),
    "over midnight into the next morning": (
        {"start_time": "22:00:00", "end_time": "08:30:00", "overnight": True}, "rules_overlap"),
    "a time with a zone": ({"start_time": "08:00:00Z"}, "invalid"),
    "an unknown field": ({"weekdays": [1]}, "invalid"),
}  # fmt: skip

WRONG_CLOSURES: dict[str, tuple[dict[str, Any], str]] = {
    "in the past": ({"first": "2026-01-01", "last": "2026-01-05"}, "closure_in_the_past"),
    "end before start": ({"first": day(5), "last": day(4)}, "closure_ends_first"),
    "times in the wrong order": (
        {"first": day(5), "last": day(5), "since": "12:00:00", "until": "09:00:00"}, "closure_ends_first"),
    "three years": ({"first": day(1), "last": day(1100)}, "closure_too_long"),
    "the end of time": ({"first": day(1), "last": "9999-12-31"}, "closure_too_long"),
    "a yearly year": ({"first": day(1), "last": day(380), "yearly": True}, "closure_too_long"),
    "a yearly afternoon": ({"first": day(1), "last": day(1), "since": "12:00:00", "yearly": True}, "yearly_whole_days"),
    "covering for oneself": ({"substitute": str(DR_BOB)}, "substitute_unfit"),
    "a stranger covers": ({"substitute": str(DR_CHARLIE)}, "substitute_unfit"),
    "somebody covers the practice": ({"practitioner": None, "substitute": str(DR_DORA)}, "substitute_unfit"),
    "a long note": ({"note": "x" * 300}, "note_too_long"),
    "a stranger's doctor": ({"practitioner": str(DR_CHARLIE)}, "not_found"),
}  # fmt: skip


async def test_rules_that_make_no_sense(api: Client, tokens: Tokens, owner: asyncpg.Connection) -> None:
    assert (await api.post(RULES, json=MORNINGS, headers=tokens("staff"))).status == 201
    before = await owner.fetch("SELECT * FROM rule"), await owner.fetch("SELECT * FROM opening ORDER BY id")
    for what, (change, code) in WRONG_RULES.items():
        answer = await api.post(RULES, json=MORNINGS | change, headers=tokens("staff"))
        assert await problem(answer) == (422, code), what
    assert before == (await owner.fetch("SELECT * FROM rule"), await owner.fetch("SELECT * FROM opening ORDER BY id"))


async def test_closures_that_make_no_sense(api: Client, tokens: Tokens, owner: asyncpg.Connection) -> None:
    usual = {"first": day(3), "last": day(4), "practitioner": str(DR_BOB)}
    for what, (change, code) in WRONG_CLOSURES.items():
        answer = await api.post(CLOSURES, json=usual | change, headers=tokens("staff"))
        assert await problem(answer) == (404 if code == "not_found" else 422, code), what
    assert await owner.fetchval("SELECT count(*) FROM closure") == 0


async def test_the_life_of_a_rule(api: Client, tokens: Tokens, owner: asyncpg.Connection) -> None:
    staff = tokens("staff")
    made = await (await api.post(RULES, json=MORNINGS, headers=staff)).json()
    again = await (await api.post(RULES, json=MORNINGS, headers=staff)).json()
    assert again["rule"] == made["rule"], "a second click makes no second rule"
    rule = f"/api/v1/rules/{made['rule']['id']}"
    later = await api.put(rule, json=MORNINGS | {"start_time": "10:00:00"}, headers=staff)
    assert (await later.json())["rule"]["start_time"] == "10:00:00"
    assert {row[0] for row in await owner.fetch("SELECT upper(during) - lower(during) FROM opening")} == {
        timedelta(hours=2)
    }
    assert len((await (await api.get(RULES, headers=staff)).json())["rules"]) == 1
    assert (await api.delete(rule, headers=staff)).status == 200
    assert await owner.fetchval("SELECT count(*) FROM opening") == 0
    assert await problem(await api.delete(rule, headers=staff)) == (404, "not_found")
    assert await owner.fetchval("SELECT count(*) FROM audit WHERE verb = 'hours.change'") == 3


async def test_who_may(api: Client, tokens: Tokens, owner: asyncpg.Connection) -> None:
    made = await (await api.post(RULES, json=MORNINGS, headers=tokens("practitioner"))).json()
    asked = [
        ("GET", RULES, None), ("POST", RULES, MORNINGS), ("PUT", f"/api/v1/rules/{made['rule']['id']}", MORNINGS),
        ("DELETE", f"/api/v1/rules/{made['rule']['id']}", None), ("GET", CLOSURES, None),
        ("POST", CLOSURES, {"first": day(1), "last": day(1)}),
    ]  # fmt: skip
    for method, path, body in asked:
        for role, refused in (("anonymous", 401), ("guest", 403), ("assistant", 403), ("admin", 403)):
            answer = await api.request(method, path, json=body, headers=tokens(role))
            assert (await problem(answer))[0] == refused, (method, path, role)
    charlies = f"/api/v1/practitioners/{DR_CHARLIE}/rules"
    for method, body in (("GET", None), ("POST", MORNINGS)):
        answer = await api.request(method, charlies, json=body, headers=tokens("staff"))
        assert await problem(answer) == (404, "not_found")
    await owner.execute("UPDATE rule SET practitioner = $1", DR_CHARLIE)
    for method in ("PUT", "DELETE"):
        answer = await api.request(
            method, f"/api/v1/rules/{made['rule']['id']}", json=MORNINGS, headers=tokens("staff")
        )
        assert await problem(answer) == (404, "not_found")


async def test_nothing_booked_is_dropped(api: Client, cast: Database, tokens: Tokens) -> None:
    await api.post(RULES, json=MORNINGS | {"start_time": "00:00:00", "end_time": "00:00:00"}, headers=tokens("staff"))
    booked = await book(cast, NINE)
    whole = {"first": day(0), "last": day(3), "note": "Betriebsausflug"}
    closed = await (await api.post(CLOSURES, json=whole, headers=tokens("staff"))).json()
    assert closed["outside"] == 1
    shown = await (await api.get(f"/api/v1/appointments/{booked.id}", headers=tokens("staff"))).json()
    assert shown["status"] == "booked"
    opened = await api.delete(f"{CLOSURES}/{closed['closure']['id']}", headers=tokens("staff"))
    assert await opened.json() == {"outside": 0}


Pages = Callable[..., Awaitable[tuple[int, str, str]]]


@pytest.fixture
def pages(api: Client, tokens: Tokens) -> Pages:
    """Asks for a page as Carla: status, Location, text."""
    cookie = logins.in_cookie(tokens("staff"))

    async def ask(path: str, form: dict[str, str] | None = None) -> tuple[int, str, str]:
        method = "GET" if form is None else "POST"
        answer = await api.request(method, path, data=form, headers=cookie, allow_redirects=False)
        return answer.status, answer.headers.get("Location", ""), await answer.text()

    return ask


FORM = {"who": str(DR_BOB), "start_time": "8", "end_time": "12.30 Uhr", "every_weeks": "2", "from_date": "1.12.2026"}


async def test_the_form_of_a_rule(pages: Pages, owner: asyncpg.Connection) -> None:
    status, _where, text = await pages("/practice/hours/rules", FORM | {"end_time": "7", "note": "x"})
    assert status == 422 and "Bitte wählen Sie mindestens einen Tag." in text and 'value="1.12.2026"' in text
    status, _where, text = await pages("/practice/hours/rules", FORM | {"day_1": "yes", "end_time": "7"})
    assert (
        status == 422
        and "Geht es nach Mitternacht weiter?" in text
        and 'id="day_1" name="day_1" value="yes" checked' in text
    )
    for wrong in ({"start_time": "25:00"}, {"from_date": "31.2.2027"}, {"every_weeks": "²"}, {"every_weeks": "9" * 99}):
        assert (await pages("/practice/hours/rules", FORM | {"day_1": "yes"} | wrong))[0] == 422, wrong
    status, where, _text = await pages("/practice/hours/rules", FORM | {"day_1": "yes", "day_3": "yes"})
    assert (status, where) == (303, f"/practice/hours?who={DR_BOB}")
    assert "montags und mittwochs 8:00–12:30 Uhr, jede zweite Woche, ab 1.12.2026" in (await pages(where))[2]
    (kept,) = await owner.fetch("SELECT id, recurrence FROM rule")
    assert kept["recurrence"] == "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE"
    path = f"/practice/hours/rules/{kept['id']}"
    assert 'id="day_3" name="day_3" value="yes" checked' in (await pages(path))[2]
    assert (await pages(path, FORM | {"day_5": "yes", "every_weeks": "1", "until_date": "31.12.2026"}))[0] == 303
    assert "freitags 8:00–12:30 Uhr" in (await pages("/practice/hours"))[2]
    assert (await pages(f"{path}/removal", {}))[0] == 303
    assert (await pages(path))[0] == 404


async def test_closures_and_holidays_on_the_page(pages: Pages, owner: asyncpg.Connection) -> None:
    form = {"who": str(DR_BOB), "first": "24.12.2026", "last": "31.12.2026", "substitute": str(DR_DORA)}
    assert (await pages("/practice/hours/closures", form | {"first": "", "who": ""}))[0] == 422
    assert (await pages("/practice/hours/closures", form | {"substitute": "nobody"}))[0] == 422
    assert (await pages("/practice/hours/closures", form | {"yearly": "yes", "note": "Weihnachten"}))[0] == 303
    text = (await pages(f"/practice/hours?who={DR_BOB}"))[2]
    assert "Jedes Jahr: vom 24.12. bis 31.12." in text and "Vertretung: Dr. med. Dora Distel" in text
    assert "Erster Weihnachtstag" in text and "Die Praxis ist an Feiertagen geschlossen." in text
    closure = await owner.fetchval("SELECT id FROM closure")
    assert (await pages(f"/practice/hours/closures/{closure}/removal", {"who": str(DR_BOB)}))[0] == 303
    assert (await pages("/practice/hours/holidays", {"open": "yes"}))[0] == 303
    assert await owner.fetchval("SELECT on_holidays FROM site WHERE id = $1", PRENZLAU)
    assert "An Feiertagen schließen" in (await pages("/practice/hours"))[2]


async def test_each_appointment_outside_is_decided(pages: Pages, cast: Database, owner: asyncpg.Connection) -> None:
    await people.open_hours(cast, DR_DORA, NINE, 2)
    berta = Patient("Berta Probe", date(1970, 1, 1), email="berta@example.org")
    kept, cancelled = await book(cast, NINE), await book(cast, NINE + timedelta(minutes=30), berta)
    tomorrow = (today() + timedelta(days=1)).strftime("%d.%m.%Y")
    status, where, _text = await pages("/practice/hours/closures", {"who": "all", "first": tomorrow})
    assert (status, where) == (303, "/practice/hours/outside")
    text = (await pages(where))[2]
    assert f"/practice/appointments/{kept.id}/move" in text and "Berta Probe" in text
    assert "2 Termine liegen außerhalb der Sprechzeiten." in (await pages("/practice/hours"))[2]
    assert (await pages(f"{where}/{kept.id}/keep", {}))[0] == 303
    assert (await pages(f"{where}/{cancelled.id}/cancellation", {"epoch": "1", "message": "Rufen Sie an."}))[0] == 303
    assert "Alle Termine liegen in den Sprechzeiten." in (await pages(where))[2]
    rows = await owner.fetch("SELECT id, status, kept_outside FROM appointment")
    assert {tuple(row) for row in rows} == {(kept.id, "booked", True), (cancelled.id, "cancelled", False)}
    assert await owner.fetchval("SELECT count(*) FROM audit WHERE verb = 'appointment.keep'") == 1
    assert await owner.fetchval("SELECT message FROM notice WHERE kind = 'cancelled'") == "Rufen Sie an."
    assert await owner.fetchval("SELECT count(*) FROM audit WHERE detail LIKE '%Rufen%'") == 0
    assert (await pages(f"{where}/{people.fixed(99)}/keep", {}))[0] == 404


@pytest.mark.rule("B-01")
async def test_patients_read_who_covers(api: Client, tokens: Tokens) -> None:
    """The absent doctor's page names the substitute and leads there; who goes there is up to the patient."""
    away = {"first": day(2), "last": day(9), "practitioner": str(DR_BOB), "substitute": str(DR_DORA), "note": "Kur"}
    assert (await api.post(CLOSURES, json=away, headers=tokens("staff"))).status == 201
    text = await (await api.get(f"/practitioners/{DR_BOB}")).text()
    first, last = (f"{d.day}.{d.month}.{d.year}" for d in (today() + timedelta(days=n) for n in (2, 9)))
    assert f"Dr. med. Bob Buchfink ist vom {first} bis {last} nicht da." in text
    assert "Die Vertretung hat Dr. med. Dora Distel." in text and f'href="/practitioners/{DR_DORA}"' in text
    assert "Kur" not in text
    assert "nicht da" not in await (await api.get(f"/practitioners/{DR_DORA}")).text()
