"""What a session description must look like to be passed on: encrypted, and of a shape a call needs.

Only the lines that decide are read (RFC 8866, RFC 8842, RFC 5763, RFC 8839); the browsers do the rest.
"""

from __future__ import annotations

from msgspec.structs import replace

from telemed.consultation import messages as m
from telemed.consultation.candidates import IN_DESCRIPTION, Candidates
from telemed.consultation.publishing import PublishOnly, overhears
from telemed.consultation.refusals import CandidateRefused, SdpInsecure, SdpRefused, SocketRefusal

MEDIA_LIMIT = 6  # m-sections: audio, video, screen, their spares, data
LINE_LIMIT = 4096  # characters of a line
_DECIDING = ("m=", "a=fingerprint:", "a=crypto:", "a=candidate:")
_SECURE = {
    "audio": ("UDP/TLS/RTP/SAVPF", "UDP/TLS/RTP/SAVP"), "video": ("UDP/TLS/RTP/SAVPF", "UDP/TLS/RTP/SAVP"),
    "application": ("UDP/DTLS/SCTP",),
}  # fmt: skip


def vet(sdp: str) -> type[SocketRefusal] | None:
    """Why this description is not passed on, or None. No section without DTLS and a fingerprint (RFC 8827 6.5)."""
    lines = sdp.splitlines()
    if not lines or lines[0].strip() != "v=0" or "\0" in sdp or len(max(lines, key=len)) > LINE_LIMIT:
        return SdpRefused
    lines = [line for line in lines if line.startswith(_DECIDING)]
    media = [at for at, line in enumerate(lines) if line.startswith("m=")]
    kinds = [lines[at].split()[0].removeprefix("m=") for at in media]
    if not 1 <= len(media) <= MEDIA_LIMIT or not set(kinds) <= _SECURE.keys() or kinds.count("application") > 1:
        return SdpRefused
    session_wide = _has_fingerprint(lines[: media[0]])
    for kind, start, end in zip(kinds, media, [*media[1:], len(lines)], strict=True):
        fields = lines[start].split()
        if len(fields) < 4 or fields[2].upper() not in _SECURE[kind]:
            return SdpInsecure
        if not session_wide and not _has_fingerprint(lines[start:end]):
            return SdpInsecure
    if any(line.startswith("a=crypto:") for line in lines):
        return SdpInsecure  # SDES: the keys would be readable here (RFC 4568)
    candidates = [line.rstrip() for line in lines if line.startswith("a=candidate:")]
    if len(candidates) > IN_DESCRIPTION or not all(map(Candidates.readable, candidates)):
        return CandidateRefused
    return None


def _has_fingerprint(lines: list[str]) -> bool:
    return any(line.startswith("a=fingerprint:") and len(line.split()) == 2 for line in lines)


def vetted(command: m.Command, seat: m.Seat, candidates: Candidates) -> m.Command | None:
    """This seat's command as it is passed on; None: there is nothing left of it. Raises SdpInsecure and its like."""
    match command:
        case m.Desc(to=to, sdp=sdp):
            refusal = vet(sdp)
            if refusal is not None:
                raise refusal
            if overhears(seat, to, sdp):
                raise PublishOnly
            return replace(command, sdp=candidates.description(sdp))
        case m.Cand(candidates=lines):
            if not all(candidates.readable(line.candidate) for line in lines):
                raise CandidateRefused
            passed = [line for line in lines if candidates.passes(line.candidate)]
            return replace(command, candidates=passed) if passed else None
    return command
