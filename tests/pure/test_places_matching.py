"""What people type, and which of the places found they mean."""

from __future__ import annotations

import pytest

from telemed.directory.matching import Named, Typed, alike, read, slips, without_districts
from telemed.directory.places import search_key


def named(name: str, lat: float = 53, lon: float = 13, population: int = 1000) -> Named:
    return Named(hash((name, lat)), name, "BB", lat, lon, population, search_key(name))


@pytest.mark.parametrize(
    ("where", "typed"),
    [
        ("17268", Typed("17268", "")),
        (" 17268 Gerswalde", Typed("17268", "gerswalde")),
        ("Gerswalde, 17268", Typed("17268", "gerswalde")),
        ("D-17291 Prenzlau", Typed("17291", "prenzlau")),
        ("1726", Typed(None, "1726")),
        ("172688", Typed(None, "172688")),
        ("١٧٢٦٨", Typed(None, "")),  # Arabic digits are no German postal code
        ("Schwedt/Oder", Typed(None, "schwedt oder")),
        ("…", Typed(None, "")),
    ],
)
def test_read(where: str, typed: Typed) -> None:
    assert read(where) == typed


@pytest.mark.parametrize(
    ("typed", "meant", "count"),
    [
        ("templin", "templin", 0),
        ("tempiln", "templin", 1),  # swapped
        ("templn", "templin", 1),  # left out
        ("temmplin", "templin", 1),  # added
        ("tenplin", "templin", 1),  # replaced
        ("gerswlade", "gerswalde", 1),
        ("", "abc", 3),
    ],
)
def test_slips(typed: str, meant: str, count: int) -> None:
    assert slips(typed, meant) == slips(meant, typed) == count


def test_alike_takes_the_fewest_slips_and_at_most_two() -> None:
    templin, tremplin = named("Templin"), named("Tremplin")
    assert alike("tempiln", [templin, tremplin]) == [templin]
    assert alike("fuerstenwerder", [named("Fürstenwalde")]) == []
    assert alike("ulm", [named("Elm"), named("Uelzen")]) == [named("Elm")]
    assert alike("xy", []) == []


def test_a_district_is_not_another_town_of_the_name() -> None:
    berlin = named("Berlin", 52.524, 13.411, 3_426_354)
    district, far = named("Berlin Köpenick", 52.443, 13.583, 59_561), named("Berlin am See", 50, 8)
    assert without_districts("berlin", [berlin, district, far]) == [berlin, far]
    assert without_districts("schwedt", [named("Schwedt/Oder")]) == [named("Schwedt/Oder")]
