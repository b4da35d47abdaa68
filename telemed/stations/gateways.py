"""How a gateway becomes a station's, and learns for which conversation it may ask: for `telemed gateway`."""

from __future__ import annotations

from uuid import UUID

from aiohttp import web

from telemed.errors import Forbidden
from telemed.http import operation
from telemed.identity.badges import Badges
from telemed.identity.callers import Caller
from telemed.identity.tokens import TokenRefused
from telemed.keys import DATABASE, SETTINGS
from telemed.limits import Limit
from telemed.stations import pairing
from telemed.stations.types import CODES, GatewayBadge, GatewayClaim, GatewayCode, GatewayVisit, UnknownPairing

STARTS = Limit(burst=10, per_minute=3)  # codes, per client address


@operation("POST", "/api/v1/gateway/codes", verb="session.open", status=201, limit=STARTS)
async def show_code(request: web.Request) -> GatewayCode:
    """A code for whoever works at the station to enter; good for ten minutes."""
    codes = request.app[CODES]
    shown = await pairing.show_code(request.app[DATABASE], codes, gateway=True)
    return GatewayCode(codes.pairing_code(shown), _badges(request).claim(shown))


@operation("POST", "/api/v1/gateway/badges", verb="session.open", status=201, errors=(UnknownPairing, TokenRefused))
async def fetch_badge(request: web.Request, body: GatewayClaim) -> GatewayBadge:
    """The first badge, once the code was entered; until then `unknown_pairing`."""
    badges = _badges(request)
    badge = await pairing.fetch_badge(request.app[DATABASE], badges, badges.read_claim(body.claim).pairing)
    if badge is None:
        raise UnknownPairing
    return GatewayBadge(badge)


@operation("POST", "/api/v1/gateway/visit", verb="session.open", errors=(TokenRefused,))
async def visit(request: web.Request, body: GatewayBadge) -> GatewayVisit:
    """Ask every few seconds: who sits in front of the gateway, and another badge from time to time."""
    caller, following = await _badges(request).show(request.app[DATABASE], body.badge)
    if caller.role != "gateway":
        raise Forbidden
    return GatewayVisit(following or body.badge, await pairing.at_gateway(request.app[DATABASE], caller))


@operation("DELETE", "/api/v1/stations/{station}/gateway", verb="station.change")
async def unpair_gateway(request: web.Request, caller: Caller, station: UUID) -> None:
    """End the pairing of a station's gateway; it sends nothing any more."""
    await pairing.unpair(request.app[DATABASE], caller, station, gateway=True)


def _badges(request: web.Request) -> Badges:
    return Badges(request.app[SETTINGS].secret)


ROUTES = [show_code, fetch_badge, visit, unpair_gateway]
