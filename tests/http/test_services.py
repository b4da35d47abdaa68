"""What can be booked, who comes first and who is called first: the practice's pages and operations, from outside."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from tests import logins, people
from tests.http.conftest import NINE, Tokens
from tests.people import ALICE, DR_BOB, DR_CHARLIE, PRENZLAU, TALK, TERMS
from tests.refusals import Client, problem

QUARTER = timedelta(minutes=15)
OF_BOB = f"/api/v1/practitioners/{DR_BOB}/services"
NEIGHBOUR = {"postal_code": "17291"}
FORM = people.SERVICE_FORM


@pytest.fixture
def carla(tokens: Tokens) -> dict[str, str]:
    """Carla's cookie."""
    return logins.in_cookie(tokens("staff"))


async def wish(api: Client, **more: Any) -> Any:
    asked = {"service": str(TALK), "start": NINE.isoformat(), "mode": "video", "patient": ALICE, **more}
    return await api.post("/api/v1/appointments", json=asked)


async def test_a_service_from_first_to_last(api: Client, tokens: Tokens, owner: asyncpg.Connection) -> None:
    staff = tokens("staff")
    made = await (await api.post(OF_BOB, json=TERMS, headers=staff)).json()
    assert {name: made[name] for name in TERMS} == TERMS
    changed = await api.patch(
        f"/api/v1/services/{made['id']}", json={"horizon": "P90D", "daily_cap": None}, headers=staff
    )
    told = await changed.json()
    assert (told["horizon"], told["daily_cap"], told["duration"]) == ("P90D", None, "PT1200S")
    assert (await api.delete(f"/api/v1/services/{made['id']}", headers=staff)).status == 204
    listed = await (await api.get(OF_BOB, headers=staff)).json()
    assert [(one["id"] == made["id"], one["active"]) for one in listed["services"]] == [(False, True), (True, False)]
    again = await api.patch(f"/api/v1/services/{made['id']}", json={"active": True}, headers=staff)
    assert (await again.json())["active"] is True
    trail = await owner.fetch("SELECT detail FROM audit WHERE verb = 'service.change' ORDER BY id")
    assert [row["detail"].split()[-1] for row in trail] == ["added", "changed", "retired", "again"]


WRONG: dict[str, tuple[dict[str, object], str]] = {
    "no name": ({"name_de": " "}, "name_de"),
    "no time": ({"duration": "PT0S"}, "duration"),
    "seconds": ({"duration": "PT10M30S"}, "duration"),
    "a day long": ({"duration": "P1D"}, "duration"),
    "a buffer before yesterday": ({"buffer_before": "-PT5M"}, "buffer_before"),
    "a horizon of years": ({"horizon": "P2000D"}, "horizon"),
    "a notice beyond the horizon": ({"notice": "P31D"}, "notice"),
    "no mode": ({"modes": []}, "modes"),
    "a mode twice": ({"modes": ["video", "video"]}, "modes"),
    "nobody a day": ({"daily_cap": 0}, "daily_cap"),
    "no language of this world": ({"languages": ["xx-klingon"]}, "languages"),
    "assessment of those who are known": ({"patients": "known", "first_assessment": True}, "first_assessment"),
}


@pytest.mark.parametrize(("change", "field"), WRONG.values(), ids=WRONG.keys())
async def test_terms_that_cannot_be_meant(api: Client, tokens: Tokens, change: dict[str, object], field: str) -> None:
    answer = await api.post(OF_BOB, json=TERMS | change, headers=tokens("staff"))
    assert await problem(answer) == (422, "invalid")
    assert set((await answer.json())["fields"]) == {field}
    answer = await api.patch(f"/api/v1/services/{TALK}", json=change, headers=tokens("staff"))
    assert await problem(answer) == (422, "invalid")


async def test_another_practice_sees_and_changes_nothing(api: Client, tokens: Tokens) -> None:
    staff = tokens("staff")
    of_charlie = f"/api/v1/practitioners/{DR_CHARLIE}/services"
    theirs = f"/api/v1/services/{people.TALK_CHARLIE}"
    for answer in (
        await api.get(of_charlie, headers=staff), await api.post(of_charlie, json=TERMS, headers=staff),
        await api.patch(theirs, json={"daily_cap": 1}, headers=staff), await api.delete(theirs, headers=staff),
    ):  # fmt: skip
        assert await problem(answer) == (404, "not_found")


async def test_the_form_keeps_what_was_typed(api: Client, carla: dict[str, str], owner: asyncpg.Connection) -> None:
    typed = FORM | {"duration": "zwanzig", "daily_cap": "-3", "horizon": "0", "name_en": ""}
    answer = await api.post("/practice/services/new", data=typed, headers=carla)
    text = await answer.text()
    assert answer.status == 422
    for field in ("duration", "daily_cap", "horizon", "name_en"):
        assert f'id="{field}-error"' in text
    assert 'value="zwanzig"' in text and 'value="Wundkontrolle"' in text and 'value="-3"' in text
    assert re.search(r'id="languages-pl" name="language_pl" value="yes" checked', text)
    assert await owner.fetchval("SELECT count(*) FROM service WHERE practitioner = $1", DR_BOB) == 1


