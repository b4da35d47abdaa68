"""The form of the waiting list: which times would suit, and whom to tell."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, time, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec

from telemed import clock, names
from telemed.errors import Invalid
from telemed.forms import UnclearDate, read_date
from telemed.scheduling import bookings
from telemed.scheduling.types import Patient
from telemed.text import Text, _

DAYS: Final = (_("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"), _("Sunday"))
HOURS: Final = range(7, 21)
NOTICE: Final = {
    "30": _("half an hour"), "120": _("2 hours"), "300": _("5 hours"), "1440": _("1 day"), "2880": _("2 days"),
    "10080": _("1 week"),
}  # minutes  # fmt: skip
LABELS: Final = {
    "name": _("Name"), "birth_date": _("Date of birth"), "email": _("E-mail"), "phone": _("Telephone"),
    "carer": _("Who asks for the patient?"), "since": _("Not before"), "until": _("Not after"),
    "from_date": _("First day"), "until_date": _("Last day"), "postal_code": _("Postal code"),
    "where": _("From where?"), "short_notice": _("How much notice do you need?"),
}  # fmt: skip
PATIENT: Final = ("name", "birth_date", "email", "phone", "carer", "postal_code")


class Station(msgspec.Struct, frozen=True):
    id: UUID
    name: str


def blank() -> dict[str, str]:
    fields = (*LABELS, *(f"day{day}" for day in range(1, 8)), "key")
    return dict.fromkeys(fields, "") | {"short_notice": "120", "where": "video"}


def times(typed: Mapping[str, str]) -> dict[str, Any]:
    """The wished times as fields of Times. Raises Invalid naming every field that is wrong."""
    wrong: dict[str, Text] = {}
    found: dict[str, Any] = {}
    days = tuple(day for day in range(1, 8) if typed.get(f"day{day}"))
    found["weekdays"] = days or None
    for field in ("since", "until"):
        hour = typed.get(field, "")
        if hour in map(str, HOURS):
            found[field] = time(int(hour))
        elif hour:
            wrong[field] = _("Please choose one of the times.")
    for field in ("from_date", "until_date"):
        if typed.get(field):
            try:
                found[field] = read_date(typed[field])
            except UnclearDate as error:
                wrong[field] = error.sentence
    if typed.get("short_notice", "") in NOTICE:
        found["short_notice"] = timedelta(minutes=int(typed["short_notice"]))
    else:
        wrong["short_notice"] = _("Please choose one of the answers.")
    if wrong:
        raise Invalid(fields=wrong)
    return found


def whom(typed: Mapping[str, str]) -> dict[str, Any]:
    """The patient, and from where, as fields of Joining. Raises Invalid naming every field that is wrong."""
    wrong: dict[str, Text] = {}
    born: date | None = None
    try:
        born = names.birth_date(read_date(typed.get("birth_date", "")), clock.now().date())
    except UnclearDate as error:
        wrong["birth_date"] = error.sentence
    except ValueError:
        wrong["birth_date"] = names.SENTENCES["birth_date"]
    patient = Patient(
        typed.get("name", "")[:400], born or names.OLDEST, typed.get("email", "")[:400] or None,
        typed.get("phone", "")[:400] or None,
    )  # fmt: skip
    try:
        patient = bookings.readable(patient)
    except Invalid as refusal:
        wrong |= {name.removeprefix("patient."): why for name, why in refusal.fields.items()}
    code = typed.get("postal_code", "")
    if code and not (len(code) == 5 and code.isascii() and code.isdigit()):
        wrong["postal_code"] = _("A postal code has five digits.")
    where = typed.get("where") or "video"
    station: UUID | None = None
    try:
        station = None if where in ("video", "in_person") else UUID(where)
    except ValueError:
        wrong["where"] = _("Please choose one of the answers.")
    if wrong:
        raise Invalid(fields=wrong)
    return {
        "patient": patient, "carer": typed.get("carer", "")[:400] or None, "postal_code": code or None,
        "mode": "assisted" if station is not None else where, "station": station,
    }  # fmt: skip


def all_wrong(typed: Mapping[str, str], *, patient: bool) -> dict[str, Text]:
    """Everything that is wrong with a form, in the order of its fields; empty if nothing."""
    wrong: dict[str, Text] = {}
    for read in (whom, times) if patient else (times,):
        try:
            read(typed)
        except Invalid as refusal:
            wrong |= refusal.fields
    return in_order(wrong)


def in_order(wrong: Mapping[str, Text]) -> dict[str, Text]:
    """The sentences under the names of the form's fields."""
    named = {name.removeprefix("patient."): why for name, why in wrong.items()}
    named = {
        {"station": "where", "mode": "where", "weekdays": "day1"}.get(name, name): why for name, why in named.items()
    }
    return {name: named[name] for name in (*LABELS, "day1") if name in named}
