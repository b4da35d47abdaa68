"""The sample of the three words that the page's scripts read too, and what the words hang on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.three_words import LIST, Exchange, binding, fingerprints, promise, three_words

SAMPLE: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "data" / "messages" / "words.json").read_text(encoding="utf-8")
)


def test_the_sample() -> None:
    sides = {seat: SAMPLE[seat] for seat in ("patient", "practitioner")}
    bound = binding(SAMPLE["appointment"], {seat: fingerprints(side["sdp"]) for seat, side in sides.items()})
    assert {seat: promise(side["nonce"], seat, bound) for seat, side in sides.items()} == SAMPLE["commits"]
    assert three_words({seat: side["nonce"] for seat, side in sides.items()}, bound) == SAMPLE["words"]


def test_thirty_bits() -> None:
    assert len(set(LIST)) == 1024
    bound = binding("a", {"patient": "x", "practitioner": "y"})
    seen = {tuple(three_words({"patient": f"{n:064x}", "practitioner": "0" * 64}, bound)) for n in range(2_000)}
    assert len(seen) > 1_990, "they repeat too often for thirty bits"


@pytest.mark.parametrize("what", ["appointment", "local", "remote", "seat"])
def test_everything_that_is_bound_changes_them(what: str) -> None:
    alice = Exchange("patient", "practitioner", "one", "AA", "BB")
    bob = Exchange("practitioner", "patient", "one", "BB", "AA")
    if what == "seat":
        bob.seat, bob.other = "assistant", "patient"
    else:
        setattr(bob, what, "another")
    alice.begin()
    reveal = alice.hear(bob.begin())
    assert reveal is not None
    bob.hear(alice.begin())
    bob.hear(reveal)
    assert bob.words is None, "the promise was about something else"