async def test_a_service_by_form(api: Client, carla: dict[str, str], owner: asyncpg.Connection) -> None:
    answer = await api.post("/practice/services/new", data=FORM, headers=carla, allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (303, "/practice/services")
    row = await owner.fetchrow("SELECT * FROM service WHERE name_de = 'Wundkontrolle'")
    assert (row["notice"], row["horizon"], row["cancel_until"]) == tuple(timedelta(days=n) for n in (2, 60, 1))
    assert (row["modes"], row["languages"], row["daily_cap"]) == (["video"], ["pl"], 6)
    own = f"/practice/services/{row['id']}"
    text = await (await api.get(own, headers=carla)).text()
    assert 'id="notice" name="notice" type="text" value="2"' in text and '<option value="days" selected>' in text
    await api.post(own, data=FORM | {"patients": "new", "first_assessment": "yes"}, headers=carla)
    await api.post(f"{own}/retirement", data={"x": "y"}, headers=carla)
    after = await owner.fetchrow("SELECT * FROM service WHERE id = $1", row["id"])
    assert (after["patients"], after["first_assessment"], after["active"]) == ("new", True, False)
    assert "Wundkontrolle" in await (await api.get("/practice/services", headers=carla)).text()


async def test_settings_of_the_practice(api: Client, carla: dict[str, str], owner: asyncpg.Connection) -> None:
    typed = {
        "near": "yes",
        "near_minutes": "30",
        "near_share": "101",
        "near_until": "x",
        "head_start": "2",
        "reminder_2": "yes",
    }
    answer = await api.post("/practice/settings", data=typed, headers=carla)
    assert answer.status == 422 and 'value="101"' in await answer.text()
    typed |= {"near_share": "20", "near_until": "3"}
    answer = await api.post("/practice/settings", data=typed, headers=carla)
    assert "20 von 100 Zeiten" in await answer.text()
    row = await owner.fetchrow("SELECT * FROM site WHERE id = $1", PRENZLAU)
    assert (row["near_minutes"], row["near_share"], row["reminders"]) == (30, 20, [2])
    assert (row["near_until"], row["head_start"]) == (timedelta(days=3), timedelta(days=2))
    await api.post("/practice/settings", data=typed | {"near": "yes"} | {"reminder_72": "yes"}, headers=carla)
    typed.pop("near")
    await api.post("/practice/settings", data=typed, headers=carla)
    row = await owner.fetchrow("SELECT near_minutes, reminders FROM site WHERE id = $1", PRENZLAU)
    assert tuple(row) == (None, [2])


@pytest.mark.rule("B-09")
async def test_the_api_is_no_way_past_the_assessment(api: Client, tokens: Tokens, owner: asyncpg.Connection) -> None:
    held = await (await api.post("/api/v1/holds", json={"service": str(TALK), "start": NINE.isoformat()})).json()
    await owner.execute("UPDATE service SET first_assessment = true WHERE id = $1", TALK)
    secret = {"hold": held["id"], "hold_secret": held["secret"]}
    for answer in (await wish(api), await wish(api, **secret), await wish(api, start=(NINE + QUARTER).isoformat())):
        assert await problem(answer) == (409, "assessment_first")
    by_staff = {"service": str(TALK), "start": (NINE + QUARTER).isoformat(), "patient": ALICE}
    staff = await api.post("/api/v1/appointments", headers=tokens("staff"), json=by_staff)
    assert await problem(staff) == (409, "assessment_first")
    asked = {"service": str(TALK), "patient": ALICE | {"phone": "03984 123456"}}
    for _again in range(2):
        assert (await api.post("/api/v1/assessments", json=asked)).status == 204
    assert await problem(await wish(api, **secret)) == (409, "assessment_first")
    waiting = await (await api.get("/api/v1/assessments", headers=tokens("staff"))).json()
    (question,) = waiting["assessments"]
    own = f"/api/v1/assessments/{question['id']}/result"
    assert (await api.post(own, json={"result": "video"}, headers=tokens("staff"))).status == 204
    assert await problem(await api.post(own, json={"result": "video"}, headers=tokens("staff"))) == (
        410,
        "already_decided",
    )
    assert (await wish(api, **secret)).status == 201


@pytest.mark.rule("B-09")
async def test_asked_called_and_decided_on_pages(api: Client, carla: dict[str, str], owner: asyncpg.Connection) -> None:
    await owner.execute("UPDATE service SET first_assessment = true WHERE id = $1", TALK)
    assert f"/assessments?service={TALK}" in await (await api.get(f"/practitioners/{DR_BOB}")).text()
    typed = {"service": str(TALK), "name": "Alice Ährenfeld", "birth_date": "17.5.1948", "phone": ""}
    answer = await api.post("/assessments", data=typed)
    assert answer.status == 422 and 'id="phone-error"' in await answer.text()
    for _again in range(2):
        answer = await api.post("/assessments", data=typed | {"phone": "03984 123456"})
        assert answer.url.path == "/assessments/asked"
    text = await (await api.get("/practice/assessments", headers=carla)).text()
    assert text.count("Alice Ährenfeld</h2>") == 1
    own = re.search(r"/practice/assessments/[0-9a-f-]{36}", text)
    assert own is not None
    page = await (await api.get(own[0], headers=carla)).text()
    assert not re.search(r'<input type="checkbox"[^>]* name=', page), "ticks are never sent"
    assert (await api.post(own[0], data={"result": "maybe"}, headers=carla)).status == 422
    answer = await api.post(own[0], data={"result": "video"}, headers=carla)
    assert answer.url.query["done"] == "noted"
    answer = await api.post(own[0], data={"result": "known"}, headers=carla)
    assert answer.url.query["done"] == "before"
    assert await owner.fetchval("SELECT result FROM assessment") == "video"
    assert (await wish(api)).status == 201


@pytest.mark.rule("B-08")
async def test_near_and_far_are_told_different_times(api: Client, tokens: Tokens, owner: asyncpg.Connection) -> None:
    await owner.execute(
        "INSERT INTO postal_code VALUES ('17291', 'Prenzlau', 'BB', 53.317, 13.864),"
        " ('10115', 'Berlin', 'BE', 52.53, 13.38)"
    )
    await owner.execute(
        "UPDATE site SET near_minutes = 30, near_share = 50, near_until = '1 h' WHERE id = $1", PRENZLAU
    )
    times = f"/api/v1/services/{TALK}/slots"
    near, far, nowhere = [
        await (await api.get(times, params=asked)).json() for asked in (NEIGHBOUR, {"postal_code": "10115"}, {})
    ]
    assert (len(near["slots"]), len(near["kept"])) == (8, 0)
    assert len(far["slots"]) == len(nowhere["slots"]) == 4
    assert [slot["start"] for slot in near["slots"]] == sorted(
        [slot["start"] for slot in far["slots"]] + [slot["start"] for slot in far["kept"]]
    )
    staff = await (await api.get(times, headers=tokens("staff"))).json()
    assert len(staff["slots"]) == 8
    kept = far["kept"][0]["start"]
    answer = await wish(api, start=kept, postal_code="10115")
    assert await problem(answer) == (409, "kept_for_near")
    assert (await answer.json())["opens"] == far["kept"][0]["opens"]
    assert (await wish(api, start=kept, **NEIGHBOUR)).status == 201


@pytest.mark.rule("B-08")
async def test_the_page_says_why(api: Client, owner: asyncpg.Connection) -> None:
    await owner.execute(
        "INSERT INTO postal_code VALUES ('17291', 'Prenzlau', 'BB', 53.317, 13.864),"
        " ('10115', 'Berlin', 'BE', 52.53, 13.38)"
    )
    await owner.execute(
        "UPDATE site SET near_minutes = 30, near_share = 50, near_until = '1 h' WHERE id = $1", PRENZLAU
    )
    page = f"/practitioners/{DR_BOB}"
    said = {
        where: await (await api.get(page, params={"where": where})).text()
        for where in ("17291", "Prenzlau", "10115", "Nirgendheim", "")
    }
    for where in ("17291", "Prenzlau"):
        assert "Sie wohnen in der Nähe der Praxis (bis 30 Minuten Fahrt)" in said[where]
        assert said[where].count('name="start"') == 8
        assert 'name="postal_code" value="17291"' in said[where]
    assert "mehr als 30 Minuten Fahrt von der Praxis entfernt" in said["10115"]
    assert "weitere Zeiten hält die Praxis mindestens bis" in said["10115"]
    for where in ("", "Nirgendheim"):
        assert 'name="where"' in said[where] and said[where].count('name="start"') == 4
    assert "where-error" in said["Nirgendheim"]
    kept = re.findall(r'name="start" value="([^"]+)"', said["17291"])[1]
    answer = await api.post("/holds", data={"service": str(TALK), "start": kept, "postal_code": "10115"})
    assert answer.status == 409 and "können alle sie buchen" in await answer.text()
    answer = await api.post(
        "/holds", data={"service": str(TALK), "start": kept, "postal_code": "17291"}, allow_redirects=False
    )
    assert answer.status == 303 and answer.headers["Location"].startswith("/holds/")


async def test_in_the_practice_instead(api: Client, owner: asyncpg.Connection) -> None:
    await owner.execute("UPDATE service SET modes = '{video,in_person}', first_assessment = true WHERE id = $1", TALK)
    text = await (await api.get(f"/practitioners/{DR_BOB}")).text()
    assert "mode=in_person" in text and 'name="mode" value="video"' in text
    text = await (await api.get(f"/practitioners/{DR_BOB}", params={"mode": "in_person"})).text()
    assert 'name="mode" value="in_person"' in text and "/assessments?" not in text
    form = {"service": str(TALK), "start": NINE.isoformat()}
    assert (await api.post("/holds", data=form | {"mode": "assisted"})).status == 422  # without a station
    assert (await api.post("/holds", data=form | {"mode": "in_person"}, allow_redirects=False)).status == 303
    assert await owner.fetchval("SELECT mode FROM appointment") == "in_person"
