"""What a session description must look like to be passed on: encrypted, and of a size a call needs.

Only the lines that decide about encryption are read (RFC 8866, RFC 8842, RFC 5763); the browsers do the rest.
"""

from __future__ import annotations

from telemed.consultation.refusals import SdpInsecure, SdpRefused, SocketRefusal

MEDIA_LIMIT = 6  # m-sections: audio, video, screen, their spares, data
_DECIDING = ("m=", "a=fingerprint:", "a=crypto:")
_SECURE = ("UDP/TLS/RTP/SAVPF", "UDP/TLS/RTP/SAVP", "UDP/DTLS/SCTP")


def vet(sdp: str) -> type[SocketRefusal] | None:
    """Why this description is not passed on, or None. No section without DTLS and a fingerprint (RFC 8827 6.5)."""
    lines = sdp.splitlines()
    if not lines or lines[0].strip() != "v=0" or "\0" in sdp:
        return SdpRefused
    lines = [line for line in lines if line.startswith(_DECIDING)]
    media = [at for at, line in enumerate(lines) if line.startswith("m=")]
    if not 1 <= len(media) <= MEDIA_LIMIT:
        return SdpRefused
    session_wide = _has_fingerprint(lines[: media[0]])
    for start, end in zip(media, [*media[1:], len(lines)], strict=True):
        fields = lines[start].split()
        if len(fields) < 4 or fields[2].upper() not in _SECURE:
            return SdpInsecure
        if not session_wide and not _has_fingerprint(lines[start:end]):
            return SdpInsecure
        if any(line.startswith("a=crypto:") for line in lines[start:end]):
            return SdpInsecure  # SDES: the keys would be readable here (RFC 4568)
    return None


def _has_fingerprint(lines: list[str]) -> bool:
    return any(line.startswith("a=fingerprint:") and len(line.split()) == 2 for line in lines)
