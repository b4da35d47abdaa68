"""What people type about themselves: read as meant, or refused with the field named."""

from __future__ import annotations

from datetime import date

import pytest

from telemed import names


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("Alice Ährenfeld", "Alice Ährenfeld"),
        ("  Alice \u00a0 A\u0308hrenfeld ", "Alice Ährenfeld"),
        ("Nguyễn Thị Minh", "Nguyễn Thị Minh"),
        ("Şükrü Özdemir-O'Neill", "Şükrü Özdemir-O'Neill"),
        ("علي حسن", "علي حسن"),
        ("李小龍", "李小龍"),
        ("Li", "Li"),
    ],
)
def test_real_names_are_kept(typed: str, meant: str) -> None:
    assert names.person_name(typed) == meant


UNREADABLE = {
    "empty": "", "spaces": "   ", "no-break spaces": "\u00a0\u2003", "one letter": "A", "digits": "12345",
    "left-to-right mark": "\u200e\u200e", "turned around": "Alice \u202enetsroH", "isolate": "Ali\u2066ce\u2069 A",
    "arabic letter mark": "Ali\u061cce", "zero width": "Ali\u200bce", "joiner": "Ali\u200dce", "dots": "...",
    "newline": "Alice\nBob", "null": "Alice\x00", "filler": "\u3164\u3164", "soft hyphen": "Ali\u00adce",
    "line separator": "Alice\u2028Bob", "private use": "Alice \ue000", "byte order": "\ufeffAlice",
    "too long": "A" * 121,
}  # fmt: skip


@pytest.mark.rule("V-08")
@pytest.mark.parametrize("typed", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_a_name_the_doctor_could_not_read_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match=r"length|invisible|letter"):
        names.person_name(typed)


def test_the_same_name_is_found_in_any_spelling_of_case_and_width() -> None:
    assert names.same_name("ALICE  Ährenfeld") == names.same_name("alice ährenfeld")
    assert names.same_name("Ａｌｉｃｅ") == names.same_name("alice")
    assert names.same_name("Strauß") == names.same_name("STRAUSS")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("03984 / 71 25 00", "+493984712500"), ("+49 3984 712500", "+493984712500"),
        ("0049 3984 712500", "+493984712500"),
        ("+48 91 433 12 34", "+48914331234"), (" ", None), (None, None),
    ],
)  # fmt: skip
def test_a_telephone_number_becomes_international(typed: str | None, meant: str | None) -> None:
    assert names.phone(typed) == meant


@pytest.mark.parametrize("typed", ["12", "keine", "+49 3984 712500 712500 712500", "1" * 60, "\x00"])
def test_what_is_no_telephone_number_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="not a number"):
        names.phone(typed)


@pytest.mark.parametrize(
    ("typed", "meant"), [(" a.b@example.org ", "a.b@example.org"), ("ü@müller.example", "ü@müller.example"), ("", None)]
)
def test_an_address_is_kept(typed: str, meant: str | None) -> None:
    assert names.email(typed) == meant


@pytest.mark.parametrize(
    "typed", ["a", "a@b", "a b@c.de", "a@b.de,c@d.de", "a\n@b.de", "a@b.de\x00", "a\u200b@b.de", "x" * 250 + "@b.de"]
)
def test_what_is_no_address_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="not an address"):
        names.email(typed)


@pytest.mark.parametrize("born", [date(1899, 12, 31), date(2026, 11, 23)])
def test_a_birth_date_lies_between_1900_and_today(born: date) -> None:
    today = date(2026, 11, 22)
    assert names.birth_date(today, today) == today
    with pytest.raises(ValueError, match="birth"):
        names.birth_date(born, today)
