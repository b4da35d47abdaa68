"""Who is behind a request: the bearer token of an API client, or the cookies of a page.

A page's script may call the API with its cookies if it says which session it means, in the header `Telemed-Session`
(`staff`, `guest` or `station`; one browser can hold all). A header that no form can send is also what keeps forged
requests out.
"""

from __future__ import annotations

from datetime import timedelta

from aiohttp import web

from telemed.errors import Forbidden
from telemed.identity.badges import LIFETIME, TO_PAIR, TYP, Badges
from telemed.identity.callers import ANONYMOUS, Caller
from telemed.identity.logins import ACCESS, GUEST, REFRESH, caller_of, renew
from telemed.identity.tokens import TokenRefused, typ_of
from telemed.identity.types import Session
from telemed.keys import DATABASE, KEYS, SETTINGS

# The prefix binds a cookie to this host, https and path / (RFC 6265bis section 4.1.3.2); localhost counts as https.
STAFF, RENEWAL, GUEST_COOKIE = "__Host-staff", "__Host-renewal", "__Host-guest"
STATION, CLAIM = "__Host-station", "__Host-claim"


def api_caller(request: web.Request) -> Caller:
    """The caller of an operation; ANONYMOUS without any token. Raises TokenRefused for a bad one."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme:
        if scheme.lower() != "bearer":
            raise TokenRefused
        if typ_of(token.strip()) == TYP:  # a gateway has no browser that would keep it
            return _badges(request).read(token.strip(), fresh=True).caller
        return caller_of(request.app[KEYS], token.strip())
    session = request.headers.get("Telemed-Session")
    if session is None:
        return ANONYMOUS
    if not same_origin(request):
        raise Forbidden
    if session == "station":
        return _badges(request).read(request.cookies.get(STATION, ""), fresh=True).caller
    cookie = request.cookies.get(STAFF if session == "staff" else GUEST_COOKIE, "")
    return caller_of(request.app[KEYS], cookie)


def _badges(request: web.Request) -> Badges:
    return Badges(request.app[SETTINGS].secret)


async def guest(request: web.Request) -> tuple[Caller, None]:
    """The guest whose code was entered in this browser, or ANONYMOUS."""
    try:
        return caller_of(request.app[KEYS], request.cookies.get(GUEST_COOKIE, "")), None
    except TokenRefused:
        return ANONYMOUS, None


async def station(request: web.Request) -> tuple[Caller, str | None]:
    """The station whose screen this is, and the badge that it shall carry from now on, if another."""
    token = request.cookies.get(STATION)
    if not token:
        return ANONYMOUS, None
    try:
        return await _badges(request).show(request.app[DATABASE], token)
    except TokenRefused:
        return ANONYMOUS, None


async def staff(request: web.Request) -> tuple[Caller, Session | None]:
    """The staff member logged in here, and the renewed session whose cookies the answer must set, if any."""
    keys = request.app[KEYS]
    try:
        return caller_of(keys, request.cookies.get(STAFF, "")), None
    except TokenRefused:
        pass
    token = request.cookies.get(RENEWAL)
    if not token:
        return ANONYMOUS, None
    try:
        session = await renew(request.app[DATABASE], keys, token)
    except TokenRefused:
        return ANONYMOUS, None
    return caller_of(keys, session.access_token), session


def remember(response: web.StreamResponse, session: Session | str) -> None:
    """Sets the cookies of a session; a badge is one by itself."""
    if isinstance(session, str):
        _set(response, STATION, session, LIFETIME)
        return
    if session.role == "guest":
        _set(response, GUEST_COOKIE, session.access_token, GUEST)
        return
    _set(response, STAFF, session.access_token, ACCESS)
    if session.refresh_token is not None:
        _set(response, RENEWAL, session.refresh_token, REFRESH)


def remember_claim(response: web.StreamResponse, claim: str) -> None:
    """Marks the browser that shows a code (badges.py)."""
    _set(response, CLAIM, claim, TO_PAIR)


def forget(response: web.StreamResponse, *names: str) -> None:
    """Takes cookies back."""
    for name in names:
        response.del_cookie(name, path="/", secure=True, httponly=True, samesite="Lax")


def same_origin(request: web.Request) -> bool:
    """Whether a request that changes something comes from our own pages (Fetch Metadata; Origin for older browsers)."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("Origin")
    if origin is None:
        return True  # no browser: those of the last eight years send one of the two with every POST
    return origin == request.app[SETTINGS].origin or origin.partition("://")[2] == request.host


def _set(response: web.StreamResponse, name: str, value: str, lifetime: timedelta) -> None:
    response.set_cookie(
        name,
        value,
        max_age=int(lifetime.total_seconds()),
        path="/",
        secure=True,
        httponly=True,
        samesite="Lax",
    )
