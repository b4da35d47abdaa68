"""The same request once more: after a cancellation, a move, the end; from a second tab, or by a second click."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from telemed.db import Database
from telemed.identity.callers import SYSTEM
from telemed.scheduling import consent
from tests.http.conftest import NINE
from tests.people import ALICE, TALK
from tests.refusals import Client, problem, refusing_page

BOOK = "/api/v1/appointments"
QUARTER = timedelta(minutes=15)
WISH: dict[str, Any] = {"service": str(TALK), "start": NINE.isoformat()}
BERTA = {"name": "Berta Beispiel", "birth_date": "1980-02-29"}
KEY = {"Idempotency-Key": "a-key-of-this-page"}


async def told(client: Client, method: str, path: str, **more: Any) -> tuple[int, dict[str, Any]]:
    async with client.request(method, path, **more) as answer:
        return answer.status, await answer.json()


async def booked(client: Client) -> tuple[dict[str, Any], dict[str, str], str]:
    """What was booked, the guest's headers and the address of the appointment."""
    _, made = await told(client, "POST", BOOK, json={**WISH, "patient": ALICE}, headers=KEY)
    return made, {"Authorization": f"Bearer {made['session']['access_token']}"}, f"{BOOK}/{made['id']}"


async def rows(db: Database) -> list[str]:
    async with db.transaction(SYSTEM) as tx:
        return [row["status"] for row in await tx.connection.fetch("SELECT status FROM appointment ORDER BY status")]


async def closed(client: Client, guest: dict[str, str], mine: str, status: str) -> None:
    """Everything the guest could do with the appointment is over; reading it is not."""
    later = {"start": (NINE + 2 * QUARTER).isoformat()}
    assert await problem(await client.patch(mine, json=later, headers=guest)) == (409, "not_active")
    given = await client.post(f"{mine}/consents", json={"version": consent.VERSION}, headers=guest)
    assert await problem(given) == (409, "not_active")
    ticket = await client.post(f"{mine}/tickets", json={}, headers=guest)
    assert await problem(ticket) == (410, "appointment_over")
    assert (await told(client, "GET", mine, headers=guest))[1]["status"] == status


@pytest.mark.rule("V-09")
async def test_after_a_cancellation(api: Client, cast: Database) -> None:
    made, guest, mine = await booked(api)
    await api.delete(mine, headers=guest)
    await closed(api, guest, mine, "cancelled")
    assert (await told(api, "DELETE", mine, headers=guest))[1]["status"] == "cancelled"
    status, again = await told(api, "POST", BOOK, json={**WISH, "patient": ALICE}, headers=KEY)
    assert (status, again["id"], again["status"]) == (201, made["id"], "cancelled"), "the key books nothing anew"
    status, session = await told(api, "POST", "/api/v1/sessions/guest", json={"code": made["code"]})
    other = {"Authorization": f"Bearer {session['access_token']}"}
    await closed(api, other, mine, "cancelled")
    assert await rows(cast) == ["cancelled"]


@pytest.mark.rule("V-09")
async def test_after_a_move(api: Client, cast: Database) -> None:
    _, guest, mine = await booked(api)
    to = {"start": (NINE + QUARTER).isoformat()}
    first = await told(api, "PATCH", mine, json=to, headers=guest)
    again = await told(api, "PATCH", mine, json=to, headers=guest)
    assert (first[1]["epoch"], again[1]["epoch"]) == (2, 2), "asked twice, moved once"
    stale = guest | {"If-Match": '"1"'}
    back = await api.patch(mine, json={"start": NINE.isoformat()}, headers=stale)
    assert await problem(back) == (412, "changed_meanwhile")
    assert await problem(await api.delete(mine, headers=stale)) == (412, "changed_meanwhile")
    assert await rows(cast) == ["booked"]


