"""What people type into a form, read with patience: dates and times as they are spoken, fields as text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, time
from typing import Final

from aiohttp import web

from telemed.errors import BadRequest
from telemed.text import Text, _

_MONTHS: Final[Mapping[str, int]] = {
    "jan": 1, "feb": 2, "mär": 3, "mar": 3, "mae": 3, "apr": 4, "mai": 5, "may": 5, "jun": 6, "jul": 7, "aug": 8,
    "sep": 9, "okt": 10, "oct": 10, "nov": 11, "dez": 12, "dec": 12,
}  # fmt: skip
_ISO: Final = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_DIGITS: Final = re.compile(r"(\d{2})(\d{2})(\d{4})")
_PARTS: Final = re.compile(r"(\d{1,2})\s*([./\-\s])\s*(\d{1,2})\s*[./\-\s]\s*(\d+)")
_NAMED: Final = re.compile(r"(\d{1,2})\s*\.?\s*([a-zäöü]{3,9})\.?\s*(\d+)", re.IGNORECASE)
_TIME: Final = re.compile(r"(\d{1,2})(?:\s*[:.h]\s*(\d{2}))?\s*(?:uhr|h)?", re.IGNORECASE | re.ASCII)
_FOUR: Final = re.compile(r"(\d{2})(\d{2})", re.ASCII)


class UnclearDate(ValueError):
    """A date that cannot be read with certainty; `sentence` says what to write instead."""

    def __init__(self, sentence: Text) -> None:
        super().__init__(str(sentence))
        self.sentence = sentence


class UnclearTime(ValueError):
    """A time of day that cannot be read."""

    sentence = _("Please write a time, for example 8:00 or 14:30.")


async def posted(request: web.Request) -> dict[str, str]:
    """The fields of a form, stripped. Raises BadRequest for files, doubled fields and bodies that are no form."""
    if request.content_type not in ("application/x-www-form-urlencoded", "multipart/form-data"):
        raise BadRequest
    try:
        form = await request.post()
    except (ValueError, LookupError, RuntimeError) as error:  # the last two: unknown encodings
        raise BadRequest from error
    if len(form) != len(set(form)):
        raise BadRequest
    values = {name: value.strip() for name, value in form.items() if isinstance(value, str)}
    if len(values) != len(form) or any("\0" in value for value in values.values()):
        raise BadRequest
    return values


def read_date(typed: str) -> date:
    """A day as Germans write it: 17.5.1948, 17 05 1948, 17051948, 17. Mai 1948, or 1948-05-17. Raises UnclearDate.

    Nothing is guessed: a year of two digits may mean two centuries, and 5/6/1948 two days.
    """
    text = " ".join(typed.split())
    if found := _ISO.fullmatch(text):
        return _day(found[3], found[2], found[1])
    if found := _DIGITS.fullmatch(text):
        return _day(*found.groups())
    if found := _PARTS.fullmatch(text):
        if found[2] == "/" and found[1] != found[3] and int(found[3]) <= 12 and int(found[1]) <= 12:
            raise UnclearDate(_("Day or month first? Please write it with dots, for example 17.5.1948."))
        return _day(found[1], found[3], found[4])
    if (found := _NAMED.fullmatch(text)) and (month := _MONTHS.get(found[2][:3].lower())):
        return _day(found[1], str(month), found[3])
    raise UnclearDate(_("Please write day, month and year, for example 17.5.1948."))


def read_time(typed: str) -> time:
    """`8`, `8:30`, `8.30 Uhr`, `0830`; 24:00 is midnight. Raises UnclearTime."""
    found = _FOUR.fullmatch(typed.strip()) or _TIME.fullmatch(typed.strip())
    if found is None:
        raise UnclearTime(typed)
    hour, minute = int(found[1]), int(found[2] or 0)
    try:
        return time() if (hour, minute) == (24, 0) else time(hour, minute)
    except ValueError as error:
        raise UnclearTime(typed) from error


def read_number(typed: str) -> int | None:
    """A whole number of at most five digits, None for anything else."""
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) <= 5 else None


def _day(day: str, month: str, year: str) -> date:
    if len(year) != 4:
        raise UnclearDate(_("Please write the year with four digits, for example 17.5.1948."))
    try:
        return date(int(year), int(month), int(day))
    except ValueError as error:
        raise UnclearDate(_("This day does not exist. Please check day, month and year.")) from error
