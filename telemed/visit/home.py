"""Where the patient lives, from the search to the booking: a postal code, carried in addresses as `where` (B-08)."""

from __future__ import annotations

import msgspec
from aiohttp import web

from telemed.db import Tx
from telemed.directory import whereabouts
from telemed.directory.types import Spot
from telemed.html import locale_of
from telemed.text import Text, _
from telemed.visit.asked import LONGEST


class Home(msgspec.Struct, frozen=True):
    """`where` as it was typed; `postal_code` and `spot` if that could be understood; `wrong` says why it could not."""

    where: str = ""
    postal_code: str | None = None
    wrong: Text | None = None
    spot: Spot | None = None


async def read(tx: Tx, request: web.Request) -> Home:
    """What the address of this page says about it."""
    where = request.query.get("where", "").strip()[:LONGEST]
    if not where:
        return Home()
    try:
        spot = await whereabouts.resolve(tx, where, locale_of(request))
    except whereabouts.UnknownPlace as refusal:
        return Home(where, None, refusal.text)
    except whereabouts.AmbiguousPlace:
        return Home(where, None, _("There are several places with this name. Please give the postal code."))
    found: str | None = spot.postal_code
    if found is None:
        found = await tx.value("nearness.postal_code_at", lat=spot.lat, lon=spot.lon)
    return Home(where, found, spot=spot)
