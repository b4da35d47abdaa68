"""What a practice settles for all its doctors: who comes first, and when patients are reminded."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Final

from aiohttp import web

from telemed.desk import rows
from telemed.errors import Invalid
from telemed.forms import posted, read_number
from telemed.html import locale_of, page, render, see_other
from telemed.identity.callers import Caller
from telemed.keys import DATABASE
from telemed.scheduling.services import settings
from telemed.scheduling.services.settings import REMINDERS, Practice, Settled
from telemed.text import Text, _

LABELS: Final[dict[str, Text]] = {
    "near_minutes": _("Who lives near? Up to how many minutes by car"),
    "near_share": _("How many of every 100 times are kept for them?"),
    "near_until": _("Until how many days before?"),
    "head_start": _("How many days earlier can they book?"),
    "reminders": _("Reminders"),
}
_DAY: Final = timedelta(days=1)
_NONE: Mapping[str, Text] = MappingProxyType({})


@page("GET", "/practice/settings", verb="site.change", session="staff")
async def form(request: web.Request, caller: Caller) -> web.Response:
    it = await _read(request, caller)
    return _form(request, it, _shown(it))


@page("POST", "/practice/settings", verb="site.change", session="staff")
async def settle(request: web.Request, caller: Caller) -> web.Response:
    typed = await posted(request)
    it = await _read(request, caller)
    try:
        async with request.app[DATABASE].transaction(caller) as tx:
            await settings.settle(tx, caller, it.id, _typed(typed))
    except Invalid as refusal:
        return _form(request, it, typed, refusal.fields)
    return see_other("/practice/settings?done=saved")


async def _read(request: web.Request, caller: Caller) -> Practice:
    async with request.app[DATABASE].transaction(caller) as tx:
        at = await rows.site(tx, caller)
        return await settings.read(tx, caller, at.id)


def _shown(it: Practice) -> dict[str, str]:
    typed = {
        "near_minutes": str(it.near_minutes or 30), "near_share": str(it.near_share),
        "near_until": str(it.near_until.days), "head_start": str(it.head_start.days),
    }  # fmt: skip
    ticks = [f"reminder_{hours}" for hours in it.reminders] + (["near"] if it.near_minutes is not None else [])
    return typed | dict.fromkeys(ticks, "yes")


def _typed(typed: Mapping[str, str]) -> Settled:
    """Raises Invalid naming every field that is no number. Without the tick, the numbers of nearness do not matter."""
    numbers = {name: read_number(typed.get(name, "")) for name in LABELS if name != "reminders"}
    reminders = tuple(hours for hours in REMINDERS if f"reminder_{hours}" in typed)
    if "near" not in typed:
        return Settled(reminders=reminders)
    wrong = {name: _("Please write a whole number.") for name, number in numbers.items() if number is None}
    if wrong:
        raise Invalid(fields=wrong)
    return Settled(
        near_minutes=numbers["near_minutes"], near_share=numbers["near_share"] or 0,
        near_until=_DAY * (numbers["near_until"] or 0), head_start=_DAY * (numbers["head_start"] or 0),
        reminders=reminders,
    )  # fmt: skip


def _form(
    request: web.Request, it: Practice, typed: Mapping[str, str], errors: Mapping[str, Text] = _NONE
) -> web.Response:
    locale = locale_of(request)
    return render(
        request, "desk/settings.html", status=422 if errors else 200, it=it, typed=typed, errors=errors,
        words={name: label.render(locale) for name, label in LABELS.items()}, done=request.query.get("done"),
    )  # fmt: skip


ROUTES = [form, settle]
