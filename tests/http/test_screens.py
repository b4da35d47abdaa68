"""The screen of a station and the pages where staff pair it, as browsers without scripts use them."""

from __future__ import annotations

import re
from datetime import timedelta

import asyncpg
import pytest
from aiohttp import ClientResponse

from telemed import clock
from telemed.db import Database
from telemed.identity.callers import SYSTEM
from telemed.identity.sessions import CLAIM, STATION
from telemed.identity.tokens import Keys
from tests import booking, logins, people
from tests.booking import CODES
from tests.people import CALLERS, SCREEN
from tests.refusals import Client, problem

ROOM = f"/station/rooms/{people.STATION}"


async def text(answer: ClientResponse, status: int = 200) -> str:
    told = await answer.text()
    assert answer.status == status, (answer.status, told[:600])
    assert answer.headers["Cache-Control"] == "no-store"
    return told


async def post(api: Client, path: str, cookie: str = "", **data: str) -> ClientResponse:
    return await api.post(path, data=data, headers={"Cookie": cookie}, allow_redirects=False)


async def get(api: Client, path: str, cookie: str = "") -> ClientResponse:
    return await api.get(path, headers={"Cookie": cookie}, allow_redirects=False)


async def test_a_screen_is_paired_by_its_code(api: Client, keys: Keys) -> None:
    """Nothing is typed at the screen; what it keeps is out of reach of scripts and good for weeks."""
    petra = logins.cookie(keys, CALLERS["petra"])["Cookie"]
    assert "no password" in await text(await api.get("/screen?lang=en"))
    started = await post(api, "/screen/pairing")
    claim = f"{CLAIM}={started.cookies[CLAIM].value}"
    code = re.search(r'id="code">([^<]+)<', await text(await get(api, "/screen/pairing", claim)))
    assert code
    assert (await post(api, "/screen/badge", claim)).headers["Location"] == "/screen/pairing"
    assert (await post(api, ROOM + "/pairing", petra, code=code[1])).headers["Location"] == f"{ROOM}?done=paired"
    fetched = await post(api, "/screen/badge", claim)
    badge = fetched.cookies[STATION]
    assert badge["httponly"] and badge["secure"] and badge["samesite"] == "Lax" and badge["path"] == "/"
    assert int(badge["max-age"]) == 60 * 24 * 3600
    mine = f"{STATION}={badge.value}"
    assert "Löwen-Apotheke, Raum 1" in await text(await get(api, "/screen", mine))
    assert (await get(api, "/screen/session", mine)).status == 204
    assert (await post(api, "/screen/badge", claim)).headers["Location"] == "/screen/pairing", "another browser's copy"
    assert "No screen shows" in await text(await post(api, ROOM + "/pairing?lang=en", petra, code=code[1]), 404)
    another = (await post(api, "/screen/pairing")).cookies[CLAIM].value
    second = CODES.pairing_code(logins.BADGES.read_claim(another).pairing)
    assert "screen already" in await text(await post(api, ROOM + "/pairing?lang=en", petra, code=second), 409)
    assert (await post(api, ROOM + "/pairing/end", petra)).status == 303
    assert "/screen/pairing" in await text(await get(api, "/screen", mine)), "the start, with no day in it"
    assert (await get(api, "/screen/session", mine)).status == 401


async def test_what_another_site_and_old_codes_are_told(api: Client, keys: Keys) -> None:
    paul, petra = (logins.cookie(keys, CALLERS[who])["Cookie"] for who in ("paul", "petra"))
    assert (await post(api, ROOM + "/pairing", paul, code="2345-6789")).status == 404
    assert (await post(api, ROOM + "/pairing/end", paul)).status == 404
    assert (await get(api, ROOM, paul)).status == 404
    started = await post(api, "/screen/pairing")
    claim = started.cookies[CLAIM].value
    code = CODES.pairing_code(logins.BADGES.read_claim(claim).pairing)
    with clock.shifted(timedelta(minutes=11)):
        assert (await get(api, "/screen/pairing", f"{CLAIM}={claim}")).headers["Location"] == "/screen"
        assert "No screen shows" in await text(await post(api, ROOM + "/pairing?lang=en", petra, code=code), 404)
    answer = await api.post(
        f"/api/v1/stations/{people.STATION}/pairing", json={"code": "nonsense"},
        headers=logins.bearer(keys, CALLERS["petra"]),
    )  # fmt: skip
    assert await problem(answer) == (404, "unknown_pairing")


@pytest.mark.rule("V-08")
@pytest.mark.usefixtures("early")
async def test_a_screen_names_nobody(cast: Database, client: Client, owner: asyncpg.Connection) -> None:
    """Whoever sits in the room sees when it is taken; who comes after them, they do not learn."""
    start = people.soon()
    await people.open_hours(cast, people.DR_BOB, start, 2)
    made = await booking.book(cast, start, caller=CALLERS["petra"], mode="assisted", station=people.STATION)
    await people.pair(cast)
    mine = f"{STATION}={logins.badge(SCREEN)}"
    for path in ("/screen", "/screen?fragment=1"):
        shown = await text(await get(client, path, mine))
        assert "A. Ä." in shown and "Ährenfeld" not in shown and "1948" not in shown and "/room" not in shown
    room = f"/screen/appointments/{made.id}/room"
    assert (await get(client, room, mine)).headers["Location"] == "/screen", "without consent nobody sits down"
    await owner.execute("UPDATE appointment SET consent_version = '2026-11', consented = now()")
    assert (await get(client, room, mine)).headers["Location"] == "/screen", "and nobody who was not received"
    async with cast.transaction(SYSTEM) as tx:
        await people.receive(tx, made.id)
    seat = await text(await get(client, room, mine))
    assert "Ährenfeld" not in seat and '"seat": "patient"' in seat and '"session": "station"' in seat
    assert "note-text" not in seat, "what one patient writes down there, the next one reads"
    await people.pair(cast, people.OTHER_SCREEN)
    other = f"{STATION}={logins.badge(people.OTHER_SCREEN)}"
    assert (await get(client, room, other)).headers["Location"] == "/screen"


