"""The waiting list over JSON and as pages without JavaScript."""

from __future__ import annotations

import re
from typing import Any

import asyncpg
import msgspec
import pytest

from telemed.db import Database
from telemed.identity.sessions import GUEST_COOKIE
from telemed.settings import Settings
from tests import people
from tests.http.conftest import Tokens
from tests.people import TALK
from tests.refusals import Client, problem, refusing_page
from tests.waiting import fill

BERTA: dict[str, Any] = {"name": "Berta Probe", "birth_date": "1970-01-01", "email": "berta@example.org"}
WISH: dict[str, Any] = {
    "service": str(TALK),
    "patient": BERTA,
    "weekdays": [1, 2, 3, 4, 5, 6, 7],
    "short_notice": "PT1H",
}
FORM = {"service": str(TALK), "name": "Berta Probe", "birth_date": "1.1.1970", "email": "berta@example.org",
        "short_notice": "120", "where": "video", "day1": "yes", "day2": "yes", "day3": "yes", "day4": "yes",
        "day5": "yes", "day6": "yes", "day7": "yes"}  # fmt: skip


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return msgspec.structs.replace(settings, smtp_url="smtp://localhost:9", mail_from="termine@example.org")


async def join(api: Client, **more: object) -> tuple[dict[str, Any], dict[str, str]]:
    """The new place, and headers of its session."""
    answer = await api.post("/api/v1/waitlist", json=WISH | more)
    assert answer.status == 201, await answer.text()
    made = await answer.json()
    return made, {"Authorization": f"Bearer {made['session']['access_token']}"}


async def test_join_read_accept(api: Client, cast: Database) -> None:
    made, own = await join(api)
    assert made["status"] == "waiting" and made["weekdays"] == [1, 2, 3, 4, 5, 6, 7]
    opened = await (await api.post("/api/v1/sessions/guest", json={"code": made["code"]})).json()
    assert (opened["entry"], opened["appointment"]) == (made["id"], None)
    await fill(cast)
    address = f"/api/v1/waitlist/{made['id']}"
    it = await (await api.get(address, headers=own)).json()
    assert it["offer_status"] == "open"
    offer = f"{address}/offers/{it['offer']}"
    first, second = [await api.patch(offer, json={"status": "accepted"}, headers=own) for _ in range(2)]
    won, again = await first.json(), await second.json()
    assert (first.status, second.status) == (200, 200), won
    assert (won["appointment"], won["code"]) == (again["appointment"], again["code"])
    session = {"Authorization": f"Bearer {won['session']['access_token']}"}
    appointment = await (await api.get(f"/api/v1/appointments/{won['appointment']}", headers=session)).json()
    assert (appointment["status"], appointment["start"]) == ("booked", it["offer_start"])
    assert (await (await api.get(address, headers=own)).json())["status"] == "booked"


async def test_decline_and_withdraw(api: Client, cast: Database, owner: asyncpg.Connection) -> None:
    made, own = await join(api)
    await fill(cast)
    address = f"/api/v1/waitlist/{made['id']}"
    it = await (await api.get(address, headers=own)).json()
    offer = f"{address}/offers/{it['offer']}"
    for _ in range(2):
        declined = await (await api.patch(offer, json={"status": "declined"}, headers=own)).json()
        assert declined["entry"]["offer_status"] == "declined"
    assert await problem(await api.patch(offer, json={"status": "accepted"}, headers=own)) == (410, "offer_gone")
    for _ in range(2):
        assert (await (await api.delete(address, headers=own)).json())["status"] == "withdrawn"
    assert await owner.fetchval("SELECT count(*) FROM offer WHERE status = 'open'") == 0


async def test_too_late_is_gone_with_alternatives(api: Client, cast: Database, owner: asyncpg.Connection) -> None:
    made, own = await join(api)
    await fill(cast)
    address = f"/api/v1/waitlist/{made['id']}"
    it = await (await api.get(address, headers=own)).json()
    await owner.execute("UPDATE offer SET expires = now() - interval '1 s'")
    answer = await api.patch(f"{address}/offers/{it['offer']}", json={"status": "accepted"}, headers=own)
    assert (await answer.json())["alternatives"]
    assert await problem(answer) == (410, "offer_gone")


