"""A search as its address says it: plain words in one order, without what is usual, to be read and shared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

import msgspec

from telemed.directory.specialties import SPECIALTIES
from telemed.directory.types import PractitionersQuery
from telemed.text import Text, _

LONGEST: Final = 120  # characters of a place
_NAMES: Final = (
    "where", "specialty", "within", "when", "from", "time", "mode", "language", "sort", "station", "cursor",
)  # fmt: skip
_USUAL: Final = {"within": "120", "mode": "video", "sort": "nearest"}

# What the form offers; the first of each is what is usual.
WITHIN: Final[dict[str, Text]] = {
    "": _("Up to two hours"), "20": _("Up to 20 minutes"), "40": _("Up to 40 minutes"), "60": _("Up to an hour"),
}  # fmt: skip
WHEN: Final[dict[str, Text]] = {
    "": _("Any day"), "today": _("Today"), "tomorrow": _("Tomorrow"), "this-week": _("This week"),
    "next-week": _("Next week"),
}  # fmt: skip
TIME: Final[dict[str, Text]] = {
    "": _("Any time"), "morning": _("In the morning, before 12"), "afternoon": _("In the afternoon, 12 to 17"),
    "evening": _("In the evening, from 17"),
}  # fmt: skip
MODE: Final[dict[str, Text]] = {
    "": _("By video, at home"), "assisted": _("By video, with help at a pharmacy or community hall"),
    "in_person": _("In person, at the practice"),
}  # fmt: skip
LANGUAGES: Final = ("de", "en", "pl", "uk", "ru", "tr", "ar", "fr", "es", "it")


class Asked(msgspec.Struct, frozen=True, rename={"since": "from"}):
    """The words as they were typed; empty: usual. Whatever cannot be understood is left out."""

    where: str = ""
    specialty: str = ""
    within: str = ""
    when: str = ""
    since: str = ""
    time: str = ""
    mode: str = ""
    language: str = ""
    sort: str = ""
    station: str = ""
    cursor: str = ""

    def but(self, **changes: object) -> str:
        """The address of this search with some words changed; a page of the list is only for the search it is of."""
        words = self.said() | {"cursor": ""} | {"from" if n == "since" else n: str(v or "") for n, v in changes.items()}
        return "/search?" + urlencode({name: words[name] for name in _NAMES if words.get(name)})

    @property
    def address(self) -> str:
        """Its own address."""
        return self.but(cursor=self.cursor)

    @property
    def narrowed(self) -> bool:
        """Whether it says more than where and which doctor."""
        return any((self.within, self.when, self.since, self.time, self.mode, self.language))

    def said(self) -> dict[str, str]:
        """Name -> word of what is not usual, as in the address."""
        return {name: word for name, word in msgspec.to_builtins(self).items() if word}

    def query(self, limit: int) -> PractitionersQuery:
        """The search itself."""
        return msgspec.convert(self.said() | {"limit": limit}, PractitionersQuery, strict=False)


def read(query: Mapping[str, str]) -> Asked:
    """From an address or a form. A specialty that does not exist stays, to be complained about."""
    words = {name: query.get(name, "").strip()[: LONGEST if name == "where" else 200] for name in _NAMES}
    for name, usual in _USUAL.items():
        words[name] = "" if words[name] == usual else words[name]
    for name in _NAMES[2:]:
        probe = {"where": "-", name: words[name]}
        try:
            msgspec.convert(probe, PractitionersQuery, strict=False)
        except msgspec.ValidationError:
            words[name] = ""
    if words["from"]:
        words["when"] = ""
    return msgspec.convert(words, Asked)


def choices() -> dict[str, Any]:
    """What the templates of the form need."""
    return {
        "specialties": SPECIALTIES, "withins": WITHIN, "whens": WHEN, "times": TIME, "modes": MODE,
        "spoken": LANGUAGES,
    }  # fmt: skip
