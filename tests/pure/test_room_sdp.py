"""V-01: no description without DTLS-SRTP is passed on."""

from __future__ import annotations

import pytest

from telemed.consultation.refusals import SdpInsecure, SdpRefused
from telemed.consultation.sdp import vet

FINGERPRINT = "a=fingerprint:sha-256 " + ":".join(["AB"] * 32) + "\r\n"
SESSION = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"
AUDIO = "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=rtpmap:111 opus/48000/2\r\n"
DATA = "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=sctp-port:5000\r\n"


@pytest.mark.rule("V-01")
@pytest.mark.parametrize(
    "sdp",
    [
        SESSION + AUDIO + FINGERPRINT + DATA + FINGERPRINT,
        SESSION + FINGERPRINT + AUDIO + DATA,
        (SESSION + FINGERPRINT + AUDIO).replace("\r\n", "\n"),
    ],
)
def test_encrypted_media_is_passed_on(sdp: str) -> None:
    assert vet(sdp) is None


@pytest.mark.rule("V-01")
@pytest.mark.parametrize(
    "sdp",
    [
        SESSION + AUDIO,
        SESSION + AUDIO + FINGERPRINT + DATA,
        SESSION + FINGERPRINT + AUDIO.replace("UDP/TLS/RTP/SAVPF", "RTP/AVP"),
        SESSION + FINGERPRINT + AUDIO.replace("UDP/TLS/RTP/SAVPF", "RTP/SAVPF"),
        SESSION + FINGERPRINT + AUDIO + "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:abc\r\n",
        SESSION + FINGERPRINT + AUDIO + "m=video 9 RTP/AVP 96\r\n",
        SESSION + FINGERPRINT + "m=audio\r\n",
    ],
    ids=["no fingerprint", "one section without", "plain RTP", "SDES profile", "SDES keys", "one plain", "no profile"],
)
def test_anything_in_the_clear_is_not(sdp: str) -> None:
    assert vet(sdp) is SdpInsecure


@pytest.mark.parametrize("sdp", ["", "hello", SESSION, SESSION + FINGERPRINT + AUDIO * 7, "v=0\r\n\0" + AUDIO])
def test_what_is_no_description_is_refused(sdp: str) -> None:
    assert vet(sdp) is SdpRefused
