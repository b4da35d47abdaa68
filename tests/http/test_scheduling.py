"""Booking over HTTP, the whole way by code alone; and every wrong request gets its own clear refusal."""

from __future__ import annotations

import asyncio
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from aiohttp.test_utils import TestClient

from telemed.db import Database
from telemed.identity.tokens import Keys
from telemed.scheduling import consent
from tests import logins, people
from tests.people import ALICE, DR_BOB, STATION, TALK

NINE = people.tomorrow(9)
QUARTER = timedelta(minutes=15)
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
async def open_client(client: TestClient, cast: Database) -> TestClient:
    """Bob can be booked tomorrow from 9 to 11."""
    await people.open_hours(cast, DR_BOB, NINE, 2)
    return client


def wish(start: datetime | str = NINE, **more: object) -> dict[str, object]:
    return {"service": str(TALK), "start": start if isinstance(start, str) else start.isoformat(), **more}


def bearer(keys: Keys, who: str) -> dict[str, str]:
    return logins.bearer(keys, people.CALLERS[who])


async def call(client: TestClient, method: str, path: str, **more: Any) -> tuple[int, dict[str, Any]]:
    async with client.request(method, f"/api/v1{path}", **more) as response:
        assert response.headers["Cache-Control"] == "no-store"
        return response.status, await response.json() if response.status != 204 else {}


async def book(client: TestClient, start: datetime = NINE, **more: Any) -> dict[str, Any]:
    status, booked = await call(client, "POST", "/appointments", json=wish(start, patient=ALICE), **more)
    assert status == 201, booked
    return booked


@pytest.mark.rule("V-07")
async def test_the_whole_way_by_code_alone(open_client: TestClient) -> None:
    _, found = await call(open_client, "GET", f"/services/{TALK}/slots", params={"limit": "3"})
    assert found["service"]["practitioner_name"] == "Bob Buchfink"
    start = found["slots"][0]["start"]

    status, hold = await call(open_client, "POST", "/holds", json=wish(start))
    assert (status, hold["status"]) == (201, "held")
    secret = {"Hold-Secret": hold["secret"]}
    status, longer = await call(open_client, "PATCH", f"/holds/{hold['id']}", headers=secret)
    assert (status, longer["expires"] > hold["expires"]) == (200, True)

    body = wish(start, patient=ALICE, hold=hold["id"], hold_secret=hold["secret"])
    status, booked = await call(open_client, "POST", "/appointments", json=body)
    assert (status, booked["id"], booked["status"]) == (201, hold["id"], "booked")

    status, session = await call(open_client, "POST", "/sessions/guest", json={"code": booked["code"].lower()})
    guest = {"Authorization": f"Bearer {session['access_token']}"}
    mine = f"/appointments/{booked['id']}"
    _, read = await call(open_client, "GET", mine, headers=guest)
    assert (read["patient_name"], "code" in read, "secret" in read) == (ALICE["name"], False, False)

    _, given = await call(open_client, "POST", f"{mine}/consents", headers=guest, json={"version": consent.VERSION})
    assert given["consent_version"] == consent.VERSION
    later = {"start": (NINE + QUARTER).isoformat()}
    _, moved = await call(open_client, "PATCH", mine, json=later, headers={**guest, "If-Match": '"1"'})
    assert (moved["start"], moved["epoch"]) == ((NINE + QUARTER).isoformat().replace("+00:00", "Z"), 2)
    status, late = await call(open_client, "DELETE", mine, headers={**guest, "If-Match": '"1"'})
    assert (status, late["code"]) == (412, "changed_meanwhile")
    _, cancelled = await call(open_client, "DELETE", mine, headers=guest)
    assert (cancelled["status"], cancelled["cancelled_by"]) == ("cancelled", "patient")


async def test_a_booking_without_login_opens_itself(open_client: TestClient, keys: Keys) -> None:
    booked = await book(open_client)
    guest = {"Authorization": f"Bearer {booked['session']['access_token']}"}
    assert (await call(open_client, "GET", f"/appointments/{booked['id']}", headers=guest))[0] == 200
    by_staff = await book(open_client, NINE + QUARTER, headers=bearer(keys, "carla"))
    assert (by_staff["session"], by_staff["booked_by"]) == (None, str(people.CARLA))