@pytest.mark.rule("V-09")
@pytest.mark.parametrize("status", ["fulfilled", "noshow"])
async def test_after_the_end(api: Client, cast: Database, status: str) -> None:
    _, guest, mine = await booked(api)
    async with cast.transaction(SYSTEM) as tx:
        await tx.connection.execute("UPDATE appointment SET status = $1, epoch = epoch + 1", status)
    await closed(api, guest, mine, status)
    assert await problem(await api.delete(mine, headers=guest)) == (409, "not_active")
    assert await rows(cast) == [status]


async def test_a_released_hold_is_gone(api: Client, cast: Database) -> None:
    _, hold = await told(api, "POST", "/api/v1/holds", json=WISH)
    secret = {"Hold-Secret": hold["secret"]}
    for _ in range(2):
        assert (await api.delete(f"/api/v1/holds/{hold['id']}", headers=secret)).status == 204
    assert await problem(await api.patch(f"/api/v1/holds/{hold['id']}", headers=secret)) == (410, "hold_gone")
    assert await rows(cast) == ["cancelled"]


@pytest.mark.rule("B-13")
async def test_two_tabs_and_one_hold(api: Client, cast: Database) -> None:
    """Whoever is first has it; the other one's words are not lost in somebody else's appointment."""
    _, hold = await told(api, "POST", "/api/v1/holds", json=WISH)
    body = {**WISH, "hold": hold["id"], "hold_secret": hold["secret"]}
    answers = await asyncio.gather(*(told(api, "POST", BOOK, json={**body, "patient": p}) for p in (ALICE, BERTA)))
    assert sorted((status, one.get("code", "")[:9]) for status, one in answers if status != 201) == [(410, "hold_gone")]
    winner = next(one for status, one in answers if status == 201)
    assert winner["patient_name"] in (ALICE["name"], BERTA["name"])
    assert await rows(cast) == ["booked"]


@pytest.mark.rule("B-13")
async def test_a_double_click_on_book(api: Client, cast: Database) -> None:
    """Both clicks lead to the one appointment, and a third from the tab left open as well."""
    form = {"service": str(TALK), "start": NINE.isoformat(), "key": "a-key-of-this-page"}
    clicks = await asyncio.gather(*(api.post("/holds", data=form, allow_redirects=False) for _ in range(2)))
    address, same = (click.headers["Location"] for click in clicks)
    assert [click.status for click in clicks] == [303, 303] and address == same
    cookie = {"Cookie": clicks[0].headers["Set-Cookie"].partition(";")[0]}
    typed = {**ALICE, "key": "a-key-of-this-form"}

    async def click(**other: str) -> tuple[int, str]:
        answer = await api.post(address, data=typed | other, headers=cookie, allow_redirects=False)
        return answer.status, answer.headers["Location"]

    assert set(await asyncio.gather(*(click() for _ in range(3)))) == {(303, "/appointment/confirmed")}
    assert await click(**BERTA, key="another-key-of-a-form") == (303, "/appointment/confirmed")
    assert await rows(cast) == ["booked"]
    async with cast.transaction(SYSTEM) as tx:
        assert await tx.connection.fetchval("SELECT patient_name FROM appointment") == ALICE["name"]


@pytest.mark.rule("V-09")
async def test_a_hold_of_another_browser(api: Client) -> None:
    _, hold = await told(api, "POST", "/api/v1/holds", json=WISH)
    address, typed = f"/holds/{hold['id']}", {**ALICE, "key": "a-key-of-this-form"}
    forged = {"Cookie": f"__Host-hold={hold['id'].replace('-', '')}.{'A' * 24}"}
    for headers in ({}, forged):
        assert await refusing_page(await api.get(address, headers=headers)) == 410
        assert await refusing_page(await api.post(address, data=typed, headers=headers)) == 410
        assert await refusing_page(await api.post(f"{address}/release", data={}, headers=headers)) == 410
    answer = await api.patch(f"/api/v1/holds/{hold['id']}", headers={"Hold-Secret": hold["secret"]})
    assert answer.status == 200, "and it is still held"
