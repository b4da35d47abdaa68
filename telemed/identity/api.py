"""Sessions over the API, and the keys that verify our tokens."""

from __future__ import annotations

from aiohttp import web

from telemed.http import operation
from telemed.identity import logins
from telemed.identity.tokens import JwkSet, TokenRefused
from telemed.identity.types import Credentials, Renewal, Session
from telemed.keys import DATABASE, KEYS
from telemed.limits import Limit

GUESSES = Limit(burst=20, per_minute=10)  # per client address


@operation("POST", "/api/v1/sessions", verb="session.open", status=201, errors=(logins.WrongLogin,), limit=GUESSES)
async def log_in(request: web.Request, body: Credentials) -> Session:
    """Log in as staff of a practice, pharmacy or hub."""
    return await logins.log_in(request.app[DATABASE], request.app[KEYS], body)


@operation("POST", "/api/v1/sessions/renewal", verb="session.open", status=201, errors=(TokenRefused,))
async def renew(request: web.Request, body: Renewal) -> Session:
    """Exchange a refresh token for the next pair; each works once."""
    return await logins.renew(request.app[DATABASE], request.app[KEYS], body.refresh_token)


@operation("POST", "/api/v1/sessions/end", verb="session.close")
async def log_out(request: web.Request, body: Renewal) -> None:
    """End a login and every token of its family."""
    await logins.log_out(request.app[DATABASE], body.refresh_token)


@operation("GET", "/.well-known/jwks.json", verb="page.read")
async def jwks(request: web.Request) -> JwkSet:
    """The public keys, as a JSON Web Key Set."""
    return request.app[KEYS].jwks()


ROUTES = [log_in, renew, log_out, jwks]