async def test_a_copied_badge_is_found_out_by_its_next_page(cast: Database, client: Client) -> None:
    await people.pair(cast)
    stolen = logins.badge(SCREEN)
    assert STATION not in (await get(client, "/screen", f"{STATION}={stolen}")).cookies
    with clock.shifted(timedelta(minutes=6)):
        mine, theirs = [
            (await get(client, "/screen", f"{STATION}={stolen}")).cookies[STATION].value for _ in range(2)
        ]  # fmt: skip
        assert "Raum 1" in await text(await get(client, "/screen", f"{STATION}={mine}"))
    with clock.shifted(timedelta(minutes=7)):
        for badge in (theirs, mine):
            assert "Raum 1" not in await text(await get(client, "/screen", f"{STATION}={badge}"))


@pytest.mark.rule("P-03")
async def test_what_a_room_is_like(api: Client, keys: Keys, owner: asyncpg.Connection) -> None:
    petra = logins.cookie(keys, CALLERS["petra"])["Cookie"]
    ticked = {"privacy.door": "yes", "devices.scales": "yes", "accessibility.step_free": "yes"}
    answer = await post(api, ROOM, petra, directions="Zweite Tür rechts", **ticked)
    assert answer.headers["Location"] == "/station/setup?done=described"
    page = await text(await get(api, ROOM, petra))
    assert 'value="Zweite Tür rechts"' in page and page.count(" checked") == 3
    assert "something is missing" in await text(await get(api, "/station/setup?lang=en", petra))
    assert (await post(api, ROOM, petra, directions="x" * 201)).status == 400
    assert await owner.fetchval("SELECT privacy_checked_by FROM station WHERE id = $1", people.STATION) == people.PETRA


async def test_what_the_team_has_learnt(api: Client, keys: Keys) -> None:
    petra = logins.cookie(keys, CALLERS["petra"])["Cookie"]
    said = {"person": str(people.PETRA), "topic": "telemedicine"}
    assert (await post(api, "/station/trainings", petra, **said, passed="3. März 2026")).status == 303
    assert "3.3.2026" in await text(await get(api, "/station/setup", petra))
    assert "the year" in await text(await post(api, "/station/trainings?lang=en", petra, **said, passed="3.3.26"), 422)
    assert "to come" in await text(await post(api, "/station/trainings?lang=en", petra, **said, passed="3.3.2126"), 422)
    for wrong in ({"person": "x"}, {"topic": "surgery"}):
        assert (await post(api, "/station/trainings", petra, **said | wrong, passed="3.3.2026")).status == 400
    other = said | {"person": str(people.PAUL)}
    assert (await post(api, "/station/trainings", petra, **other, passed="3.3.2026")).status == 404


async def test_a_gateway_is_paired_beside_the_screen(api: Client, keys: Keys) -> None:
    """By a code of its own, one for a station, ended by itself; a screen's badge gets it nothing, nor the other way."""
    petra = logins.cookie(keys, CALLERS["petra"])["Cookie"]

    async def shown() -> dict[str, str]:
        answer = await api.post("/api/v1/gateway/codes", json={})
        assert answer.status == 201
        return dict(await answer.json())

    async def fetched(claim: str) -> ClientResponse:
        return await api.post("/api/v1/gateway/badges", json={"claim": claim})

    mine, another = await shown(), await shown()
    assert (await fetched(mine["claim"])).status == 404, "nobody has entered the code yet"
    done = await post(api, ROOM + "/pairing", petra, gateway_code=mine["code"])
    assert done.headers["Location"] == f"{ROOM}?done=gateway_paired"
    told = await text(await post(api, ROOM + "/pairing?lang=en", petra, gateway_code=another["code"]), 409)
    assert "computer for its devices already" in told
    badge = (await (await fetched(mine["claim"])).json())["badge"]
    page = await text(await get(api, ROOM + "?lang=en", petra))
    assert "End the pairing of the devices" in page and "no screen" not in page and 'name="code"' in page
    visit = await api.post("/api/v1/gateway/visit", json={"badge": badge})
    assert await visit.json() == {"badge": badge, "appointment": None}
    assert "/screen/pairing" in await text(await get(api, "/screen", f"{STATION}={badge}")), "it is no screen"
    refused = await api.post("/api/v1/gateway/visit", json={"badge": logins.badge(SCREEN)})
    assert refused.status in (401, 403)
    assert (await post(api, ROOM + "/gateway/end", petra)).headers["Location"] == f"{ROOM}?done=gateway_unpaired"
    assert (await api.post("/api/v1/gateway/visit", json={"badge": badge})).status == 401