async def test_the_same_request_makes_one_place(api: Client, owner: asyncpg.Connection) -> None:
    answers = [
        await (await api.post("/api/v1/waitlist", json=WISH, headers={"Idempotency-Key": "same-request"})).json()
        for _ in range(2)
    ]
    assert answers[0]["id"] == answers[1]["id"] and answers[0]["code"] == answers[1]["code"]
    other = await api.post(
        "/api/v1/waitlist", json=WISH | {"language": "en"}, headers={"Idempotency-Key": "same-request"}
    )
    assert await problem(other) == (422, "idempotency_key_reused")
    assert await owner.fetchval("SELECT count(*) FROM waitlist_entry") == 1


@pytest.mark.parametrize("wrong", [
    {"mode": "in_person"}, {"mode": "assisted"}, {"station": str(people.STATION)}, {"weekdays": [8]}, {"weekdays": []},
    {"since": "12:00:00", "until": "09:00:00"}, {"short_notice": "P20D"}, {"short_notice": "-PT1H"},
    {"payer": "private"},
    {"patient": BERTA | {"email": None}}, {"until_date": "1990-01-01"}, {"until_date": "9999-12-31"},
    {"mode": "assisted", "station": str(people.fixed(99))},
])  # fmt: skip
async def test_what_cannot_be_meant(api: Client, wrong: dict[str, Any]) -> None:
    answer = await api.post("/api/v1/waitlist", json=WISH | wrong)
    assert (await problem(answer))[0] in (404, 422)


async def test_unknown_things(api: Client) -> None:
    made, own = await join(api)
    nothing = people.fixed(98)
    assert await problem(await api.post("/api/v1/waitlist", json=WISH | {"service": str(nothing)})) == (
        404,
        "not_found",
    )
    assert await problem(await api.get(f"/api/v1/waitlist/{nothing}", headers=own)) == (404, "not_found")
    answer = await api.patch(
        f"/api/v1/waitlist/{made['id']}/offers/{nothing}", json={"status": "declined"}, headers=own
    )
    assert await problem(answer) == (404, "not_found")


async def test_the_practice_sees_its_list(api: Client, cast: Database, tokens: Tokens) -> None:
    made, _own = await join(api)
    carla = tokens("staff")
    listed = await (await api.get("/api/v1/waitlist", headers=carla)).json()
    assert [it["id"] for it in listed["entries"]] == [made["id"]]
    assert (await api.delete(f"/api/v1/waitlist/{made['id']}", headers=carla)).status == 200
    assert (await (await api.get("/api/v1/waitlist", headers=carla)).json())["entries"] == []


async def test_the_patients_pages(api: Client, cast: Database, owner: asyncpg.Connection) -> None:
    page = await (await api.get(f"/practitioners/{people.DR_BOB}")).text()
    assert f"/waitlist/join?service={TALK}" in page
    form = await (await api.get("/waitlist/join", params={"service": str(TALK)})).text()
    key = re.search(r'name="key" value="(\w+)"', form)
    assert key is not None
    joined = await api.post("/waitlist/join", data=FORM | {"key": key[1]}, allow_redirects=False)
    assert (joined.status, joined.headers["Location"]) == (303, "/waitlist?done=joined")
    again = await api.post("/waitlist/join", data=FORM | {"key": key[1]}, allow_redirects=False)
    assert again.status == 303
    assert await owner.fetchval("SELECT count(*) FROM waitlist_entry") == 1
    cookies = {GUEST_COOKIE: joined.cookies[GUEST_COOKIE].value}
    headers = {"Cookie": f"{GUEST_COOKIE}={cookies[GUEST_COOKIE]}"}
    waiting = await (await api.get("/waitlist", headers=headers)).text()
    assert "Berta Probe" in waiting and "berta@example.org" in waiting
    code = "-".join(re.findall(r"<span>(\w{4})</span>", waiting))
    for way in ("/waitlist/code", "/appointment/code"):
        opened = await api.post(way, data={"code": code}, allow_redirects=False)
        assert (opened.status, opened.headers["Location"]) == (303, "/waitlist")
    assert (await api.post("/waitlist/code", data={"code": "2345-6789-CDFG"})).status == 422
    await fill(cast)
    offered = await (await api.get("/waitlist", headers=headers)).text()
    offer = re.search(r'name="offer" value="([\w-]+)"', offered)
    assert offer is not None
    accepted = await api.post("/waitlist/acceptance", data={"offer": offer[1]}, headers=headers, allow_redirects=False)
    assert (accepted.status, accepted.headers["Location"]) == (303, "/appointment/confirmed")
    mine = {"Cookie": f"{GUEST_COOKIE}={accepted.cookies[GUEST_COOKIE].value}"}
    assert "Berta Probe" in await (await api.get("/appointment/confirmed", headers=mine)).text()
    assert (await api.get("/waitlist", headers=mine)).status == 200


