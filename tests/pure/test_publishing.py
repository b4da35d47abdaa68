"""A gateway only sends, only to the doctor, and not from an empty room."""

from __future__ import annotations

from itertools import product

import msgspec
import pytest

from telemed.consultation.messages import Seat
from telemed.consultation.publishing import meet, overhears
from telemed.consultation.room import Member
from telemed.gateway.devices import Device, DeviceError, chosen, device

HEAD, AUDIO, VIDEO, DATA = "v=0\r\ns=-\r\n", "m=audio 9 X 111\r\n", "m=video 9 X 96\r\n", "m=application 9 X d\r\n"


def way(direction: str) -> str:
    return f"a={direction}\r\n"


@pytest.mark.parametrize(
    ("first", "second"), list(product(("sendonly", "inactive", "recvonly", "sendrecv", ""), repeat=2))
)
def test_every_section_counts(first: str, second: str) -> None:
    sdp = HEAD + AUDIO + (first and way(first)) + DATA + VIDEO + (second and way(second))
    ways = {first or "sendrecv", second or "sendrecv"}
    assert overhears("gateway", "practitioner", sdp) == bool(ways - {"sendonly", "inactive"})
    assert overhears("practitioner", "gateway", sdp) == bool(ways - {"recvonly", "inactive"})
    assert not overhears("patient", "practitioner", sdp), "nobody else is concerned"


def test_what_is_said_for_all_sections_and_what_only_looks_like_a_direction() -> None:
    assert not overhears("gateway", "practitioner", HEAD + way("sendonly") + AUDIO + VIDEO)
    assert overhears("gateway", "practitioner", HEAD + way("sendonly") + AUDIO + way("recvonly"))
    assert overhears("gateway", "practitioner", HEAD + AUDIO + way("sendonly") + way("sendrecv"))
    for hidden in ("a=x a=sendonly", "a=x\x0ba=sendonly", "a=x\u2028a=sendonly", "a=sendonlyx"):  # as browsers read it
        assert overhears("gateway", "practitioner", f"{HEAD}{AUDIO}{hidden}\r\n"), hidden
    for more in ("recvonly:x", "sendrecv x", "recvonly\x0b", "sendonly:x"):  # Chromium reads the word, others nothing
        assert overhears("gateway", "practitioner", HEAD + AUDIO + way("sendonly") + way(more)), more
        assert overhears("practitioner", "gateway", HEAD + way("recvonly") + AUDIO + way(more)), more
    assert not overhears("gateway", "practitioner", HEAD + DATA), "messages go both ways"
    assert not overhears("practitioner", "gateway", HEAD + way("sendrecv") + DATA + way("sendrecv")), "as of Firefox"


def test_whom_a_gateway_meets() -> None:
    def room(*admitted: Seat) -> dict[Seat, Member]:
        return {seat: Member(seat, seat, seat, "Apotheke", admitted=seat in admitted, since=1) for seat in everybody}

    everybody: tuple[Seat, ...] = ("patient", "practitioner", "assistant", "gateway")
    for beside in ("patient", "assistant"):
        full = room("practitioner", "gateway", beside)
        assert meet(full, "practitioner", "gateway") and meet(full, "gateway", "practitioner")
        assert not meet(full, "gateway", beside) and not meet(full, beside, "gateway")
    assert not meet(room("practitioner", "gateway"), "practitioner", "gateway")
    assert meet(room("practitioner", "patient"), "practitioner", "patient")
    at_home = room("practitioner", "gateway", "patient")
    at_home["patient"] = msgspec.structs.replace(at_home["patient"], about="")
    assert not meet(at_home, "practitioner", "gateway"), "somebody else may sit at the station"


def test_how_devices_are_named() -> None:
    assert device("otoscope", "v4l2:/dev/video2?video_size=1920x1080&input_format=mjpeg") == Device(
        "otoscope", "v4l2", "/dev/video2", {"video_size": "1920x1080", "input_format": "mjpeg"}
    )
    assert [one.kind for one in chosen({"stethoscope": "alsa:hw:1", "otoscope": "test"})] == ["video", "audio"]
    for wrong in ("/dev/video2", "v4l2:", "nonsense:x", ""):
        with pytest.raises(DeviceError):
            device("otoscope", wrong)
    with pytest.raises(DeviceError):
        chosen({"otoscope": None})
