"""Medical specialties by the names patients use. Codes are stable: they stand in the database and in addresses."""

from __future__ import annotations

from typing import Final

from telemed.errors import Invalid
from telemed.text import Text, _

SPECIALTIES: Final[dict[str, Text]] = {
    "general": _("Family doctor (general practice)"),
    "paediatrics": _("Children's doctor"),
    "internal": _("Internal medicine"),
    "dermatology": _("Skin doctor"),
    "gynaecology": _("Women's doctor (gynaecology)"),
    "cardiology": _("Heart doctor (cardiology)"),
    "neurology": _("Nerve doctor (neurology)"),
    "psychiatry": _("Mental health (psychiatry)"),
    "orthopaedics": _("Bones and joints (orthopaedics)"),
    "ent": _("Ear, nose and throat"),
    "ophthalmology": _("Eye doctor"),
    "urology": _("Urology (bladder, kidney, prostate)"),
    "pneumology": _("Lung doctor"),
    "diabetology": _("Diabetes"),
    "psychotherapy": _("Psychotherapy"),
    "pain": _("Pain therapy"),
}
"""In the order in which a list should show them: the most asked for first."""


class UnknownSpecialty(Invalid):
    """The code of a specialty that does not exist here."""

    code = "unknown_specialty"
    sentence = _("This medical specialty does not exist here. Please choose one from the list.")

    def __init__(self) -> None:
        super().__init__(fields={"specialty": self.sentence})


def check(code: str | None) -> None:
    """Raises UnknownSpecialty; no specialty at all is fine."""
    if code and code not in SPECIALTIES:
        raise UnknownSpecialty


def label(code: str) -> Text:
    """The name of a specialty; of one that this edition no longer knows, its code."""
    return SPECIALTIES.get(code, _(code))