async def test_pages_of_no_and_too_late(api: Client, cast: Database, owner: asyncpg.Connection) -> None:
    joined = await api.post("/waitlist/join", data=FORM, allow_redirects=False)
    headers = {"Cookie": f"{GUEST_COOKIE}={joined.cookies[GUEST_COOKIE].value}"}
    await fill(cast)
    offer = str(await owner.fetchval("SELECT id FROM offer"))
    await owner.execute("UPDATE offer SET expires = now() - interval '1 s'")
    late = await api.post("/waitlist/acceptance", data={"offer": offer}, headers=headers)
    assert late.status == 410 and 'name="start"' in await late.text()
    declined = await api.post("/waitlist/refusal", data={"offer": offer}, headers=headers, allow_redirects=False)
    assert declined.headers["Location"] == "/waitlist?done=declined"
    assert await refusing_page(await api.post("/waitlist/refusal", data={"offer": "x"}, headers=headers)) == 400
    assert await refusing_page(
        await api.post("/waitlist/refusal", data={"offer": str(people.fixed(9))}, headers=headers)
    ) == 404  # fmt: skip
    gone = await api.post("/waitlist/withdrawal", headers=headers, data={"a": "b"})
    assert gone.status == 200 and "/waitlist/join" in await gone.text()
    stranger = await api.get("/waitlist", allow_redirects=False)
    assert (stranger.status, stranger.headers["Location"]) == (303, "/appointment/code")


@pytest.mark.parametrize(("typed", "field"), [
    ({"name": "x"}, "name"), ({"birth_date": "5/6/1948"}, "birth_date"), ({"email": ""}, "phone"),
    ({"email": "no address"}, "email"), ({"since": "12", "until": "9"}, "until"), ({"since": "99"}, "since"),
    ({"until_date": "1.1.1999"}, "until_date"), ({"from_date": "soon"}, "from_date"),
    ({"short_notice": "7"}, "short_notice"),
    ({"where": "moon"}, "where"), ({"where": "in_person"}, "where"), ({"postal_code": "1729"}, "postal_code"),
    ({"carer": "1"}, "carer"),
])  # fmt: skip
async def test_a_form_keeps_what_was_typed_and_marks_what_is_wrong(
    api: Client, owner: asyncpg.Connection, typed: dict[str, str], field: str
) -> None:
    answer = await api.post("/waitlist/join", data=FORM | typed)
    text = await answer.text()
    assert answer.status == 422
    assert f'href="#{field}"' in text and f'id="{field}-error"' in text, text
    for value in (FORM | typed).values():
        assert value == "no" or f'value="{value}"' in text or value in ("99", "7", "moon", "in_person")
    assert await owner.fetchval("SELECT count(*) FROM waitlist_entry") == 0


