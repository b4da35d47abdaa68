"""The directory over HTTP, for somebody without a login."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import uuid4

import msgspec
import pytest
from aiohttp.test_utils import TestClient, TestServer

from telemed import app
from telemed.demo.tables import known_as
from telemed.pg import Urls
from telemed.settings import Settings
from tests import region
from tests.conftest import SECRET


@pytest.fixture(scope="module")
async def uckermark(postgres: Urls) -> AsyncIterator[TestClient]:
    urls = await region.arrive(postgres)
    settings = Settings(database_url=urls.app, owner_database_url=urls.owner, secret=SECRET, port=0)
    async with TestClient(TestServer(app.build(settings))) as running:
        yield running


async def get(client: TestClient, path: str, status: int = 200, language: str = "en", **query: str) -> dict:
    answer = await client.get(f"/api/v1/{path}", params=query, headers={"Accept-Language": language})
    assert answer.status == status, await answer.text()
    if status != 200:
        assert answer.content_type == "application/problem+json"
    return msgspec.json.decode(await answer.read())


async def test_towns(uckermark: TestClient) -> None:
    found = await get(uckermark, "towns", where="17268")
    assert found["origin"]["postal_code"] == "17268"
    assert [town["name"] for town in found["towns"]][:2] == ["Templin", "Prenzlau"]
    found = await get(uckermark, "towns", where="Gerswalde", specialty="dermatology", limit="1")
    assert [(town["name"], town["km"], town["minutes"]) for town in found["towns"]] == [("Prenzlau", 18.1, 30)]


async def test_practitioners_in_german_and_english(uckermark: TestClient) -> None:
    german = await get(uckermark, "practitioners", language="de", where="17268", specialty="dermatology")
    assert german["nearest"]["name"] == "Prenzlau"
    first = german["practitioners"][0]
    assert first["specialty_name"] == "Hautarzt"
    assert first["why"] == (
        "Prenzlau ist die nächste größere Stadt mit passender Praxis."
        " Bis Prenzlau sind es 30 km, mit dem Auto etwa 40 Minuten."
    )
    english = await get(uckermark, "practitioners", where="17268", specialty="dermatology")
    assert english["practitioners"][0]["specialty_name"] == "Skin doctor"


async def test_a_list_goes_on(uckermark: TestClient) -> None:
    first = await get(uckermark, "practitioners", where="17291", sort="earliest", limit="2")
    then = await get(uckermark, "practitioners", where="17291", sort="earliest", limit="2", cursor=first["next"])
    names = [f["name"] for f in first["practitioners"] + then["practitioners"]]
    assert len(set(names)) == 4
    times = [f["earliest"] for f in first["practitioners"] + then["practitioners"]]
    assert times == sorted(times)


async def test_one_practitioner(uckermark: TestClient) -> None:
    found = await get(uckermark, f"practitioners/{known_as('practitioner', 'Ina Eisvogel')}", language="de")
    assert (found["title"], found["name"], found["specialty_name"]) == (
        "Dr. med.", "Ina Eisvogel", "Hausarzt (Allgemeinmedizin)",
    )  # fmt: skip
    assert (found["site"]["town"], found["site"]["postal_code"]) == ("Prenzlau", "17291")
    assert {service["duration"] for service in found["services"]} == {"PT600S", "PT900S"}


@pytest.mark.parametrize("practitioner", [str(uuid4()), "eisvogel", "0"])
async def test_no_such_practitioner(uckermark: TestClient, practitioner: str) -> None:
    assert (await get(uckermark, f"practitioners/{practitioner}", 404))["code"] == "not_found"


async def test_sites_with_stations(uckermark: TestClient) -> None:
    found = await get(uckermark, "sites", where="Gerswalde")
    assert found["sites"][0]["site"]["name"] == "Storchen-Apotheke"
    assert len(found["sites"]) == 6 and all(each["stations"] for each in found["sites"])
    found = await get(uckermark, "sites", where="Gramzow", kind="pharmacy", limit="2")
    assert [each["site"]["kind"] for each in found["sites"]] == ["pharmacy", "pharmacy"]
    assert found["sites"][0]["km"] <= found["sites"][1]["km"]


async def test_specialties(uckermark: TestClient) -> None:
    found = await get(uckermark, "specialties", language="de")
    assert len(found["specialties"]) >= 12
    assert found["specialties"][0] == {"code": "general", "name": "Hausarzt (Allgemeinmedizin)"}


@pytest.mark.parametrize("path", ["towns", "practitioners", "sites"])
async def test_unknown_and_ambiguous_places(uckermark: TestClient, path: str) -> None:
    problem = await get(uckermark, path, 422, language="de", where="xyzzyq")
    assert (problem["code"], list(problem["fields"])) == ("unknown_place", ["where"])
    assert problem["detail"].startswith("Diesen Ort kennen wir nicht.")
    problem = await get(uckermark, path, 422, where="Mittenwalde")
    assert problem["code"] == "ambiguous_place"
    assert [each["where"] for each in problem["candidates"]] == ["17268 Mittenwalde", "15749 Mittenwalde"]
    await get(uckermark, path, where=problem["candidates"][0]["where"])


@pytest.mark.parametrize(
    ("query", "code", "field"),
    [
        ({}, "invalid", None),
        ({"where": ""}, "invalid", "where"),
        ({"where": "x" * 121}, "invalid", "where"),
        ({"where": "17268", "specialty": "astrology"}, "unknown_specialty", "specialty"),
        ({"where": "17268", "specialty": "Hautarzt"}, "unknown_specialty", "specialty"),
        ({"where": "17268", "sort": "price"}, "invalid", "sort"),
        ({"where": "17268", "mode": "phone"}, "invalid", "mode"),
        ({"where": "17268", "limit": "0"}, "invalid", "limit"),
        ({"where": "17268", "limit": "51"}, "invalid", "limit"),
        ({"where": "17268", "cursor": "x"}, "bad_cursor", None),
    ],
)
async def test_what_cannot_be_asked(uckermark: TestClient, query: dict[str, str], code: str, field: str | None) -> None:
    problem = await get(uckermark, "practitioners", 422, **query)
    assert problem["code"] == code
    if field is not None:
        assert list(problem["fields"]) == [field]


@pytest.mark.rule("B-07")
@pytest.mark.parametrize("name", ["payer", "insurance", "private", "kasse", "type", "duration"])
async def test_nobody_can_ask_by_payer_type_or_length(uckermark: TestClient, name: str) -> None:
    problem = await get(uckermark, "practitioners", 422, where="17268", **{name: "private"})
    assert problem["code"] == "invalid"
