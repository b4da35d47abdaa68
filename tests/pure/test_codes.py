"""Appointment codes: sayable, forgiving, the same for the same appointment, nothing to be guessed from."""

from __future__ import annotations

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemed.ids import new_id
from telemed.scheduling.codes import ALPHABET, Codes

CODES = Codes("one secret")


def test_a_code_has_twelve_characters_without_lookalikes() -> None:
    code = CODES.code(new_id())
    assert re.fullmatch(r"(?:[2-9CDFGHJKMNPQRTVWXY]{4}-){2}[2-9CDFGHJKMNPQRTVWXY]{4}", code)
    assert not set(ALPHABET) & set("0O1ILBSZUAE")


def test_a_code_follows_from_appointment_and_secret_alone() -> None:
    appointment = new_id()
    assert CODES.code(appointment) == Codes("one secret").code(appointment)
    assert CODES.code(appointment) != Codes("other secret").code(appointment)
    assert len({CODES.code(new_id()) for _ in range(1000)}) == 1000


@given(st.uuids())
def test_a_code_is_known_however_it_is_typed(appointment: object) -> None:
    code = CODES.code(appointment)  # type: ignore[arg-type]
    stored = CODES.digest(code)
    assert stored is not None
    for typed in (code.lower(), code.replace("-", ""), code.replace("-", " – "), f" {code.replace('-', '‑')}\n",
                  code.replace("8", "B").replace("5", "s").replace("2", "z")):  # fmt: skip
        assert CODES.digest(typed) == stored


@pytest.mark.parametrize("typed", ["", "2222", "2222-2222-2222-2", "AAAA-AAAA-AAAA", "🎉" * 12, "'; DROP TABLE--"])
def test_what_cannot_be_a_code_has_no_digest(typed: str) -> None:
    assert CODES.digest(typed) is None


def test_only_the_secret_of_a_hold_opens_it() -> None:
    hold, other = new_id(), new_id()
    assert CODES.is_holder(hold, CODES.hold_secret(hold))
    assert not CODES.is_holder(other, CODES.hold_secret(hold))
    assert not CODES.is_holder(hold, "")
    assert not CODES.is_holder(hold, "ü")


def test_the_same_person_has_the_same_key() -> None:
    born = date(1948, 5, 17)
    assert CODES.patient_key("Alice Ährenfeld", born) == CODES.patient_key("ALICE ährenfeld", born)
    assert CODES.patient_key("Alice Ährenfeld", born) != CODES.patient_key("Alice Ährenfeld", date(1948, 5, 18))
