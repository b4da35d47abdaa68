"""New patients to call before their first video: who asked, what to ask them, and the one word that is kept (B-09)."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from aiohttp import web

from telemed.desk import rows
from telemed.errors import NotFound
from telemed.forms import posted
from telemed.html import page, render, see_other
from telemed.identity.callers import Caller
from telemed.keys import DATABASE
from telemed.scheduling.services import assessments
from telemed.scheduling.services.assessments import RESULTS, AlreadyDecided
from telemed.text import _

# A guide for the call: read aloud, ticked on the screen, never sent anywhere. People decide, not the ticks (B-04).
GUIDE: Final = (
    _("Name and date of birth are right."),
    _("The person, or somebody with them, can speak and understand on the telephone."),
    _("By our doctor's own list, it is not an emergency. If it is: 112."),
    _("By our doctor's own list, video is suitable for it."),
    _("It needs no examination, measurement or injection in the practice first."),
    _("The person has a quiet place and a phone, tablet or computer, or goes to a pharmacy."),
    _("The person knows where the practice is, if a visit becomes necessary."),
)


@page("GET", "/practice/assessments", verb="assessment.decide", session="staff")
async def overview(request: web.Request, caller: Caller) -> web.Response:
    async with request.app[DATABASE].transaction(caller) as tx:
        at = await rows.site(tx, caller)
        found = await assessments.questions(tx, caller)
    return render(request, "desk/assessments.html", at=at, found=found, done=request.query.get("done"))


@page("GET", "/practice/assessments/{assessment}", verb="assessment.decide", session="staff")
async def call(request: web.Request, caller: Caller, assessment: UUID) -> web.Response:
    """One call: the number, the guide, and three buttons."""
    async with request.app[DATABASE].transaction(caller) as tx:
        try:
            it = await assessments.question(tx, caller, assessment)
        except NotFound:
            return see_other("/practice/assessments?done=before")
    return render(request, "desk/assessment.html", it=it, guide=GUIDE, missing=False)


@page("POST", "/practice/assessments/{assessment}", verb="assessment.decide", session="staff")
async def decide(request: web.Request, caller: Caller, assessment: UUID) -> web.Response:
    """Name and number are erased as the result is written; a second click finds it decided."""
    result = (await posted(request)).get("result", "")
    async with request.app[DATABASE].transaction(caller) as tx:
        try:
            if result not in RESULTS:
                it = await assessments.question(tx, caller, assessment)
                return render(request, "desk/assessment.html", status=422, it=it, guide=GUIDE, missing=True)
            await assessments.decide(tx, caller, assessment, result)
        except (AlreadyDecided, NotFound):
            return see_other("/practice/assessments?done=before")
    return see_other("/practice/assessments?done=noted")


ROUTES = [overview, call, decide]
