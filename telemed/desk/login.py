"""One login for everybody who works here."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from aiohttp import web

from telemed.forms import posted
from telemed.html import page, render, see_other
from telemed.identity import logins, sessions
from telemed.identity.callers import Caller
from telemed.identity.types import Credentials
from telemed.keys import DATABASE, KEYS
from telemed.limits import Limit

HOMES: Final = {"practitioner": "/practice", "staff": "/practice", "assistant": "/station"}
GUESSES: Final = Limit(burst=20, per_minute=10)  # per client address


@page("GET", "/login", verb="page.read")
async def login_form(request: web.Request) -> web.Response:
    return render(request, "desk/login.html", login="", after=own_path(request.query.get("next", "")), wrong=None)


@page("POST", "/login", verb="session.open", limit=GUESSES)
async def log_in(request: web.Request) -> web.Response:
    """What was typed as login stays after a mistake; the password does not."""
    typed = await posted(request)
    login, password = typed.get("login", "")[:120], typed.get("password", "")[:1024]
    after = own_path(typed.get("next", ""))
    try:
        session = await logins.log_in(request.app[DATABASE], request.app[KEYS], Credentials(login, password))
    except logins.WrongLogin as refusal:
        return render(request, "desk/login.html", status=422, login=login, after=after, wrong=refusal.text)
    response = see_other(after or HOMES.get(session.role, "/"))
    sessions.remember(response, session)
    return response


@page("POST", "/logout", verb="session.close")
async def log_out(request: web.Request) -> web.Response:
    token = request.cookies.get(sessions.RENEWAL)
    if token:
        await logins.log_out(request.app[DATABASE], token)
    response = see_other("/login")
    sessions.forget(response, sessions.STAFF, sessions.RENEWAL)
    return response


@page("GET", "/session", verb="page.read", session="staff")
async def session(caller: Caller) -> web.Response:
    """For scripts of pages that stay open: reading any staff page renews the login, and this one is the smallest."""
    return web.Response(status=204 if caller.role != "anonymous" else 401)


def own_path(wanted: str) -> str:
    """Where to go after the login, if that is a page of ours; else nothing. Browsers read `\\` as `/`."""
    parts = urlsplit(wanted)
    if parts.scheme or parts.netloc or not wanted.startswith("/") or "\\" in wanted or not wanted.isprintable():
        return ""
    return "" if wanted.startswith("//") else wanted


ROUTES = [login_form, log_in, log_out, session]
