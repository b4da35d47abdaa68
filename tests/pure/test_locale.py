"""Every sentence has its German, says the same in it, and is short enough to be read aloud (A-06)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

ROOT = Path(__file__).parents[2] / "telemed"
PO_FILES = sorted((ROOT / "locale" / "de").glob("*.po"))
LEGAL = ("terms", "privacy", "imprint", "accessibility")
LONGEST, LONGEST_LEGAL = 25, 32  # words in a sentence
USUAL = 12  # words on average
PLACES = re.compile(r"%\(\w+\)s|<[^>]+>|\{\}")
SENTENCE_END = re.compile(r"[.!?:;](?:\s|$)")

# What is the same in both languages: names, %-places, and words that German took over or gave.
ALIKE = re.compile(r"[\W\d]*(%\(\w+\)s[\W\d]*)*")
SAME = {
    "Name", "Patient", "Berlin", "Brandenburg", "Bremen", "Hamburg", "Saarland", "Schleswig-Holstein", "Diabetes",
}  # fmt: skip

# English that slipped in, and words that a 78-year-old need not know.
FOREIGN = re.compile(
    r"\b(the|and|please|you|your|appointment|login|account|user|feedback|support|device|meeting|slot|cancel\w*|"
    r"button|checken|downloaden|tool|online|token|session|chat|screen|upload|update|account|link)\b",
    re.IGNORECASE,
)
WRITTEN_FOR_ENGINEERS = ("http.py", "scheduling/api.py", "once.py", "cli.py", "settings.py")


@cache
def messages() -> dict[str, tuple[str, str]]:
    """msgid -> (plural or "", a file that has it), of every module and template."""
    found: dict[str, tuple[str, str]] = {}
    options = {"templates/**.html": {"trim_blocks": "true", "lstrip_blocks": "true", "silent": "false"}}
    methods = [("**.py", "python"), ("templates/**.html", "jinja2")]
    for file, _line, message, _comments, _context in extract_from_dir(str(ROOT), methods, options):
        one, many = message if isinstance(message, tuple) else (message, "")
        found.setdefault(one, (many, file))
    return found


@cache
def german() -> dict[str, tuple[str, ...]]:
    """msgid -> its German, singular and plural."""
    found: dict[str, tuple[str, ...]] = {}
    for file in PO_FILES:
        for entry in catalogue(file):
            one = entry.id[0] if isinstance(entry.id, tuple) else entry.id
            if one:
                found[one] = entry.string if isinstance(entry.string, tuple) else (entry.string,)
    return found


@cache
def catalogue(file: Path) -> Catalog:
    with file.open("rb") as source:
        return read_po(source, locale="de")


def said() -> Iterator[tuple[str, str, str]]:
    """(msgid, German, file) of everything that people read."""
    for message, (_many, file) in messages().items():
        if not file.endswith(WRITTEN_FOR_ENGINEERS):
            for text in german().get(message, ()):
                yield message, text, file


def test_every_message_has_its_german() -> None:
    missing = [
        f"{file}: {message!r}" for message, (_many, file) in messages().items() if not all(german().get(message, ("",)))
    ]
    assert not missing, "\n".join(missing)


def test_plurals_have_both_forms() -> None:
    for message, (many, file) in messages().items():
        assert not many or len(german().get(message, ())) == 2, f"{file}: {message!r}"


def test_no_german_without_its_message() -> None:
    stale = [
        f"{file.name}: {entry.id!r}"
        for file in PO_FILES
        for entry in catalogue(file)
        if entry.id and (entry.id[0] if isinstance(entry.id, tuple) else entry.id) not in messages()
    ]
    assert not stale, "\n".join(stale)


def test_one_german_for_one_message() -> None:
    """A sentence may stand in two files, but with the same words: the alphabet decides which one is read."""
    seen: dict[str, object] = {}
    for file in PO_FILES:
        for entry in catalogue(file):
            if entry.id:
                assert seen.setdefault(str(entry.id), entry.string) == entry.string, f"{file.name}: {entry.id!r}"


def test_places_and_tags_are_the_same() -> None:
    for message, text, file in said():
        assert sorted(PLACES.findall(message)) == sorted(PLACES.findall(text)), f"{file}: {message!r}"


def test_german_is_german() -> None:
    wrong = [
        f"{file}: {message!r}: {text!r}"
        for message, text, file in said()
        if (message == text and message not in SAME and not ALIKE.fullmatch(message))
        or FOREIGN.search(PLACES.sub(" ", text))
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.rule("A-06")
def test_sentences_are_short() -> None:
    lengths = []
    for message, text, file in said():
        for language in (message, text):
            for sentence in SENTENCE_END.split(PLACES.sub("X", language)):
                words = len(sentence.split())
                assert words <= LONGEST, f"{file}: {words} words: {sentence!r}"
                lengths.append(words)
    lengths = [length for length in lengths if length > 2]  # labels and buttons would flatter the average
    assert sum(lengths) / len(lengths) <= USUAL


@pytest.mark.rule("A-06")
@pytest.mark.parametrize("language", ["de", "en"])
def test_legal_texts_are_readable(language: str) -> None:
    for name in LEGAL:
        source = (ROOT / "templates" / "legal" / language / f"{name}.html").read_text(encoding="utf-8")
        text = re.sub(r"<[^>]+>", " ", re.sub(r"</(p|li|h\d|dd|dt)>", ". ", re.sub(r"\{[{%].*?[%}]\}", "X", source)))
        for sentence in SENTENCE_END.split(text):
            words = len(sentence.split())
            assert words <= LONGEST_LEGAL, f"{name}: {words} words: {' '.join(sentence.split())!r}"


def test_legal_texts_have_the_same_parts_in_both_languages() -> None:
    for name in LEGAL:
        german_text, english = (
            (ROOT / "templates" / "legal" / language / f"{name}.html").read_text(encoding="utf-8")
            for language in ("de", "en")
        )
        for part in ("<h2>", "<li>", "<dt>", "settings."):
            assert german_text.count(part) == english.count(part), (name, part)


@pytest.mark.parametrize("template", ["call/words.html"])
def test_scripts_find_every_sentence_under_a_name_of_its_own(template: str) -> None:
    """Jinja lets the second of two equal names win, in silence."""
    names = re.findall(r'^ *"([\w.]+)":', (ROOT / "templates" / template).read_text(encoding="utf-8"), re.MULTILINE)
    assert len(names) > 50 and len(names) == len(set(names))
