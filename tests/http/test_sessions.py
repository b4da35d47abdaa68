"""Logging in over the API."""

from __future__ import annotations

from aiohttp.test_utils import TestClient

from telemed.db import Database
from telemed.identity.callers import SYSTEM
from tests import people
from tests.people import PASSWORD


async def test_health(client: TestClient, cast: Database) -> None:
    assert (await client.get("/health/live")).status == 200
    ready = await client.get("/health/ready")
    assert (ready.status, await ready.json()) == (200, {"status": "ok", "worker": "missing", "log": "ok"})
    async with cast.transaction(SYSTEM) as tx:
        await tx.run("jobs.seen", id=people.fixed(1))
    assert (await (await client.get("/health/ready")).json())["worker"] == "ok"


async def test_log_in_and_renew(client: TestClient) -> None:
    answer = await client.post("/api/v1/sessions", json={"login": "Carla", "password": PASSWORD})
    session = await answer.json()
    assert answer.status == 201 and session["role"] == "staff"
    answer = await client.post("/api/v1/sessions/renewal", json={"refresh_token": session["refresh_token"]})
    assert answer.status == 201


async def test_wrong_password(client: TestClient) -> None:
    answer = await client.post("/api/v1/sessions", json={"login": "carla", "password": "falsch"})
    assert answer.status == 401
    assert (await answer.json())["code"] == "wrong_login"