async def test_a_lost_answer_is_told_again(open_client: TestClient) -> None:
    key = {"Idempotency-Key": "a-key-of-this-page"}
    answers = await asyncio.gather(*(book(open_client, headers=key) for _ in range(5)))
    assert {(answer["id"], answer["code"]) for answer in answers} == {(answers[0]["id"], answers[0]["code"])}
    status, other = await call(
        open_client, "POST", "/appointments", headers=key, json=wish(NINE + QUARTER, patient=ALICE)
    )
    assert (status, other["code"]) == (422, "idempotency_key_reused")


@pytest.mark.rule("B-13")
async def test_whoever_comes_second_is_told_what_is_free(open_client: TestClient) -> None:
    await book(open_client)
    other = {"name": "Berta Beispiel", "birth_date": "1980-02-29"}
    status, refused = await call(open_client, "POST", "/appointments", json=wish(patient=other))
    assert (status, refused["code"], refused["taken"]) == (409, "slot_taken", ["practitioner"])
    assert len(refused["alternatives"]) == 5
    again = await call(open_client, "POST", "/appointments", json=wish(refused["alternatives"][0], patient=other))
    assert again[0] == 201


PATIENT = {"patient": ALICE}
WRONG: dict[str, tuple[dict[str, Any], int, str]] = {
    "not JSON": ({"data": b"{", "headers": {"Content-Type": "application/json"}}, 400, "bad_request"),
    "not UTF-8": ({"data": b'{"\xff": 1}', "headers": {"Content-Type": "application/json"}}, 400, "bad_request"),
    "a form": ({"data": {"service": "x"}}, 415, "wrong_type"),
    "a list": ({"json": []}, 422, "invalid"),
    "an unknown field": ({"json": wish(patient=ALICE, payer="private")}, 422, "invalid"),
    "an unknown field inside": ({"json": wish(patient={**ALICE, "symptom": "x"})}, 422, "invalid"),
    "no patient": ({"json": wish()}, 422, "invalid"),
    "a naive time": ({"json": wish(NINE.replace(tzinfo=None).isoformat(), **PATIENT)}, 422, "invalid"),
    "a date": ({"json": wish("2027-01-01", **PATIENT)}, 422, "invalid"),
    "the past": ({"json": wish(NINE - timedelta(days=2), **PATIENT)}, 422, "in_the_past"),
    "the first second": ({"json": wish("0001-01-01T00:00:00+14:00", **PATIENT)}, 422, "in_the_past"),
    "the last second": ({"json": wish("9999-12-31T23:59:59-14:00", **PATIENT)}, 422, "not_a_slot"),
    "no slot": ({"json": wish(NINE + timedelta(minutes=1), **PATIENT)}, 422, "not_a_slot"),
    "a foreign service": ({"json": {**wish(**PATIENT), "service": str(people.fixed(99))}}, 404, "not_found"),
    "an unknown mode": ({"json": wish(mode="phone", **PATIENT)}, 422, "invalid"),
    "assisting alone": (
        {"json": wish(mode="assisted", station=str(STATION), assisting=True, **PATIENT)}, 401, "not_logged_in"),
    "only spaces": ({"json": wish(patient={**ALICE, "name": " \u00a0 "})}, 422, "name_unreadable"),
    "direction marks": ({"json": wish(patient={**ALICE, "name": "\u202eecilA"})}, 422, "name_unreadable"),
    "a null character": ({"json": wish(patient={**ALICE, "name": "Al\x00ice"})}, 422, "name_unreadable"),
    "born tomorrow": ({"json": wish(patient={**ALICE, "birth_date": str(date(9999, 1, 1))})}, 422, "invalid"),
    "no address": ({"json": wish(patient={**ALICE, "email": "alice"})}, 422, "invalid"),
    "no number": ({"json": wish(patient={**ALICE, "phone": "call me"})}, 422, "invalid"),
    "a foreign hold": ({"json": wish(hold=str(people.fixed(9)), hold_secret="x", **PATIENT)}, 404, "not_found"),
    "a short key": ({"json": wish(**PATIENT), "headers": {"Idempotency-Key": "x"}}, 422, "idempotency_key_malformed"),
    "too large": ({"json": wish(patient={**ALICE, "name": "x" * 70_000})}, 413, "too_large"),
}  # fmt: skip


