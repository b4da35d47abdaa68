"""Keys of names, distances, travel."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemed.directory.places import search_key
from telemed.travel import distance_km, reach_km, travel_minutes

PRENZLAU, GERSWALDE, BERLIN = (53.31702, 13.86397), (53.16988, 13.74853), (52.52437, 13.41053)


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("Brüssow", "bruessow"),
        ("BRUESSOW", "bruessow"),
        ("Bru\u0308ssow", "bruessow"),  # the umlaut as letter and dots, as an iPhone may send it
        ("Schwedt/Oder", "schwedt oder"),
        ("  Frankfurt (Oder) ", "frankfurt oder"),
        ("Groß Schönebeck", "gross schoenebeck"),
        ("Café-Straße", "cafe strasse"),
        ("\u202eTemplin\u200b", "templin"),
        ("Köln\x00", "koeln"),
        ("50%_'; --", "50"),
        ("Приют", ""),
    ],
)
def test_search_key(typed: str, key: str) -> None:
    assert search_key(typed) == key


@given(st.text(max_size=80))
def test_a_key_has_only_letters_digits_and_single_spaces(typed: str) -> None:
    key = search_key(typed)
    assert re.fullmatch(r"([a-z0-9]+( [a-z0-9]+)*)?", key)
    assert search_key(key) == key


def test_distances() -> None:
    assert distance_km(*PRENZLAU, *PRENZLAU) == 0
    assert distance_km(*GERSWALDE, *PRENZLAU) == pytest.approx(18.1, abs=0.1)
    assert distance_km(*BERLIN, *PRENZLAU) == pytest.approx(93.2, abs=0.1)
    assert distance_km(0, 0, 0, 180) == pytest.approx(20015, abs=1)  # half way round


def test_travel_is_told_in_steps_of_five_and_never_shrinks() -> None:
    minutes = [travel_minutes(km / 2) for km in range(2000)]
    assert minutes == sorted(minutes)
    assert all(m >= 5 and m % 5 == 0 for m in minutes)
    assert (travel_minutes(18.1), travel_minutes(40), travel_minutes(93.2)) == (30, 50, 85)


@given(st.integers(5, 1440))
def test_nothing_beyond_reach_is_within_the_time(minutes: int) -> None:
    assert travel_minutes(reach_km(minutes) + 0.01) > minutes
