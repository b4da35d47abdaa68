"""What is derived from the installation's secret: appointment codes, hold secrets, the key of a patient.

Derived, not drawn, so that a request repeated because its answer was lost gets the same code again although the
database only has a digest of it.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from base64 import urlsafe_b64encode
from datetime import date
from typing import Final
from uuid import UUID

from telemed.names import same_name

ALPHABET: Final = "23456789CDFGHJKMNPQRTVWXY"  # nothing that looks like another, no vowels that make words
LENGTH: Final = 12  # 55 bits, and tries are limited
BRIEF: Final = 8  # of a code that is good for minutes
_MEANT: Final = str.maketrans("BSZ", "852")  # what a reader may have seen instead


class Codes:
    """Appointment codes and their relatives under one secret; each purpose has a key of its own."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()

    def code(self, appointment: UUID) -> str:
        """The code of an appointment, as shown: `XXXX-XXXX-XXXX`."""
        return _spelt(self._mac("code", appointment.bytes), LENGTH)

    def digest(self, typed: str) -> bytes | None:
        """What is stored of a code; None if it cannot be one. Case, spaces and dashes do not matter."""
        letters = _read(typed, LENGTH)
        return self._mac("code digest", letters) if letters else None

    def pairing_code(self, pairing: UUID) -> str:
        """The code that a station's screen shows to be paired: `XXXX-XXXX`."""
        return _spelt(self._mac("pairing code", pairing.bytes), BRIEF)

    def pairing_digest(self, typed: str) -> bytes | None:
        """What is stored of it; None if it cannot be one."""
        letters = _read(typed, BRIEF)
        return self._mac("pairing digest", letters) if letters else None

    def hold_secret(self, hold: UUID) -> str:
        """What the holder shows to prove that the hold is theirs."""
        return urlsafe_b64encode(self._mac("hold", hold.bytes)[:18]).decode()

    def is_holder(self, hold: UUID, secret: str) -> bool:
        return hmac.compare_digest(self.hold_secret(hold).encode(), secret.encode())

    def feed_secret(self, feed: UUID) -> str:
        """What stands in the address of a calendar feed: 192 bits."""
        return urlsafe_b64encode(self._mac("feed", feed.bytes)[:24]).decode()

    def feed_digest(self, secret: str) -> bytes:
        """What is stored of it."""
        return self._mac("feed digest", secret.encode())

    def patient_key(self, name: str, born: date) -> bytes:
        """The same for the same person, and nothing else to be learnt from it."""
        return self._mac("patient", f"{same_name(name)}|{born.isoformat()}".encode())

    def _mac(self, purpose: str, message: bytes) -> bytes:
        return hmac.digest(self._secret, purpose.encode() + b"\0" + message, hashlib.sha256)


def _spelt(mac: bytes, length: int) -> str:
    number = int.from_bytes(mac)
    letters = ""
    for _ in range(length):
        number, index = divmod(number, len(ALPHABET))
        letters += ALPHABET[index]
    return "-".join(letters[at : at + 4] for at in range(0, length, 4))


def _read(typed: str, length: int) -> bytes | None:
    letters = re.sub(r"[\s\-_.‐‑‒–—−]", "", unicodedata.normalize("NFKC", typed)).upper().translate(_MEANT)
    return letters.encode() if len(letters) == length and set(letters) <= set(ALPHABET) else None