@pytest.mark.parametrize(("request_", "status", "code"), WRONG.values(), ids=WRONG.keys())
async def test_a_wrong_request_gets_its_own_refusal(
    open_client: TestClient, request_: dict[str, Any], status: int, code: str
) -> None:
    told = await call(open_client, "POST", "/appointments", **request_)
    assert (told[0], told[1]["code"]) == (status, code)


async def test_every_wrong_field_is_named_in_the_readers_language(open_client: TestClient) -> None:
    patient = {"name": " ", "birth_date": "1800-01-01", "email": "x", "phone": "x"}
    _, refused = await call(
        open_client, "POST", "/appointments", json=wish(patient=patient), headers={"Accept-Language": "en"}
    )
    assert set(refused["fields"]) == {"patient.name", "patient.birth_date", "patient.email", "patient.phone"}
    assert refused["fields"]["patient.birth_date"] == "Please give the date of birth, between 1900 and today."


@pytest.mark.parametrize(
    "params",
    [{"from": "2026-01-01T00:00:00"}, {"limit": "0"}, {"limit": "501"}, {"station": "x"}, {"payer": "private"}],
)
async def test_a_wrong_search_is_refused(open_client: TestClient, params: dict[str, str]) -> None:
    assert (await call(open_client, "GET", f"/services/{TALK}/slots", params=params))[0] == 422
    assert (await call(open_client, "GET", f"/services/{people.fixed(99)}/slots"))[0] == 404


@pytest.mark.rule("V-09")
async def test_a_stranger_gets_not_found(open_client: TestClient, keys: Keys) -> None:
    booked, other = await book(open_client), await call(
        open_client, "POST", "/appointments", json=wish(NINE + QUARTER, patient={**ALICE, "name": "Berta Beispiel"})
    )  # fmt: skip
    guest = {"Authorization": f"Bearer {other[1]['session']['access_token']}"}
    mine = f"/appointments/{booked['id']}"
    for headers in (bearer(keys, "charlie"), bearer(keys, "petra"), guest):
        for method, path, body in (
            ("GET", mine, None), ("PATCH", mine, {"start": NINE.isoformat()}), ("DELETE", mine, None),
            ("DELETE", f"{mine}/consents", None),
        ):  # fmt: skip
            status, refused = await call(open_client, method, path, json=body, headers=headers)
            assert (status, refused["code"]) == (404, "not_found"), (method, path)
    assert (await call(open_client, "GET", mine))[0] == 401
    hold = await call(open_client, "POST", "/holds", json=wish(NINE + 2 * QUARTER))
    for method in ("PATCH", "DELETE"):
        assert (await call(open_client, method, f"/holds/{hold[1]['id']}", headers={"Hold-Secret": "x"}))[0] == 404


@pytest.mark.usefixtures("early")
@pytest.mark.rule("P-05")
async def test_a_day_is_listed_for_its_own_site(open_client: TestClient, cast: Database, keys: Keys) -> None:
    await book(open_client)
    soon = people.soon()
    await people.open_hours(cast, DR_BOB, soon, 1)
    at_station = wish(soon, patient={**ALICE, "name": "Berta Beispiel"}, mode="assisted", station=str(STATION))
    petra = bearer(keys, "petra")
    status, walk_in = await call(open_client, "POST", "/appointments", json=at_station, headers=petra)
    assert status == 201, walk_in

    async def listed(who: str, day: date) -> tuple[int, list[UUID]]:
        status, found = await call(
            open_client, "GET", "/appointments", params={"day": str(day)}, headers=bearer(keys, who)
        )
        return status, [UUID(one["id"]) for one in found.get("appointments", [])]

    berlin = soon.astimezone(BERLIN).date()
    assert await listed("petra", berlin) == (200, [UUID(walk_in["id"])])
    assert (await listed("petra", NINE.date()))[0] == (200 if NINE.date() == berlin else 403)
    assert UUID(walk_in["id"]) in (await listed("carla", berlin))[1]
    assert len((await listed("bob", NINE.date()))[1]) >= 1
    assert await listed("charlie", NINE.date()) == (200, [])
    assert await listed("paul", berlin) == (200, [])
