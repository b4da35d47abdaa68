"""When a pharmacy or hub takes people who have booked one of its stations from elsewhere.

Without hours of its own it does whenever a doctor is there. Its own people book at any time: they are there themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final
from uuid import UUID

from telemed import clock
from telemed.db import Tx
from telemed.errors import Invalid
from telemed.identity.access import Thing, may
from telemed.identity.callers import Caller
from telemed.scheduling.hours import hours, openings
from telemed.scheduling.hours.openings import Span
from telemed.text import Text, _

MOST: Final = 4  # spans of a day
VERB: Final = "station.change"


class SpansUnclear(Invalid):
    """Times that end before they begin, overlap, or are too many; `fields` names the day: day1, …"""

    code = "spans_unclear"
    sentence = _("Please write it like this: 8:00–13:00, 14:30–18:00.")


async def read(tx: Tx, site: UUID) -> list[Span]:
    """The hours of a site, in order; none: always open."""
    return await tx.many(Span, "hours.site_hours", site=site)


async def change(tx: Tx, caller: Caller, site: UUID, spans: Sequence[Span], *, on_holidays: bool) -> None:
    """New hours instead of the old ones. Raises SpansUnclear, NotFound, Forbidden."""
    may(caller, VERB, Thing(site=site))
    if wrong := _wrong(spans):
        raise SpansUnclear(fields=wrong)
    await openings.lock(tx, site)
    await tx.run("hours.drop_site_hours", site=site)
    await tx.run(
        "hours.add_site_hours", site=site, weekdays=[span.weekday for span in spans],
        since=[span.since for span in spans], until=[span.until for span in spans],
    )  # fmt: skip
    await tx.run("hours.set_on_holidays", site=site, on_holidays=on_holidays)
    await openings.rebuild_site(tx, site, clock.now().date())
    await hours.note(tx, site, "station hours", VERB)


def _wrong(spans: Sequence[Span]) -> dict[str, Text]:
    wrong: dict[str, Text] = {}
    for weekday in range(1, 8):
        day = sorted((span.since, span.until) for span in spans if span.weekday == weekday)
        backwards = any(since >= until for since, until in day)
        if backwards or len(day) > MOST or any(earlier[1] > later[0] for earlier, later in pairwise(day)):
            wrong[f"day{weekday}"] = SpansUnclear.sentence
    return wrong
