"""The code of an appointment that the practice has just booked: to read aloud, and to print."""

from __future__ import annotations

from aiohttp import web

from telemed.desk.spelling import spelled
from telemed.html import locale_of, render
from telemed.notices.reach import reached
from telemed.scheduling.types import Booking
from telemed.visit.slips import slip


def code_page(request: web.Request, it: Booking) -> web.Response:
    """Shown this once: afterwards only the patient has the code."""
    return render(
        request, "desk/phone_done.html", status=201, it=it, slip=slip(request, it.code),
        spelled=spelled(it.code, locale_of(request)), reached=reached,
    )  # fmt: skip
