"""What a gateway may: send to the doctor, while somebody sits where it stands, and receive nothing. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, Protocol

from telemed.consultation import messages as m
from telemed.consultation.refusals import SocketRefusal
from telemed.text import _

# With whatever follows: Chromium reads `a=recvonly:x` and `a=recvonly x` as `a=recvonly`, so neither is a way we know.
_DIRECTION: Final = re.compile(r"^a=((?:sendrecv|sendonly|recvonly|inactive)\b[^\n]*?)\r?$", re.MULTILINE)
_BESIDE: Final[tuple[m.Seat, ...]] = ("patient", "assistant")


class PublishOnly(SocketRefusal):
    """A description by which a gateway would hear or see somebody."""

    status, code, fatal = 403, "publish_only", False
    sentence = _("A station's devices only send. They cannot listen or watch.")


class _Member(Protocol):
    @property
    def admitted(self) -> bool: ...
    @property
    def about(self) -> str: ...


def meet(members: Mapping[m.Seat, _Member], seat: m.Seat, other: m.Seat) -> bool:
    """Whether two who were let in have to do with each other. A gateway: with the doctor, if it is not alone.

    A patient with a device of their own may be anywhere, and somebody else in front of the gateway.
    """
    if "gateway" not in (seat, other):
        return True
    beside = [members[one] for one in _BESIDE if one in members]
    return "practitioner" in (seat, other) and any(one.admitted and one.about for one in beside)


def overhears(seat: m.Seat, to: m.Seat, sdp: str) -> bool:
    """Whether sound or picture could come to a gateway by this description."""
    if seat == "gateway":
        return not _directions(sdp) <= {"sendonly", "inactive"}
    return to == "gateway" and not _directions(sdp) <= {"recvonly", "inactive"}


def _directions(sdp: str) -> set[str]:
    """Of all sections of sound and picture; what stands before the first section is meant for all (RFC 8866 6.7)."""
    session, *sections = re.split(r"^m=", sdp, flags=re.MULTILINE)
    common = _DIRECTION.findall(session) or ["sendrecv"]
    return {way for one in sections if one.startswith(("audio", "video")) for way in _DIRECTION.findall(one) or common}
