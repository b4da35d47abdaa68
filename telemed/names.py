"""What people type about themselves, made readable or refused: names, e-mail addresses, telephone numbers."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from typing import Final

import phonenumbers

from telemed.errors import Invalid
from telemed.text import Text, _

SHORTEST, LONGEST = 2, 120  # characters
SHORTEST_PHONE: Final = 10_000  # five digits after the country code
OLDEST: Final = date(1900, 1, 1)
_BLANK_LETTERS: Final = "\u115f\u1160\u3164\uffa0"  # Hangul fillers: letters by category, nothing to the eye
_EMAIL: Final = re.compile(r"[^\s@<>()\[\],;:\\\"]+@[^\s@<>()\[\],;:\\\"]+\.[^\s@<>()\[\],;:\\\".]{2,}")


class NameUnreadable(Invalid):
    """Too short, too long, or with characters that are not seen or turn the text around (V-08)."""

    code = "name_unreadable"
    sentence = _("This name cannot be read. Please write it as it stands on the insurance card.")


def person_name(typed: str) -> str:
    """The name in NFC with single spaces. Raises ValueError if the doctor could not read it (V-08).

    Control and format characters (categories C*: direction marks, zero-width) are refused, not removed: who hides
    something in a name must not get a name that looks like another.
    """
    spaced = "".join(
        " " if unicodedata.category(char) == "Zs" else char for char in unicodedata.normalize("NFC", typed)
    )
    name = re.sub(" +", " ", spaced).strip(" ")
    if not SHORTEST <= len(name) <= LONGEST:
        raise ValueError("length")
    if any(unicodedata.category(char)[0] == "C" or char in "\u2028\u2029" + _BLANK_LETTERS for char in name):
        raise ValueError("invisible characters")
    if not any(char.isalpha() for char in name):
        raise ValueError("no letter")
    return name


def same_name(name: str) -> str:
    """The name as compared: case and compatibility forms do not matter (NFKC, casefold)."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def email(typed: str | None) -> str | None:
    """The address, None for nothing; loosely checked, because only a mail can prove it. Raises ValueError."""
    address = (typed or "").strip()
    if not address:
        return None
    if len(address) > 254 or not address.isprintable() or not _EMAIL.fullmatch(address):
        raise ValueError("not an address")
    return address


def phone(typed: str | None) -> str | None:
    """A telephone number in E.164, None for nothing; without a country code a German one. Raises ValueError."""
    typed = (typed or "").strip()
    if not typed:
        return None
    try:
        number = phonenumbers.parse(typed, "DE")
    except phonenumbers.NumberParseException as error:
        raise ValueError("not a number") from error
    if len(typed) > 40 or (number.national_number or 0) < SHORTEST_PHONE or not phonenumbers.is_possible_number(number):
        raise ValueError("not a number")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def birth_date(born: date, today: date) -> date:
    """Raises ValueError for a day before 1900 or in the future."""
    if not OLDEST <= born <= today:
        raise ValueError("not a birth date")
    return born


SENTENCES: Final[dict[str, Text]] = {
    "name": _("Please write first and last name in letters, 2 to 120 characters."),
    "birth_date": _("Please give the date of birth, between 1900 and today."),
    "email": _("This does not look like an e-mail address. It may also be left empty."),
    "phone": _("This does not look like a telephone number. It may also be left empty."),
}
