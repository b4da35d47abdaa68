"""From what somebody types to a place: postal codes, umlauts, typing errors, several places of a name."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from telemed.db import Database
from telemed.directory.places import search_key
from telemed.directory.types import Candidate, Spot
from telemed.directory.whereabouts import AmbiguousPlace, UnknownPlace, resolve
from telemed.identity.callers import ANONYMOUS
from telemed.pg import Urls
from tests import region


@pytest.fixture(scope="module")
async def uckermark(postgres: Urls) -> AsyncIterator[Database]:
    database = await Database.open((await region.arrive(postgres)).app)
    yield database
    await database.close()


async def spot(db: Database, where: str, locale: str = "en") -> Spot:
    async with db.transaction(ANONYMOUS) as tx:
        return await resolve(tx, where, locale)


async def candidates(db: Database, where: str) -> list[Candidate]:
    with pytest.raises(AmbiguousPlace) as refused:
        await spot(db, where)
    assert set(refused.value.fields) == {"where"}
    return refused.value.candidates


@pytest.mark.parametrize(
    ("where", "name", "state"),
    [
        ("Gerswalde", "Gerswalde", "BB"),
        ("  gerswalde ", "Gerswalde", "BB"),
        ("Brüssow", "Brüssow", "BB"),
        ("bruessow", "Brüssow", "BB"),
        ("Schwedt", "Schwedt/Oder", "BB"),
        ("schwedt oder", "Schwedt/Oder", "BB"),
        ("Berlin", "Berlin", "BE"),  # and not one of its districts
        ("Koeln", "Köln", "NW"),
        ("Templin Uckermark", "Templin", "BB"),
        ("17268 Gerswalde", "Gerswalde", "BB"),
        ("17268 Mittenwalde", "Mittenwalde", "BB"),
        ("D-17291", "Prenzlau", "BB"),
        ("17268 Xyz", "Templin", "BB"),  # the postal code counts
    ],
)
async def test_a_place(uckermark: Database, where: str, name: str, state: str) -> None:
    found = await spot(uckermark, where)
    assert (found.name, found.state) == (name, state)


@pytest.mark.parametrize(
    ("where", "name"), [("Gerswlade", "Gerswalde"), ("Tempiln", "Templin"), ("Neubrandenbrug", "Neubrandenburg")]
)
async def test_a_typing_error_is_understood_and_said(uckermark: Database, where: str, name: str) -> None:
    found = await spot(uckermark, where, "de")
    assert found.name == name
    assert found.note == f"„{where}“ kennen wir nicht. Wir haben {name} genommen."


async def test_a_postal_code_is_the_middle_of_its_villages(uckermark: Database) -> None:
    found = await spot(uckermark, "17268")
    assert (found.name, found.postal_code) == ("Templin", "17268")
    assert found.note is not None and "villages" in found.note
    assert 53.0 < found.lat < 53.2 and 13.4 < found.lon < 13.7
    assert (await spot(uckermark, "16303")).note is None  # Schwedt alone


async def test_an_unknown_postal_code_becomes_its_neighbour_and_says_so(uckermark: Database) -> None:
    found = await spot(uckermark, "17290")
    assert found.postal_code == "17291"
    assert found.note == "We do not know the postal code 17290. We took its neighbour 17291, Prenzlau."


@pytest.mark.parametrize(
    "where", ["00000", "xyzzyq", "…", "123", "\x00", "%", "' OR 1=1", "Приют", "Uckermark", "a" * 120]
)
async def test_unknown(uckermark: Database, where: str) -> None:
    with pytest.raises(UnknownPlace) as refused:
        await spot(uckermark, where)
    assert set(refused.value.fields) == {"where"}


@pytest.mark.parametrize("where", ["Friedland", "Mittenwalde", "Bernau", "Neustadt", "Frankfurt", "Brussow"])
async def test_several_places_are_told_apart_and_each_can_be_found(uckermark: Database, where: str) -> None:
    several = await candidates(uckermark, where)
    assert len(several) > 1
    assert len({each.where for each in several}) == len(several)
    for each in several:
        found = await spot(uckermark, each.where)
        assert (search_key(found.name), found.state) == (search_key(each.name), each.state)


async def test_candidates_near_our_practices_come_first(uckermark: Database) -> None:
    first, *others = await candidates(uckermark, "Mittenwalde")
    assert (first.where, first.near) == ("17268 Mittenwalde", "Templin")
    assert first.near_km == pytest.approx(13, abs=1)
    assert [each.near for each in others] == ["Königs Wusterhausen"]
