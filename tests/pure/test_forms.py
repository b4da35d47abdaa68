"""Dates as people write them: understood when they are clear, asked back when they are not."""

from __future__ import annotations

from datetime import date

import pytest

from telemed.forms import UnclearDate, read_date


@pytest.mark.parametrize(
    "typed",
    [
        "17.5.1948", "17.05.1948", " 17. 5. 1948 ", "17 5 1948", "17/5/1948", "17-05-1948", "17051948", "1948-05-17",
        "17. Mai 1948", "17 may 1948", "17.Mai 1948",
    ],
)  # fmt: skip
def test_clear(typed: str) -> None:
    assert read_date(typed) == date(1948, 5, 17)


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        ("17.5.48", "four digits"), ("17. Mai 48", "four digits"), ("5/6/1948", "Day or month"),
        ("30.2.1948", "does not exist"), ("32.1.1948", "does not exist"), ("17.5.19480", "four digits"),
        ("", "day, month and year"), ("gestern", "day, month and year"), ("17. Brumaire 1948", "day, month and year"),
        ("١٧.٥.١٩٤٨x", "day, month and year"),
    ],
)  # fmt: skip
def test_unclear(typed: str, hint: str) -> None:
    with pytest.raises(UnclearDate, match=hint):
        read_date(typed)


def test_both_readings_alike() -> None:
    assert read_date("5/5/1948") == date(1948, 5, 5)


def test_months_of_both_languages() -> None:
    for number, names in enumerate(
        ("Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November",
         "Dezember"), start=1,
    ):  # fmt: skip
        assert read_date(f"3. {names} 1946") == date(1946, number, 3)
