"""A ticket for the probe, and the verdict on what was measured there."""

from __future__ import annotations

from aiohttp import web

from telemed.http import operation
from telemed.identity.callers import Caller
from telemed.keys import DATABASE, KEYS, SETTINGS
from telemed.limits import Limit
from telemed.precheck import checks, tickets
from telemed.precheck.types import Measured, NoProbe, ProbeTicket, Verdict
from telemed.precheck.verdict import judge
from telemed.routes import client_of

CHECKS = Limit(burst=20, per_minute=10)  # per client address; a household behind one may try again and again


@operation(
    "POST", "/api/v1/prechecks/tickets", verb="precheck.make", status=201, errors=(NoProbe,), limit=CHECKS,
)  # fmt: skip
async def make_precheck_ticket(request: web.Request) -> ProbeTicket:
    """A ticket for the probe, good for 60 seconds, and the ways to reach it. Anybody may check their line."""
    settings = request.app[SETTINGS]
    return tickets.mint(request.app[KEYS], settings, client_of(request, settings.behind_proxy))


@operation("POST", "/api/v1/prechecks", verb="precheck.make", status=201, limit=CHECKS)
async def judge_check(request: web.Request, caller: Caller, body: Measured) -> Verdict:
    """What to expect of this line. With an appointment's code its level is noted there, and else nothing."""
    verdict = judge(body)
    if caller.role == "guest" and caller.appointment is not None:
        await checks.note(request.app[DATABASE], caller, caller.appointment, verdict.level)
    return verdict


ROUTES = [make_precheck_ticket, judge_check]
