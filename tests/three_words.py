"""The three words in Python, from consultation/PROTOCOL.md alone; the list they come from is the page's own."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from telemed.assets import STATIC_DIR

LIST = (STATIC_DIR / "js" / "talk" / "wordlist.js").read_text("utf-8").split("`")[1].split()
NAME = "telemed words 1"


def fingerprints(sdp: str) -> str:
    """Every fingerprint of a description, each once, in order."""
    found = re.findall(r"^a=fingerprint:(\S+) (\S+)", sdp, re.MULTILINE | re.IGNORECASE)
    return ",".join(sorted({f"{name.lower()} {value.upper()}" for name, value in found}))


def binding(appointment: str, prints: dict[str, str]) -> str:
    """`prints`: seat -> its fingerprints, as this side sees them."""
    return "\n".join([NAME, appointment, *sorted(f"{seat} {print_}" for seat, print_ in prints.items())])


def promise(nonce: str, seat: str, bound: str) -> str:
    return hashlib.sha256("\n".join(["commit", nonce, seat, bound]).encode()).hexdigest()


def three_words(nonces: dict[str, str], bound: str) -> list[str]:
    """`nonces`: seat -> 64 hex digits."""
    salt = hashlib.sha256(bound.encode()).hexdigest().encode()
    both = "".join(nonces[seat] for seat in sorted(nonces)).encode()
    bits = int.from_bytes(HKDF(SHA256(), 4, salt, NAME.encode()).derive(both))
    return [LIST[bits >> 22], LIST[bits >> 12 & 1023], LIST[bits >> 2 & 1023]]


@dataclass
class Exchange:
    """One side of it. `hear` returns what to say next; `words` is there at the end, if both kept their promise."""

    seat: str
    other: str
    appointment: str
    local: str
    remote: str
    nonce: str = field(default_factory=lambda: secrets.token_hex(32))
    promised: str = ""
    words: list[str] | None = None

    @property
    def bound(self) -> str:
        return binding(self.appointment, {self.seat: self.local, self.other: self.remote})

    def begin(self) -> dict[str, Any]:
        return {"type": "commit", "commit": promise(self.nonce, self.seat, self.bound)}

    def hear(self, message: dict[str, Any]) -> dict[str, Any] | None:
        if message["type"] == "commit":
            self.promised = message["commit"]
            return {"type": "reveal", "nonce": self.nonce}
        if promise(message["nonce"], self.other, self.bound) == self.promised:
            self.words = three_words({self.seat: self.nonce, self.other: message["nonce"]}, self.bound)
        return None
