"""What mails, SMS and calendars say: the time and the way, and neither who treats nor what for (G-25)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, get_args

import pytest
from icalendar import Calendar

from telemed.directory.specialties import SPECIALTIES
from telemed.notices.email import message
from telemed.notices.texts import compose
from telemed.notices.types import Kind, Letter
from telemed.scheduling.codes import Codes
from telemed.scheduling.feeds.calendars import Entry, calendar
from telemed.settings import Settings
from telemed.text import LOCALES
from tests import people

SETTINGS = Settings(
    public_url="https://video.uckermark.example",
    mail_from="termine@uckermark.example",
    operator_name="Landkreis Uckermark",
)
CODES = Codes("test secret, long enough to be taken")
START = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)  # 02:30 in Berlin, for the first time that night
# Parts of words that tell a specialty or a reason, in both languages, whatever the list of specialties says.
TELLING = re.compile(
    r"haut|derma|frauen|gyn|kinder|herz|kardio|nerv|neuro|psych|seele|orthop|knochen|augen|ohr|urolog|blase|lunge|diabet|"
    r"schmerz|\bpain|skin|heart|\beye|women|children|mental|hausarzt|internist|family doctor|krank|diagnos|symptom|"
    r"behandl|sprechstunde|consultation|therap|\bdr\b|doctor|arzt|ärzt",
    re.IGNORECASE,
)


NOWHERE = dict.fromkeys(("place_name", "place_street", "place_postal_code", "place_town", "place_phone"))
WHERE: dict[str, dict[str, Any]] = {
    "video": NOWHERE,
    "assisted": dict(zip(NOWHERE, ("Löwen-Apotheke", "Markt 1", "17268", "Gerswalde", "+493984111111"), strict=True)),
    "in_person": dict(zip(NOWHERE, ("Hautarztpraxis", "Ufer 9", "17291", "Prenzlau", "+493984000000"), strict=True)),
}


def letter(
    kind: Kind, channel: Literal["email", "sms"], language: Literal["de", "en"], mode: str, by: str | None = None
) -> Letter:
    return Letter(
        id=people.fixed(71), name=str(people.fixed(71)), kind=kind, channel=channel, language=language, attempts=1,
        message=None, appointment=people.fixed(61), email="alice@example.org", phone="+4915112345678", mode=mode,  # type: ignore[arg-type]
        status="cancelled" if kind == "cancelled" else "booked", start=START, end=START + timedelta(minutes=15),
        epoch=1, changed=START - timedelta(days=9), cancelled_by=by, zone="Europe/Berlin", town="Prenzlau",
        practice_phone="+493984000000", **WHERE[mode],
        entry=people.fixed(81) if kind == "offer" else None, answer_by=START - timedelta(days=1),
    )  # fmt: skip


EVERY = [
    letter(kind, channel, language, mode, by)
    for kind in get_args(Kind)
    for channel in ("email", "sms")
    for language in LOCALES
    for mode in ("video", "assisted", "in_person")
    for by in ((None, "patient", "practice", "site") if kind == "cancelled" else (None,))
]  # fmt: skip


def everything(it: Letter) -> str:
    """All that leaves the house for this letter, headers and calendar included."""
    words = compose(it, SETTINGS, CODES)
    if it.channel == "sms":
        return words.text
    mail = message(it, words, "<7@video.uckermark.example>", SETTINGS)
    files = [str(file.get_content()) for file in mail.iter_attachments()]
    assert len(files) == (it.kind != "offer")
    return "\n".join([*(f"{name}: {value}" for name, value in mail.items()), words.text, *files])


@pytest.mark.rule("G-25")
@pytest.mark.parametrize(
    "it", EVERY, ids=lambda it: f"{it.kind}-{it.channel}-{it.language}-{it.mode}-{it.cancelled_by}"
)
def test_neither_specialty_nor_reason(it: Letter) -> None:
    said = everything(it)
    assert not TELLING.search(said), TELLING.search(said)
    for code, label in SPECIALTIES.items():
        for name in (code, label.render("de"), label.render("en")):
            assert not re.search(rf"\b{re.escape(name)}\b", said, re.IGNORECASE), name
    assert "Alice" not in said.replace("alice@example.org", "")


@pytest.mark.parametrize(
    "it", EVERY, ids=lambda it: f"{it.kind}-{it.channel}-{it.language}-{it.mode}-{it.cancelled_by}"
)
def test_it_says_when_and_whom_to_call(it: Letter) -> None:
    words = compose(it, SETTINGS, CODES)
    for part in (words.text, words.subject):
        assert (
            "25. Oktober, 02:30 Uhr (Sommerzeit)" if it.language == "de" else "25 October, 02:30 (summer time)"
        ) in part
    assert "+49 3984 000000" in words.text
    assert (f"#{CODES.code(it.appointment)}" in words.text) == (it.kind not in ("cancelled", "offer"))
    assert CODES.code(it.appointment) not in words.subject
    if it.kind != "cancelled":
        assert ("Löwen-Apotheke, Markt 1, 17268 Gerswalde" in words.text) == (it.mode == "assisted")
        assert ("Ufer 9, 17291 Prenzlau" in words.text) == (it.mode == "in_person")
    if it.kind not in ("cancelled", "offer"):
        assert ("+49 3984 111111" in words.text) == (it.mode == "assisted")
    if it.channel == "sms":
        assert len(words.text) <= 402, "more than three parts of an SMS in letters that are not GSM 7-bit"
        assert "\n" not in words.text
    for sentence in re.split(r"[.!?:]\s", re.sub(r"https\S+|\d+\. ", "X ", words.text)):
        assert len(sentence.split()) <= 20, sentence


@pytest.mark.parametrize(
    "poison", ["alice@example.org\nBcc: eve@example.org", "alice@example.org\r\n\r\nHello", "not an address", ""]
)
def test_an_address_cannot_bring_headers(poison: str) -> None:
    it = EVERY[0]
    broken = Letter(**{name: getattr(it, name) for name in it.__struct_fields__} | {"email": poison})
    try:
        mail = message(broken, compose(broken, SETTINGS, CODES), "<7@x>", SETTINGS)
    except ValueError:
        return
    assert mail["Bcc"] is None and "Hello" not in mail.as_string()


def entry(**more: object) -> Entry:
    given = {
        "id": people.fixed(61), "start": START, "end": START + timedelta(minutes=15), "zone": "Europe/Berlin",
        "epoch": 1, "changed": START - timedelta(days=9), "cancelled": False,
    }  # fmt: skip
    return Entry(**given | more)  # type: ignore[arg-type]


def test_the_calendar_is_understood() -> None:
    """RFC 5545: short lines that end with CRLF, the zone is in the file, and the instant survives the doubled hour."""
    text = calendar(entry(place="Markt 1, 17268 Gerswalde"), SETTINGS, "de")
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n")) and "\n" not in text.replace("\r\n", "")
    read = Calendar.from_ical(text)
    [event] = read.walk("VEVENT")
    assert [str(zone["TZID"]) for zone in read.walk("VTIMEZONE")] == ["Europe/Berlin"]
    assert event["DTSTART"].dt.astimezone(UTC) == START
    assert event["DTSTART"].params["TZID"] == "Europe/Berlin"
    assert str(event["SUMMARY"]) == "Termin" and str(event["LOCATION"]) == "Markt 1, 17268 Gerswalde"
    assert str(event["UID"]) == f"{people.fixed(61)}@video.uckermark.example"
    assert str(event["ORGANIZER"]) == "mailto:termine@uckermark.example"
    assert CODES.code(people.fixed(61)) not in text


def test_what_changes_grows() -> None:
    """RFC 5546: the same UID with a higher SEQUENCE replaces, CANCEL withdraws."""
    read = [
        Calendar.from_ical(calendar(made, SETTINGS, "en"))
        for made in (entry(), entry(epoch=2, start=START + timedelta(hours=3)), entry(epoch=3, cancelled=True))
    ]
    events = [file.walk("VEVENT")[0] for file in read]
    assert [int(event["SEQUENCE"]) for event in events] == [0, 1, 2]
    assert len({str(event["UID"]) for event in events}) == 1
    assert [str(file["METHOD"]) for file in read] == ["PUBLISH", "PUBLISH", "CANCEL"]
    assert [str(event["STATUS"]) for event in events] == ["CONFIRMED", "CONFIRMED", "CANCELLED"]
