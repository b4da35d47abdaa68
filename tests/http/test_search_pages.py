"""The search as pages: addresses that can be read and shared, and a position that stands in none of them."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from aiohttp.test_utils import TestClient
from aiohttp.web import Application, Request

from telemed import clock
from telemed.db import Database
from telemed.wording import HERE
from tests import people

Client = TestClient[Request, Application]


@pytest.fixture
async def open_tomorrow(cast: Database) -> None:
    await people.open_hours(cast, people.DR_BOB, people.tomorrow(7), 3)


async def test_a_form_leads_to_a_readable_address(client: Client, open_tomorrow: None) -> None:
    typed = {
        "where": " Prenzlau ", "specialty": "general", "when": "next-week", "from": "", "time": "morning",
        "within": "40", "mode": "", "language": "", "sort": "nearest", "magic": "1",
    }  # fmt: skip
    answer = await client.get("/search", params=typed, allow_redirects=False)
    address = "/search?where=Prenzlau&specialty=general&within=40&when=next-week&time=morning"
    assert (answer.status, answer.headers["Location"]) == (303, address)
    assert (await client.get(address, allow_redirects=False)).status == 200


async def test_starts_lead_to_the_day_and_carry_where(client: Client, open_tomorrow: None) -> None:
    page = await (await client.get("/search?where=Prenzlau&sort=earliest&lang=en")).text()
    day = people.tomorrow(7).astimezone(HERE).date()
    link = f"/practitioners/{people.DR_BOB}?service={people.TALK}&amp;from={day}&amp;where=Prenzlau"
    assert page.count(link) == 5  # four starts, and all of them
    assert "This is the earliest free time. It is in your own town." in page


async def test_nothing_at_that_time_says_when_and_where_else(client: Client, open_tomorrow: None) -> None:
    page = await (await client.get("/search?where=Prenzlau&time=evening&lang=en")).text()
    assert "At the time you asked for, nothing is free here." in page and "At another time of day:" in page
    assert 'href="/search?where=Prenzlau"' in page
    assert "At the time you asked for, nothing is free here. It is in your own town." in page
    since = clock.now().astimezone(HERE).date() + timedelta(days=2)
    answer = await client.get("/api/v1/practitioners", params={"where": "Prenzlau", "from": since.isoformat()})
    found = (await answer.json())["practitioners"][0]
    assert (found["starts"], found["earliest"]) == ([], None) and found["at_any_time"] is not None


async def test_who_asks_to_come_in_person_is_not_led_to_video(
    client: Client, cast: Database, open_tomorrow: None
) -> None:
    async with cast.transaction(people.CALLERS["ada"]) as tx:
        await tx.connection.execute("UPDATE service SET modes = '{video,in_person}' WHERE id = $1", people.TALK)
    page = await (await client.get("/search?where=Prenzlau&mode=in_person&lang=en")).text()
    link = re.search(rf'"(/practitioners/{people.DR_BOB}\?service=[^"]*)"', page)
    assert link is not None
    times = await (await client.get(unescape(link[1]))).text()
    assert 'name="mode" value="in_person"' in times


@pytest.mark.rule("G-32")
async def test_a_position_becomes_a_postal_code(
    client: Client, cast: Database, caplog: pytest.LogCaptureFixture
) -> None:
    async with cast.transaction(people.CALLERS["ada"]) as tx:
        await tx.connection.execute("INSERT INTO postal_code VALUES ('17291', 'Prenzlau', 'BB', 53.31, 13.86)")
    here = {"lat": "53.32", "lon": "13.87", "specialty": "general", "when": "tomorrow"}
    headers = {"Sec-Fetch-Site": "same-origin"}
    answer = await client.post("/search/position", data=here, headers=headers, allow_redirects=False)
    address = "/search?where=17291+Prenzlau&specialty=general&when=tomorrow"
    assert (answer.status, answer.headers["Location"]) == (303, address)
    assert "53.32" not in caplog.text
    for odd in ({"lat": "48.85", "lon": "2.35"}, {"lat": "x", "lon": "2"}, {"lat": "91", "lon": "0"}, {}):
        assert (await client.post("/search/position", data=odd, headers=headers, allow_redirects=False)).status == 422
