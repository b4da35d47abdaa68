"""Sentences for people, German first: gettext catalogues under `locale/`, English message ids.

`_()` marks a sentence where it is written and renders it where the reader's language is known, so an error can be
raised deep inside and still speak to the person who asked.
"""

from __future__ import annotations

from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LOCALES = ("de", "en")
DEFAULT = "de"
_LOCALE_DIR = Path(__file__).parent / "locale"


class Text:
    """A sentence that knows its translations. `str()` gives the English one, for logs and engineers."""

    __slots__ = ("_message", "_values")

    def __init__(self, message: str, **values: object) -> None:
        self._message, self._values = message, values

    def render(self, locale: str) -> str:
        """The sentence in `locale`, its `%(name)s` places filled."""
        message = catalogue(locale).gettext(self._message)
        return message % self._values if self._values else message

    def __str__(self) -> str:
        return self.render("en")

    def __repr__(self) -> str:
        return f"Text({self._message!r})"


def _(message: str, **values: object) -> Text:
    return Text(message, **values)


@cache
def catalogue(locale: str) -> NullTranslations:
    """The sentences of `locale`, from `locale/<locale>/*.po`, a file for each part of the house, chained.

    Compiled in memory: no build step, nothing to forget.
    """
    found = NullTranslations()
    for source in sorted((_LOCALE_DIR / locale).glob("*.po"), reverse=True):
        compiled = BytesIO()
        with source.open("rb") as file:
            write_mo(compiled, read_po(file, locale=locale))
        compiled.seek(0)
        part = GNUTranslations(compiled)
        part.add_fallback(found)
        found = part
    return found


def choose(wanted: str | None, accept: str) -> str:
    """The page's language: the one asked for, else the browser's, else German (RFC 9110 section 12.5.4, q ignored)."""
    for tag in [wanted or "", *accept.split(",")]:
        language = tag.split(";")[0].strip().lower().split("-")[0]
        if language in LOCALES:
            return language
    return DEFAULT
