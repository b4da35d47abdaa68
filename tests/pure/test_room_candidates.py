"""A candidate that cannot be read is refused, and one that leads into somebody's own machine is dropped."""

from __future__ import annotations

import pytest

from telemed.consultation import messages as m
from telemed.consultation.candidates import Candidates
from telemed.consultation.refusals import CandidateRefused, SdpRefused
from telemed.consultation.sdp import vet, vetted
from telemed.settings import Settings
from tests.pure.test_room_sdp import AUDIO, DATA, FINGERPRINT, SESSION

ANY = Candidates(Settings())
BASE = "candidate:842163049 1 udp 1677729535 {} 46154 typ srflx raddr 0.0.0.0 rport 0 generation 0 ufrag abcd"


def line(address: str) -> str:
    return BASE.format(address)


@pytest.mark.parametrize(
    "candidate",
    [
        "", line("203.0.113.7"), line("2001:db8::7"), line("10.1.2.3"), line("192.168.0.5"),
        line("3f1b6c1e-9d5a-4c1e-8a55-0123456789ab.local"),
        "candidate:1 1 tcp 1518280447 203.0.113.7 9 typ host tcptype active", "a=" + line("203.0.113.7"),
        "candidate:1 2 UDP 2122260223 203.0.113.7 54321 typ host",
    ],
)  # fmt: skip
def test_what_browsers_offer_is_passed_on(candidate: str) -> None:
    assert ANY.readable(candidate) and ANY.passes(candidate)


@pytest.mark.parametrize(
    "candidate",
    [
        "hello", "candidate:", "candidate:1 1 udp 1 203.0.113.7 99999 typ host", line("evil.example"),
        line("203.0.113.7") + "\r\na=crypto:1 AES", line("203.0.113.7").replace("udp", "sctp"),
        line("203.0.113.7").replace("srflx", "magic"), line("203.0.113.7") + "\0",
        "candidate:1 1 udp 99999999999 203.0.113.7 5 typ host", f"candidate:{'a' * 33} 1 udp 1 203.0.113.7 5 typ host",
    ],
)  # fmt: skip
def test_what_is_no_candidate_is_refused(candidate: str) -> None:
    assert not ANY.readable(candidate)
    with pytest.raises(CandidateRefused):
        vetted(m.Cand("1", "patient", 1, [m.Candidate(candidate)]), "practitioner", ANY)


INTO_THE_MACHINE = [
    "127.0.0.1", "127.9.9.9", "::1", "0.0.0.0", "::", "169.254.169.254", "fe80::1", "224.0.0.251", "239.1.1.1",
    "ff02::fb", "255.255.255.255", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "1.2.3", "999.1.1.1",
]  # fmt: skip


@pytest.mark.parametrize("address", INTO_THE_MACHINE)
def test_what_leads_into_the_other_ones_machine_is_dropped(address: str) -> None:
    good = m.Candidate(line("203.0.113.7"))
    kept = vetted(m.Cand("1", "patient", 1, [m.Candidate(line(address)), good]), "practitioner", ANY)
    assert kept == m.Cand("1", "patient", 1, [good])
    assert vetted(m.Cand("1", "patient", 1, [m.Candidate(line(address))]), "practitioner", ANY) is None
    sdp = SESSION + FINGERPRINT + AUDIO
    offer = m.Desc("1", "patient", 1, "offer", f"{sdp}a={line(address)}\r\na={good.candidate}\r\na=mid:0\r\n")
    assert vetted(offer, "practitioner", ANY) == m.Desc(
        "1", "patient", 1, "offer", f"{sdp}a={good.candidate}\r\na=mid:0\r\n"
    )


def test_an_installation_may_know_better() -> None:
    inside = Candidates(Settings(candidate_networks=("10.0.0.0/8", "fd00::/8")))
    passed = [
        address for address in ("10.1.2.3", "fd00::1", "203.0.113.7", "127.0.0.1") if inside.passes(line(address))
    ]
    assert passed == ["10.1.2.3", "fd00::1"]
    alone = Candidates(Settings(turn_urls=("turn:127.0.0.1:3478?transport=udp",), turn_secret="x"))
    assert alone.passes(line("127.0.0.1")) and not alone.passes(line("169.254.1.1"))
    assert not Candidates(Settings(turn_urls=("turns:turn.example.de:443",), turn_secret="x")).passes(line("127.0.0.1"))


def test_a_description_has_the_sections_of_a_call() -> None:
    good = SESSION + FINGERPRINT
    assert vet(good + AUDIO + AUDIO.replace("audio", "video") + DATA) is None
    for more in (DATA + DATA, "m=text 9 UDP/TLS/RTP/SAVPF 98\r\n", "m=message 2855 TCP/MSRP *\r\n", AUDIO * 7):
        assert vet(good + AUDIO + more) is SdpRefused
    assert vet(good + AUDIO + "a=x:" + "y" * 5000) is SdpRefused
    assert vet(good + AUDIO + f"a={line('203.0.113.7')}\r\n" * 65) is CandidateRefused
    assert vet(good + AUDIO + "a=candidate:nonsense\r\n") is CandidateRefused
