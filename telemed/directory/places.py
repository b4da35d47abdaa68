"""Names of places as they are compared: no database, no clock."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_GERMAN: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})


def search_key(name: str) -> str:
    """The name as it is compared: `Brüssow` and `Bruessow` both give `bruessow`, `Schwedt/Oder` gives `schwedt oder`.

    Lower case, umlauts written out, other accents dropped, anything else a single space. Only a-z, 0-9 and spaces are
    left, so a key needs no escaping in LIKE.
    """
    written_out = unicodedata.normalize("NFC", name).lower().translate(_GERMAN)
    plain = unicodedata.normalize("NFKD", written_out)
    plain = "".join(char for char in plain if not unicodedata.combining(char))
    return re.sub(r"[^a-z0-9]+", " ", plain).strip()
