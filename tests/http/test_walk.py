"""Every route, as every role, as a stranger and without login, against the one permission table.

What the table forbids answers 401 or 403 (a page leads to the login), a stranger's thing 404, and what it allows
none of these three.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient

from telemed import app, limits
from telemed.db import Database
from telemed.identity.access import TABLE
from telemed.identity.callers import ANONYMOUS
from telemed.identity.tokens import Keys
from telemed.routes import Route
from tests import people
from tests.http.world import CALLERS, OWN, World

STRANGERS = {"another guest", "charlie", "paul", "another screen", "another gateway"}
ELSEWHERE = {303, 404, 410}  # a page may also send a stranger away: to their own day, or to search again


@pytest.fixture
async def world(
    client: TestClient, cast: Database, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[World]:
    monkeypatch.setattr(limits.Limit, "spend", lambda self, client: None)
    start = people.soon()
    await people.open_hours(cast, people.DR_BOB, start, 4)
    made = World(client, cast, keys, start)
    await made.appointment()
    yield made


def reads(route: Route, who: str) -> bool:
    """Whether this caller's credentials are of the kind that the route looks at; others are nobody to it."""
    if route.kind == "api" or who == "nobody":
        return True
    if CALLERS[who].role == "gateway":
        return False  # it opens no pages
    return route.session == {"guest": "guest", "station": "station"}.get(CALLERS[who].role, "staff")


def concerns_a_thing(route: Route, scope: str) -> bool:
    return scope not in ("-", "any") and any(
        name in route.path for name in ("{appointment}", "{hold}", "{entry}", "{station}", "{walk_in}")
    )


WALKED = [route for route in app.ROUTES if route.kind in ("api", "page")]


@pytest.mark.rule("V-09")
@pytest.mark.parametrize("route", WALKED, ids=lambda route: f"{route.method} {route.path}")
async def test_the_table_is_what_happens(world: World, route: Route) -> None:
    for who, caller in CALLERS.items():
        if not reads(route, who):
            continue
        scope = TABLE[route.verb][caller.role]
        await world.appointment()
        answer = await world.ask(route, who, OWN)
        location = answer.headers.get("Location", "")
        said = f"{who}, {route.verb} {scope}: {answer.status} {location} {(await answer.text())[:600]}"
        if scope == "-":
            if route.kind == "page" and caller is ANONYMOUS:
                assert answer.status == 303 and location.startswith(("/login", "/appointment/code", "/screen")), said
            else:
                assert answer.status == (401 if caller is ANONYMOUS else 403), said
        elif concerns_a_thing(route, scope) and who in (*STRANGERS, "nobody"):
            assert answer.status in (ELSEWHERE if route.kind == "page" else {404}), said
        else:
            assert answer.status < 500, said
            assert answer.status not in (401, 403) or await own_refusal(answer), said


async def own_refusal(answer: ClientResponse) -> bool:
    """A 401 or 403 that is about what was sent (a spent token, say), not about who sent it."""
    if answer.content_type != "application/problem+json":
        return answer.url.path.endswith("/session")  # its whole answer is whether somebody is logged in
    return (await answer.json())["code"] not in ("not_logged_in", "forbidden")


async def test_a_stranger_cannot_tell_what_exists(world: World) -> None:
    """Charlie gets the same words for Alice's appointment and for one that nobody has."""
    route = next(r for r in app.ROUTES if (r.method, r.path) == ("GET", "/api/v1/appointments/{appointment}"))
    hers, nobodys = [await world.ask(route, "charlie", thing) for thing in (OWN, uuid4())]
    assert hers.status == nobodys.status == 404
    assert await hers.json() == await nobodys.json()


def test_every_verb_of_the_table_is_used() -> None:
    """Seats and the end of a consultation are asked for inside `tickets` and `settle`, behind `seat.take`; an override
    inside booking and moving."""
    inside = {
        "seat.assistant",
        "seat.gateway",
        "seat.practitioner",
        "seat.patient",
        "consultation.end",
        "appointment.override",
    }
    assert set(TABLE) - inside == {route.verb for route in app.ROUTES} - inside
