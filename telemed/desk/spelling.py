"""Codes read aloud: German by the cities of DIN 5009:2022, English by the alphabet of ICAO Annex 10."""

from __future__ import annotations

from typing import Final, NamedTuple

_WORDS: Final = {
    "de": "Aachen Berlin Chemnitz Düsseldorf Essen Frankfurt Gießen Hamburg Ingelheim Jena Köln Leipzig München "
    "Nürnberg Offenbach Potsdam Quickborn Rostock Salzwedel Tübingen Unna Völklingen Wuppertal Xanten Ypsilon Zwickau",
    "en": "Alfa Bravo Charlie Delta Echo Foxtrot Golf Hotel India Juliett Kilo Lima Mike November Oscar Papa Quebec "
    "Romeo Sierra Tango Uniform Victor Whiskey X-ray Yankee Zulu",
}


class Sign(NamedTuple):
    """`word` is empty for a digit."""

    sign: str
    word: str


def spelled(code: str, locale: str) -> list[list[Sign]]:
    """`K7…-…` as its groups, each sign with the word that it is said with."""
    words = {word[0]: word for word in _WORDS[locale].split()}
    return [[Sign(sign, words.get(sign, "")) for sign in group] for group in code.split("-")]