async def test_an_earlier_time_from_the_appointment(api: Client, cast: Database, owner: asyncpg.Connection) -> None:
    later = people.tomorrow(10, 45)
    booked = await api.post("/api/v1/appointments", json={
        "service": str(TALK), "start": later.isoformat(),
        "patient": {"name": "Berta Probe", "birth_date": "1970-01-01"},
    })  # fmt: skip
    assert booked.status == 201
    token = (await booked.json())["session"]["access_token"]
    headers = {"Cookie": f"{GUEST_COOKIE}={token}"}
    assert "/appointment/earlier" in await (await api.get("/appointment", headers=headers)).text()
    assert (await api.get("/appointment/earlier", headers=headers)).status == 200
    nobody = await api.post("/appointment/earlier", headers=headers, data={"short_notice": "120"})
    assert nobody.status == 422 and 'href="#phone"' in await nobody.text()
    wish = {"short_notice": "120", "email": "berta@example.org"}
    joined = await api.post("/appointment/earlier", headers=headers, data=wish, allow_redirects=False)
    assert joined.headers["Location"] == "/waitlist?done=joined"
    again = await api.get("/appointment/earlier", headers=headers, allow_redirects=False)
    assert again.headers["Location"] == "/waitlist"
    both = {"Cookie": f"{GUEST_COOKIE}={joined.cookies[GUEST_COOKIE].value}"}
    assert (await api.get("/appointment", headers=both)).status == 200
    await fill(cast)
    offer = str(await owner.fetchval("SELECT id FROM offer WHERE status = 'open'"))
    moved = await api.post("/waitlist/acceptance", headers=both, data={"offer": offer}, allow_redirects=False)
    assert moved.headers["Location"] == "/appointment?done=moved"
    starts = await owner.fetch("SELECT lower(during) AS start FROM appointment WHERE status IN ('held', 'booked')")
    assert [row["start"] for row in starts] == [people.tomorrow(9)]


async def test_the_practices_pages(api: Client, cast: Database, owner: asyncpg.Connection) -> None:
    answer = await api.post("/login", data={"login": "carla", "password": people.PASSWORD}, allow_redirects=False)
    headers = {"Cookie": "; ".join(f"{name}={morsel.value}" for name, morsel in answer.cookies.items())}
    assert (await api.get("/practice/waitlist", headers=headers)).status == 200
    new = await (await api.get("/practice/waitlist/new", headers=headers)).text()
    assert f'value="{TALK}"' in new and str(people.TALK_CHARLIE) not in new
    form = FORM | {"for": str(TALK), "email": "", "phone": "03984 12345"}
    del form["service"]
    added = await api.post("/practice/waitlist", headers=headers, data=form)
    assert added.status == 201 and len(re.findall(r"<span>(\w{4})</span>", await added.text())) == 3
    other = await api.post("/practice/waitlist", headers=headers, data=form | {"for": str(people.TALK_CHARLIE)})
    assert other.status == 404
    assert (await api.post("/practice/waitlist", headers=headers, data=form | {"name": ""})).status == 422
    await fill(cast)
    page = await (await api.get("/practice/waitlist", headers=headers)).text()
    assert "+49 3984 12345" in page
    entry, offer = [
        re.search(what, page) for what in (r"/practice/waitlist/([\w-]{36})/acc", r'"offer" value="([\w-]+)"')
    ]
    assert entry is not None and offer is not None
    taken = await api.post(f"/practice/waitlist/{entry[1]}/acceptance", headers=headers, data={"offer": offer[1]})
    assert taken.status == 200 and "Berta Probe" in await taken.text()
    assert await owner.fetchval("SELECT count(*) FROM appointment WHERE status = 'booked'") == 1
    again = await api.post(f"/practice/waitlist/{entry[1]}/refusal", headers=headers, data={"offer": offer[1]})
    assert again.status == 200
    await api.post("/practice/waitlist", headers=headers, data=form | {"name": "Cora Probe"})
    second = await owner.fetchval("SELECT id FROM waitlist_entry WHERE status = 'waiting'")
    removed = await api.post(f"/practice/waitlist/{second}/removal", headers=headers, data={"a": "b"})
    assert removed.status == 200 and "Cora Probe" not in await removed.text()


@pytest.mark.rule("G-32")
async def test_nothing_personal_in_addresses_of_the_list(api: Client) -> None:
    joined = await api.post("/waitlist/join", data=FORM, allow_redirects=False)
    for address in (joined.headers["Location"], str(joined.url)):
        assert "Berta" not in address and "example" not in address
