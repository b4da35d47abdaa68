"""From figures to a verdict: pure, so that every threshold stands in a table with its reason and can be tested.

A worse line never gets a better verdict: each figure alone bounds the level, and the lowest bound counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from telemed.precheck.types import LEVELS, Level, Measured, Path, PathName, Verdict, Way

# At least so many kbit/s in each direction: a call needs both, and a line is as good as its weaker one. In so short a
# time up to a seventh less is measured than the line bears, hence a seventh less than what the things themselves need.
RATE: Final[tuple[tuple[float, Level], ...]] = (
    (780, "full"),  # 900: from there on Chromium's encoder starts at 720p (libwebrtc, encoder_info_settings.cc, VP8)
    (170, "small"),  # 200: the same table's 270p; 360p begins at 300
    (90, "still"),  # beside the voice there is room for a picture every few seconds (25 kB in 5 s are 40 kbit/s)
    (25, "audio"),  # Opus at 12 kbit/s in packets of 60 ms is about 20 with its headers
)
# At most this share of packets lost. Measured with Chromium's 360p at 2 Mbit/s: 3 % conceals 2 to 3 % of the sound;
# 10 % leaves 20 pictures a second without a freeze, and 7 % concealed, which redundant sound repairs; at 20 % pictures
# freeze and 14 % is concealed. Beyond 30 % nothing repairs speech.
LOSS: Final[tuple[tuple[float, Level], ...]] = ((0.04, "full"), (0.2, "small"), (0.3, "audio"))
# At most so many ms until a word is heard, beside what devices add. ITU-T G.114 calls 400 ms the limit of planning, and
# a satellite (300) stays below it; later, lost pictures are repaired too late; from a second on, people talk at once.
DELAY: Final[tuple[tuple[float, Level], ...]] = ((500, "full"), (1_000, "audio"))

_PREFERRED: Final[tuple[PathName, ...]] = ("direct", "udp", "tcp", "tls")


def judge(measured: Measured) -> Verdict:
    """The verdict by the best path; without any it is the telephone."""
    if not measured.paths:
        return Verdict("phone", None)
    best = max(measured.paths, key=lambda path: (_rank(level(path)), -_PREFERRED.index(path.name)))
    arrived: Level = "phone" if measured.heard is False else "audio" if measured.seen is False else "full"
    return Verdict(_lowest((level(best), arrived)), best.name)


def level(path: Path) -> Level:
    """What a path can bear."""
    ways = (path.up, path.down)
    return _lowest(
        (
            *(_from(RATE, way.kbit) for way in ways),
            *(_up_to(LOSS, way.loss) for way in ways),
            *(_up_to(DELAY, delay(path.rtt, way)) for way in ways),
        )
    )


def delay(rtt: float, way: Way) -> float:
    """Half the way there and back, and what a receiver waits to even out jitter: about twice of it (RFC 3550 6.4.1)."""
    return rtt / 2 + 2 * way.jitter


def _from(table: Iterable[tuple[float, Level]], value: float) -> Level:
    return next((found for least, found in table if value >= least), "phone")


def _up_to(table: Iterable[tuple[float, Level]], value: float) -> Level:
    return next((found for most, found in table if value <= most), "phone")


def _lowest(levels: Iterable[Level]) -> Level:
    return min(levels, key=_rank)


def _rank(found: Level) -> int:
    return LEVELS.index(found)
