"""The counter and the doctor on call, as browsers without scripts use them."""

from __future__ import annotations

import re
from datetime import timedelta

import asyncpg
import pytest

from telemed import clock
from telemed.db import Database
from telemed.identity.tokens import Keys
from telemed.stations import walkins
from tests import logins, people
from tests.booking import CODES
from tests.http.test_screens import get, post, text
from tests.people import CALLERS, GERSWALDE
from tests.refusals import Client

pytestmark = pytest.mark.usefixtures("early")
FORM = {
    "name": "Anna Probe", "birth_date": "17 5 1948", "specialty": "general", "station": str(people.STATION),
    "assisting": "yes", "key": "key-of-this-form",
}  # fmt: skip
COME = "/station/walk-ins"


@pytest.fixture
def petra(keys: Keys) -> str:
    return logins.cookie(keys, CALLERS["petra"])["Cookie"]


@pytest.fixture
def bob(keys: Keys) -> str:
    return logins.cookie(keys, CALLERS["bob"])["Cookie"]


async def offered(api: Client, bob: str) -> str:
    """The id of who is next on Bob's page."""
    found = re.search(r"/practice/on-call/([0-9a-f-]{36})/acceptance", await text(await get(api, ON_CALL, bob)))
    assert found
    return found[1]


ON_CALL = "/practice/on-call?fragment=1"


@pytest.mark.rule("B-11")
async def test_a_slip_at_once(api: Client, petra: str, owner: asyncpg.Connection) -> None:
    """Name, date, Enter; sent twice it is the same slip. Neither a telephone number nor an address is asked for."""
    page = await text(await get(api, "/station", petra))
    assert re.search(r'id="name"[^>]* autofocus', page) and "niemand im Dienst" in page
    slips = [await text(await post(api, COME, petra, **FORM), 201) for _ in range(2)]
    walk_in = await owner.fetchval("SELECT id FROM walk_in")
    for slip in slips:
        assert CODES.code(walk_in) in re.sub(r"<[^>]+>", "", slip) and "data:image/svg+xml" in slip
    day = await text(await get(api, "/station?fragment=1", petra))
    assert "Anna Probe" in day and "17.5.1948" in day and "niemand im Dienst" in day
    assert "wartet schon" in await text(await post(api, COME, petra, **FORM | {"key": "another-key"}), 422)
    assert (await post(api, f"/station/walk-ins/{walk_in}/end", petra)).headers["Location"] == "/station"
    assert "Anna Probe" not in await text(await get(api, "/station?fragment=1", petra))


async def test_what_is_wrong_is_said_and_nothing_typed_is_lost(api: Client, petra: str) -> None:
    wrong = FORM | {"name": "\u202eAnna", "birth_date": "17.5.48"}
    page = await text(await post(api, COME, petra, **wrong), 422)
    assert 'href="#name"' in page and 'href="#birth_date"' in page and 'value="17.5.48"' in page
    for nonsense in ({"specialty": "magic"}, {"station": "x"}):
        assert (await post(api, COME, petra, **FORM | nonsense)).status == 400
    assert (await post(api, COME, petra, **FORM | {"station": str(people.STATION_GRAMZOW)})).status == 404


@pytest.mark.rule("P-01")
@pytest.mark.rule("B-04")
async def test_the_counter_asks_nothing_medical(api: Client, petra: str) -> None:
    """What staff can fill in: who it is, which doctor is wanted, whether somebody sits beside. No free text."""
    page = await text(await get(api, "/station", petra))
    form = page[page.index(f'action="{COME}"') : page.index("</form>", page.index(f'action="{COME}"'))]
    fields = set(re.findall(r'name="(\w+)"', form))
    assert fields == {"key", "name", "birth_date", "specialty", "station", "assisting"} and "<textarea" not in page


async def test_a_doctor_on_call(
    api: Client, cast: Database, petra: str, bob: str, owner: asyncpg.Connection
) -> None:  # fmt: skip
    await post(api, COME, petra, **FORM)
    assert "1 Person wartet" in await text(await get(api, ON_CALL, bob))
    assert "Uhr" in await text(await post(api, "/practice/on-call", bob, until="half past"), 422)
    assert (await post(api, "/practice/on-call", bob, until="18 Uhr")).headers["Location"] == "/practice/on-call"
    walk_in = await offered(api, bob)
    page = await text(await get(api, ON_CALL, bob))
    assert "Anna Probe, 7" in page and "Löwen-Apotheke, Gerswalde" in page and "tel:" in page
    assert "wird gerade angesehen" in await text(await get(api, "/station?fragment=1", petra))
    with clock.shifted(timedelta(seconds=91)):  # Bob's page has not asked since
        assert "wird gerade angesehen" not in await text(await get(api, "/station?fragment=1", petra))
    assert await offered(api, bob) == walk_in
    assert (await post(api, f"/practice/on-call/{walk_in}/declining", bob, reason="money")).status == 400
    into = await post(api, f"/practice/on-call/{walk_in}/acceptance", bob)
    assert into.headers["Location"] == f"/practice/appointments/{walk_in}/room"
    assert await text(await get(api, into.headers["Location"], bob))
    assert f"/station/appointments/{walk_in}/intake" in await text(await get(api, "/station?fragment=1", petra))
    again = await post(api, f"/practice/on-call/{walk_in}/acceptance", bob)
    assert again.headers["Location"] == into.headers["Location"], "a double click"
    page = await text(await get(api, ON_CALL, bob))
    assert f'href="{into.headers["Location"]}"' in page and "Anna Probe angenommen" in page
    gone = await post(api, f"/practice/on-call/{people.fixed(99)}/acceptance", bob)
    assert gone.status == 404 and "nicht mehr bei Ihnen" in await gone.text()
    assert (await post(api, "/practice/on-call/end", bob)).status == 303
    assert "nicht in Bereitschaft" in await text(await get(api, ON_CALL, bob))


async def test_not_by_video(api: Client, cast: Database, petra: str, bob: str) -> None:
    await post(api, "/practice/on-call", bob, until="18:00")
    await post(api, COME, petra, **FORM)
    walk_in = await offered(api, bob)
    await post(api, f"/practice/on-call/{walk_in}/declining", bob, reason="emergency")
    day = await text(await get(api, "/station?fragment=1", petra))
    assert "rufen Sie jetzt die 112" in day and "Bob Buchfink" in day
    await post(api, COME, petra, **FORM | {"key": "the-next-one", "name": "Berta Probe"})
    await post(api, f"/practice/on-call/{await offered(api, bob)}/handing-on", bob, urgent="yes")
    with clock.shifted(timedelta(hours=2)):
        async with cast.transaction(CALLERS["petra"]) as tx:
            (left,) = await walkins.walk_ins(tx, CALLERS["petra"], GERSWALDE)
    assert left.urgent and left.status == "waiting"


async def test_with_whom_a_practice_works(api: Client, keys: Keys, petra: str, bob: str) -> None:
    page = await text(await get(api, "/practice/partners", bob))
    assert page.count(" checked") == 2
    carla = logins.cookie(keys, CALLERS["carla"])["Cookie"]
    gramzow = {f"site.{people.GRAMZOW}": "yes"}
    assert (await post(api, "/practice/partners", carla, **gramzow)).headers[
        "Location"
    ] == "/practice/partners?done=saved"
    assert (await text(await get(api, "/practice/partners", bob))).count(" checked") == 1
    await post(api, COME, petra, **FORM)
    await post(api, "/practice/on-call", bob, until="18:00")
    assert "acceptance" not in await text(await get(api, ON_CALL, bob))
