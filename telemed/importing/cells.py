"""What stands in a cell, read as German and English spreadsheets write it. Nothing is guessed that has two meanings."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, time, timedelta
from typing import Any, Final, NamedTuple
from zoneinfo import available_timezones

from babel import Locale, UnknownLocaleError

from telemed import clock, names
from telemed.directory.specialties import SPECIALTIES
from telemed.forms import UnclearDate, read_date

Read = Callable[[str], Any]


class Bad(ValueError):
    """A cell that cannot be taken: what is wrong with it, and what to write instead."""

    def __init__(self, what: str, instead: str) -> None:
        super().__init__(what)
        self.what, self.instead = what, instead


class Season(NamedTuple):
    """A time of day; `winter` where the cell says which of the two in the doubled hour of October is meant."""

    time: time
    winter: bool | None


_WEEKDAYS: Final = ("mo", "di", "mi", "do", "fr", "sa", "so")
_ENGLISH: Final = ("mo", "tu", "we", "th", "fr", "sa", "su")
_FULL: Final = (
    "montag", "dienstag", "mittwoch", "donnerstag", "freitag", "samstag", "sonntag",
    "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
)  # fmt: skip
_TIME: Final = re.compile(r"(\d{1,2})(?:[:.](\d{2}))?(?: ?(?:uhr|h))?(?: \(?(summer|winter|sommerzeit|winterzeit)\)?)?")
_LENGTH: Final = re.compile(r"(\d+(?:[.,]\d+)?) ?([a-zäöü]*)")
_UNITS: Final = {
    **dict.fromkeys(("min", "minute", "minutes", "minuten"), timedelta(minutes=1)),
    **dict.fromkeys(("h", "hour", "hours", "std", "stunde", "stunden"), timedelta(hours=1)),
    **dict.fromkeys(("d", "day", "days", "tag", "tage"), timedelta(days=1)),
}
_YES: Final = {"ja": True, "yes": True, "j": True, "y": True, "x": True, "1": True, "true": True, "wahr": True}
_NO: Final = dict.fromkeys(("nein", "no", "n", "0", "false", "falsch"), False)


def text(most: int, least: int = 1) -> Read:
    def read(typed: str) -> str:
        if not least <= len(typed) <= most or not typed.isprintable():
            raise Bad(f"{len(typed)} characters, or some that cannot be seen", f"{least} to {most} visible characters")
        return typed

    return read


def key(typed: str) -> str:
    if not re.fullmatch(r"[\w.\-/]{1,60}", typed):
        raise Bad(f"“{typed[:60]}” is not an id", "up to 60 letters, digits, - _ . or /")
    return typed


def one_of(**meanings: str) -> Read:
    """A word out of a few; each meaning is given with its spellings: practice="Praxis, practice"."""
    known = {
        word.strip().casefold(): meant for meant, words in meanings.items() for word in f"{meant},{words}".split(",")
    }

    def read(typed: str) -> str:
        if typed.casefold() not in known:
            raise Bad(f"“{typed[:60]}” is not known here", " or ".join(meanings))
        return known[typed.casefold()]

    return read


def several(one: Read, most: int = 20) -> Read:
    """A list in one cell, between commas, semicolons, | or spaces; no value twice."""

    def read(typed: str) -> list[Any]:
        found = list(dict.fromkeys(one(part) for part in re.split(r"[\s,;|/+]+", typed) if part))
        if not 1 <= len(found) <= most:
            raise Bad("nothing, or too much, in the list", "one or more, for example with commas between them")
        return found

    return read


def whole(least: int, most: int) -> Read:
    def read(typed: str) -> int:
        if not typed.isascii() or not typed.isdigit() or len(typed) > 9 or not least <= int(typed) <= most:
            raise Bad(f"“{typed[:60]}” is not possible", f"a whole number from {least} to {most}")
        return int(typed)

    return read


def degrees(least: float, most: float) -> Read:
    def read(typed: str) -> float:
        if not re.fullmatch(r"-?\d{1,3}([.,]\d{1,12})?", typed) or not least <= float(typed.replace(",", ".")) <= most:
            raise Bad(f"“{typed[:60]}” is not in Germany", "degrees, for example 53,317")
        return float(typed.replace(",", "."))

    return read


def length(unit: str, least: timedelta, most: timedelta) -> Read:
    """A length of time; a bare number is in `unit`."""
    between = f"{_told(least)} to {_told(most)}, for example “15 min”, “2 h” or “30 days”"

    def read(typed: str) -> timedelta:
        found = _LENGTH.fullmatch(typed.lower())
        per = _UNITS.get(found[2] or unit) if found else None
        if found is None or per is None or len(found[1]) > 9:
            raise Bad(f"“{typed[:60]}” is not a length of time", between)
        meant = float(found[1].replace(",", ".")) * per
        if not least <= meant <= most or meant % timedelta(minutes=1):
            raise Bad(f"“{typed[:60]}” is not possible", between)
        return meant

    return read


def _told(length: timedelta) -> str:
    return f"{length.days} days" if length.days else f"{length // timedelta(minutes=1)} min"


def day(typed: str) -> date:
    try:
        return read_date(typed)
    except UnclearDate as unclear:
        raise Bad(f"“{typed[:60]}”: {unclear.sentence}", "17.5.1948 or 1948-05-17") from None


def time_of_day(typed: str) -> Season:
    found = _TIME.fullmatch(" ".join(typed.lower().split()))
    hours, minutes = (int(found[1]), int(found[2] or 0)) if found else (99, 0)
    if found is None or hours > 23 or minutes > 59:
        raise Bad(f"“{typed[:60]}” is not a time of day", "08:30, 8.30 Uhr or 8 Uhr")
    return Season(time(hours, minutes), found[3].startswith("winter") if found[3] else None)


def wall_time(typed: str) -> time:
    """Of opening hours; 24:00 is midnight."""
    return time() if typed in ("24", "24:00", "24.00", "24 Uhr") else time_of_day(typed).time


def weekdays(typed: str) -> list[int]:
    """ISO weekdays: `Mo,Mi`, `montags`, `Mo-Fr`."""
    found: list[int] = []
    for part in re.split(r"[\s,;|/+]+", re.sub(r"\s*(?:-|–|bis|to)\s*", "-", typed.lower().strip())):
        first, _dash, last = part.partition("-")
        begin, end = _weekday(first), _weekday(last or first)
        found += [(begin - 1 + n) % 7 + 1 for n in range((end - begin) % 7 + 1)]
    return sorted(set(found))


def _weekday(word: str) -> int:
    bare = word.removesuffix(".")
    if bare.removesuffix("s") in _FULL:
        return _FULL.index(bare.removesuffix("s")) % 7 + 1
    for short in (_WEEKDAYS, _ENGLISH):
        if bare in short:
            return short.index(bare) + 1
    raise Bad(f"“{word[:60]}” is not a day of the week", "Mo, Di, Mi, Do, Fr, Sa, So, or for example Mo-Fr")


def yes_or_no(typed: str) -> bool:
    meant = (_YES | _NO).get(typed.casefold())
    if meant is None:
        raise Bad(f"“{typed[:60]}” is neither yes nor no", "ja or nein")
    return meant


def zone(typed: str) -> str:
    if typed not in available_timezones():
        raise Bad(f"“{typed[:60]}” is not a time zone", "Europe/Berlin")
    return typed


def language(typed: str) -> str:
    try:
        return Locale.parse(typed.lower(), sep="-").language
    except (ValueError, UnknownLocaleError):
        raise Bad(f"“{typed[:20]}” is not a language", "codes such as de, en, pl") from None


def specialty(typed: str) -> str:
    known = {
        word.casefold(): code for code, label in SPECIALTIES.items() for word in (code, str(label), label.render("de"))
    }
    if typed.casefold() not in known:
        raise Bad(f"“{typed[:60]}” is not known here", ", ".join(SPECIALTIES))
    return known[typed.casefold()]


def postal_code(typed: str) -> str:
    bare = typed.upper().removeprefix("D-")
    if not re.fullmatch(r"[0-9]{5}", bare):
        raise Bad(f"“{typed[:20]}” is not a postal code", "five digits; a spreadsheet may have dropped a leading 0")
    return bare


def _as_typed_by_people(field: str, read: Callable[[str], Any], example: str) -> Read:
    def checked(typed: str) -> Any:
        try:
            return read(typed)
        except ValueError:
            raise Bad(f"“{typed[:60]}”: {names.SENTENCES[field]}", example) from None

    return checked


name: Final = _as_typed_by_people("name", names.person_name, "Erika Musterfrau")
email: Final = _as_typed_by_people("email", names.email, "erika@example.org, or nothing")
phone: Final = _as_typed_by_people("phone", names.phone, "03984 123456, or nothing")
_born: Final = _as_typed_by_people(
    "birth_date", lambda typed: names.birth_date(day(typed), clock.now().date()), "17.5.1948"
)


def birth_date(typed: str) -> date:
    day(typed)  # says more exactly what is wrong with it
    born: date = _born(typed)
    return born
