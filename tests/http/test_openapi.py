"""The OpenAPI document is what the server does: schemathesis finds no 500 and no undeclared answer."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from aiohttp.test_utils import TestClient

from telemed import app, limits
from telemed.db import Database
from telemed.identity.tokens import Keys
from tests import logins, people
from tests.booking import guest

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
# What the other roles may do, one of these may as well.
PHASES = {"guest": "fuzzing", "carla": "coverage,fuzzing", "anonymous": "fuzzing"}


async def booked(client: TestClient, cast: Database) -> UUID:
    """An appointment of Alice's with Bob, tomorrow; there is room for more."""
    start = people.tomorrow()
    await people.open_hours(cast, people.DR_BOB, start, 4)
    wish = {"service": str(people.TALK), "start": start.isoformat(), "patient": people.ALICE}
    return UUID((await (await client.post("/api/v1/appointments", json=wish)).json())["id"])


def token(keys: Keys, who: str, appointment: UUID) -> str | None:
    """A token that outlives the run, for one of the cast."""
    if who == "anonymous":
        return None
    return logins.token(keys, guest(appointment) if who == "guest" else people.CALLERS[who])


def with_real_ids(document: dict[str, Any], appointment: UUID) -> dict[str, Any]:
    """The document with ids that exist, beside random ones, so that the tests get behind the first 404."""
    known = {
        "service": people.TALK,
        "practitioner": people.DR_BOB,
        "station": people.STATION,
        "appointment": appointment,
    }
    for operation in (op for path in document["paths"].values() for op in path.values()):
        for parameter in operation["parameters"]:
            if parameter["name"] in known:
                parameter["schema"] = real(known[parameter["name"]])
    for name in ("Wish", "BookingWish"):
        document["components"]["schemas"][name]["properties"]["service"] = real(people.TALK)
    return document


def real(known: UUID) -> dict[str, Any]:
    return {"type": "string", "format": "uuid", "enum": [str(known), str(people.fixed(999))]}


@pytest.mark.parametrize("who", PHASES)
async def test_no_surprises(
    client: TestClient, cast: Database, keys: Keys, who: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(limits.Limit, "spend", lambda self, client: None)  # they would hide everything behind 429
    appointment = await booked(client, cast)
    bearer = token(keys, who, appointment)
    headers = ["-H", f"Authorization: Bearer {bearer}"] if bearer else []
    address = str(client.make_url("/"))
    document = tmp_path / "openapi.json"
    document.write_text(
        json.dumps(with_real_ids(await (await client.get("/openapi.json")).json(), appointment)), encoding="utf-8"
    )
    process = await asyncio.create_subprocess_exec(
        Path(sys.executable).parent / "schemathesis", "run", document, "--url", address.rstrip("/"),
        "--checks", CHECKS, "--phases", PHASES[who], "--max-examples", "5", "--seed", "4711",
        "--no-color", "--suppress-health-check", "all", *headers,  # one worker: cpython issue 106905
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, cwd=tmp_path,
    )  # fmt: skip
    said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()[-6000:]


async def test_every_operation_is_described(client: TestClient) -> None:
    document = await (await client.get("/openapi.json")).json()
    operations = [op for path in document["paths"].values() for op in path.values()]
    assert len(operations) == len([route for route in app.ROUTES if route.kind == "api"])
    assert all(op["summary"] for op in operations)
    assert len({op["operationId"] for op in operations}) == len(operations)
