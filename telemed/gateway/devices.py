"""Which devices there are, as they are named on the command line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal
from urllib.parse import parse_qsl

import av
import msgspec

from telemed.consultation.messages import Label

LABELS: Final[tuple[Label, ...]] = ("dermatoscope", "otoscope", "stethoscope")

# Invented ones, for trying it out: what libavfilter draws and sounds.
TEST: Final = {
    "video": "testsrc2=size=1920x1080:rate=10",
    "audio": "sine=frequency=40:sample_rate=48000",
}


class DeviceError(Exception):
    """A device that cannot be meant; the message says how to name one."""


class Device(msgspec.Struct, frozen=True):
    """What FFmpeg opens: `format` (v4l2, alsa), `name`, and the options of that format."""

    label: Label
    format: str
    name: str
    options: dict[str, str] = {}

    @property
    def kind(self) -> Literal["audio", "video"]:
        return "audio" if self.label == "stethoscope" else "video"


def device(label: Label, named: str) -> Device:
    """`v4l2:/dev/video2`, `v4l2:/dev/video2?video_size=1920x1080&input_format=mjpeg`, `alsa:hw:1`, or `test`.

    Raises DeviceError.
    """
    if named == "test":
        return Device(label, "lavfi", TEST["audio" if label == "stethoscope" else "video"])
    format_, _, rest = named.partition(":")
    name, _, options = rest.partition("?")
    try:
        readable = bool(name) and av.ContainerFormat(format_, "r").is_input
    except ValueError:
        readable = False
    if not readable:
        raise DeviceError(f"{named} is no device. Write v4l2:/dev/video2, alsa:hw:1, or test.")
    return Device(label, format_, name, dict(parse_qsl(options)))


def chosen(devices: Mapping[str, str | None]) -> list[Device]:
    """By label; those that were left out are None. Raises DeviceError."""
    found = [device(label, devices[label] or "") for label in LABELS if devices.get(label)]
    if not found:
        raise DeviceError(f"Name at least one device: {', '.join(f'--{label}' for label in LABELS)}.")
    return found
