"""Terms, privacy, imprint and accessibility: whole texts per language, readable without login (V-13, A-07)."""

from __future__ import annotations

from datetime import date
from typing import Final

from aiohttp import web

from telemed.html import locale_of, page, render

AS_OF: Final = date(2026, 11, 27)  # when the texts were last looked through


def _text(request: web.Request, name: str) -> web.Response:
    return render(request, f"legal/{locale_of(request)}/{name}.html", as_of=AS_OF)


@page("GET", "/terms", verb="page.read")
async def terms(request: web.Request) -> web.Response:
    return _text(request, "terms")


@page("GET", "/privacy", verb="page.read")
async def privacy(request: web.Request) -> web.Response:
    return _text(request, "privacy")


@page("GET", "/imprint", verb="page.read")
async def imprint(request: web.Request) -> web.Response:
    return _text(request, "imprint")


@page("GET", "/accessibility", verb="page.read")
async def accessibility(request: web.Request) -> web.Response:
    return _text(request, "accessibility")


ROUTES = [terms, privacy, imprint, accessibility]
