"""The check beforehand on our own server: tickets and their ways; what is kept of a verdict, and who sees it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from telemed import clock
from telemed.db import Database
from telemed.html import security_headers
from telemed.identity.callers import ANONYMOUS, SYSTEM
from telemed.identity.tokens import Keys
from telemed.precheck import checks, tickets
from telemed.scheduling import changes
from telemed.settings import Settings
from tests import logins, people
from tests.booking import book, guest, patient
from tests.http.conftest import NINE
from tests.refusals import Client

TURN = ("turn:turn.example:3478?transport=udp", "turn:turn.example:443?transport=tcp", "turns:turn.example:443")
WAY = {"kbit": 45.0, "loss": 0.01, "jitter": 4.0}
WEAK: dict[str, Any] = {
    "tried": ["direct", "udp"],
    "paths": [{"name": "udp", "rtt": 80.0, "up": WAY, "down": WAY}],
    "heard": True,
}


def with_probe(**more: Any) -> Settings:
    return Settings(probe_url="https://probe.example:8443/probe", turn_secret="s", **more)


async def test_no_ticket_where_there_is_no_probe(api: Client) -> None:
    answer = await api.post("/api/v1/prechecks/tickets")
    assert (answer.status, (await answer.json())["code"]) == (404, "no_probe")
    page = await (await api.get("/check")).text()
    assert "Die Leitung kann hier nicht gemessen werden." in page and 'id="measure"' not in page


@pytest.mark.parametrize(
    ("turn", "policy", "expected"),
    [
        ((), "all", ["direct"]), (TURN[:1], "all", ["direct", "udp"]), (TURN[:2], "all", ["direct", "udp", "tcp"]),
        (TURN, "all", ["direct", "udp", "tls"]), (TURN, "relay", ["udp", "tls"]),
    ],
)  # fmt: skip
@pytest.mark.rule("V-05")
def test_every_way_that_a_call_may_take(turn: tuple[str, ...], policy: Any, expected: list[str]) -> None:
    """And none over anybody else's server; a relay's credentials are gone two minutes later."""
    paths = tickets.paths(with_probe(turn_urls=turn, ice_policy=policy), "203.0.113.7")
    assert [path.name for path in paths] == expected
    assert {url for path in paths for server in path.servers for url in server.urls} <= set(turn)
    for server in (server for path in paths for server in path.servers):
        until, owner = server.username.split(":")
        assert 0 < int(until) - clock.now().timestamp() <= 120 and owner.startswith("check-")
    again, other = (tickets.paths(with_probe(turn_urls=turn, ice_policy=policy), who) for who in ("203.0.113.7", "x"))
    owners = [{one.username.split(":")[1] for path in each for one in path.servers} for each in (paths, again, other)]
    assert owners[0] == owners[1] and (not turn or owners[0] != owners[2]), "one quota for an address, not for a ticket"


def test_a_ticket_names_nobody() -> None:
    keys = Keys("test secret, long enough to be taken")
    keys.adopt("first")
    ticket = tickets.mint(keys, with_probe(), "203.0.113.7")
    claims = keys.verify(ticket.ticket, tickets.TYP, tickets.AUDIENCE)
    assert set(claims) == {"iss", "aud", "iat", "exp", "jti"} and claims["exp"] - claims["iat"] == 60
    assert ticket.url == "https://probe.example:8443/probe"


def test_the_probe_alone_may_be_asked_beside_us() -> None:
    policy = security_headers(with_probe())["Content-Security-Policy"]
    assert "connect-src 'self' ws://localhost:8080 https://probe.example:8443;" in policy


@pytest.mark.rule("V-04")
async def test_only_the_level_stays_and_only_with_an_appointment(
    api: Client, cast: Database, keys: Keys, owner: asyncpg.Connection
) -> None:
    it = (await book(cast, NINE)).id
    for caller, kept in ((ANONYMOUS, 0), (people.CALLERS["bob"], 0), (guest(it), 1)):
        headers = {} if caller is ANONYMOUS else logins.bearer(keys, caller)
        answer = await api.post("/api/v1/prechecks", json=WEAK, headers=headers)
        assert (answer.status, await answer.json()) == (201, {"level": "audio", "path": "udp"})
        assert await owner.fetchval("SELECT count(*) FROM precheck") == kept
    [row] = await owner.fetch("SELECT * FROM precheck")
    assert list(row.keys()) == ["appointment", "level", "at"] and row["level"] == "audio"
    good = WEAK["paths"][0] | {"up": WAY | {"kbit": 1_200.0}, "down": WAY | {"kbit": 1_200.0}}
    await api.post("/api/v1/prechecks", json=WEAK | {"paths": [good]}, headers=logins.bearer(keys, guest(it)))
    assert await owner.fetchval("SELECT string_agg(level, ' ') FROM precheck") == "full", "the latest counts"
    async with cast.transaction(people.CALLERS["bob"]) as tx:
        assert await checks.latest(tx, it) is not None
        assert await tx.connection.execute("UPDATE precheck SET level = 'phone'") == "UPDATE 0", "the wall"


@pytest.mark.parametrize(
    "wrong",
    [
        {"tried": []}, {"tried": ["satellite"]}, {"paths": [{"name": "udp"}]}, {"level": "full"}, {"heard": "yes"},
        {"paths": [WEAK["paths"][0] | {"rtt": -1}]}, {"paths": [WEAK["paths"][0] | {"up": WAY | {"loss": 1.1}}]},
        {"paths": WEAK["paths"] * 5},
    ],
)  # fmt: skip
async def test_what_is_no_measurement_is_refused(api: Client, wrong: dict[str, object]) -> None:
    assert (await api.post("/api/v1/prechecks", json=WEAK | wrong)).status == 422


async def test_who_sees_it(api: Client, cast: Database, keys: Keys) -> None:
    """The patient and their practice; not another practice, not another patient. What is over takes no verdict."""
    it, other = (await book(cast, NINE)).id, (await book(cast, NINE + timedelta(minutes=15), patient("Berta"))).id
    await checks.note(cast, guest(other), it, "full")
    for who, level in (
        (guest(it), None), (people.CALLERS["bob"], None), (guest(it), "audio"), (people.CALLERS["bob"], "audio"),
        (people.CALLERS["carla"], "audio"), (people.CALLERS["charlie"], None), (guest(other), None),
    ):  # fmt: skip
        if level:
            await checks.note(cast, guest(it), it, "audio")
        assert await checks.first_rung(cast, who, it) == level, who
    desk = await api.get(f"/practice/appointments/{it}", headers=logins.cookie(keys, people.CALLERS["carla"]))
    assert "nur Ton zu erwarten" in await desk.text()
    mine = await api.get("/appointment/check", headers=logins.cookie(keys, guest(it)))
    assert "Rechnen Sie mit Ton ohne Bild." in await mine.text()
    await changes.cancel(cast, SYSTEM, it)
    await checks.note(cast, guest(it), it, "full")
    assert await checks.first_rung(cast, SYSTEM, it) == "audio"
    gone = await api.get("/appointment/check", headers=logins.cookie(keys, guest(it)), allow_redirects=False)
    assert (gone.status, gone.headers["Location"]) == (303, "/appointment")


async def test_it_is_offered_with_the_confirmation(api: Client, cast: Database, keys: Keys) -> None:
    mine = logins.cookie(keys, guest((await book(cast, NINE)).id))
    for page in ("/appointment/confirmed", "/appointment"):
        assert 'href="/appointment/check"' in await (await api.get(page, headers=mine)).text()
