"""A service's terms as a form shows them and as somebody types them: lengths in minutes, hours and days."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final, get_args

import msgspec

from telemed.errors import Invalid
from telemed.forms import read_number
from telemed.scheduling.services.services import Terms, checked
from telemed.scheduling.types import Mode, Patients
from telemed.text import Text, _

UNITS: Final = {"minutes": timedelta(minutes=1), "hours": timedelta(hours=1), "days": timedelta(days=1)}
MINUTES: Final = ("duration", "buffer_before", "buffer_after", "grid")
WITH_UNIT: Final = ("notice", "cancel_until")
LANGUAGES: Final = ("de", "en", "pl", "uk", "ru", "ar", "fa", "tr", "fr", "es", "it", "pt", "ro", "bg", "vi")
LABELS: Final[dict[str, Text]] = {
    "name_de": _("Name in German"), "name_en": _("Name in English"), "duration": _("How many minutes?"),
    "grid": _("A start every how many minutes?"), "buffer_before": _("Minutes free before"),
    "buffer_after": _("Minutes free after"), "notice": _("Can be booked until how long before?"),
    "horizon": _("Can be booked how many days ahead?"), "modes": _("How does it take place?"),
    "patients": _("Who can book it?"), "languages": _("In which languages?"),
    "daily_cap": _("At most how many a day?"), "first_assessment": _("First assessment"),
    "cancel_until": _("Patients can move or cancel until how long before?"),
}  # fmt: skip
_NUMBER = _("Please write a whole number.")


def empty() -> dict[str, str]:
    """A new service, filled in as most practices would."""
    return {
        "duration": "15", "grid": "15", "buffer_before": "0", "buffer_after": "0", "notice": "2",
        "notice_unit": "hours", "horizon": "30", "mode_video": "yes", "patients": "all", "cancel_until": "0",
        "cancel_until_unit": "hours",
    }  # fmt: skip


def shown(terms: Terms) -> dict[str, str]:
    """Terms as their form shows them."""
    typed = {name: str(getattr(terms, name) // UNITS["minutes"]) for name in MINUTES}
    for name in WITH_UNIT:
        length: timedelta = getattr(terms, name)
        unit = next(unit for unit in reversed(UNITS) if unit == "minutes" or (length and not length % UNITS[unit]))
        typed |= {name: str(length // UNITS[unit]), f"{name}_unit": unit}
    ticks = [f"mode_{mode}" for mode in terms.modes] + [f"language_{code}" for code in terms.languages or ()]
    ticks += ["first_assessment"] if terms.first_assessment else []
    return typed | dict.fromkeys(ticks, "yes") | {
        "name_de": terms.name_de, "name_en": terms.name_en, "horizon": str(terms.horizon.days),
        "patients": terms.patients, "daily_cap": str(terms.daily_cap or ""),
    }  # fmt: skip


def read(typed: Mapping[str, str], before: Terms | None = None) -> Terms:
    """What was typed as terms. Raises Invalid naming every field that is wrong, also those that `checked` refuses."""
    wrong: dict[str, Text] = {}
    lengths = {name: _length(typed.get(name, ""), "minutes") for name in MINUTES}
    lengths["horizon"] = _length(typed.get("horizon", ""), "days")
    for name in WITH_UNIT:
        lengths[name] = _length(typed.get(name, ""), typed.get(f"{name}_unit", ""))
    cap = read_number(typed["daily_cap"]) if typed.get("daily_cap") else None
    wrong |= {name: _NUMBER for name, length in lengths.items() if length is None}
    if typed.get("daily_cap") and cap is None:
        wrong["daily_cap"] = _NUMBER
    if typed.get("patients") not in get_args(Patients):
        wrong["patients"] = _("Please choose one.")
    # A language from the API or an import that the form does not list stays.
    more = [code for code in (before.languages or () if before else ()) if code not in LANGUAGES]
    languages = [code for code in LANGUAGES if f"language_{code}" in typed]
    found: dict[str, Any] = {name: length for name, length in lengths.items() if length is not None}
    found |= {name: typed.get(name, "")[:200] for name in ("name_de", "name_en")}
    found |= {
        "modes": tuple(mode for mode in get_args(Mode) if f"mode_{mode}" in typed), "daily_cap": cap,
        "patients": "all" if "patients" in wrong else typed["patients"],
        "first_assessment": "first_assessment" in typed,
        "languages": tuple(languages + more) or None,
    }  # fmt: skip
    spare = {name: timedelta(minutes=10) for name in ("duration", "grid") if name not in found}
    terms: Terms = msgspec.convert(spare | found, Terms)
    try:
        terms = checked(terms)
    except Invalid as refusal:
        wrong = refusal.fields | wrong
    if wrong:
        raise Invalid(fields={name: wrong[name] for name in LABELS if name in wrong})
    return terms


def _length(typed: str, unit: str) -> timedelta | None:
    number = read_number(typed)
    return UNITS[unit] * number if number is not None and unit in UNITS else None
