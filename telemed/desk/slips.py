"""The code of an appointment that the practice has just booked: to read aloud, and to print."""

from __future__ import annotations

import segno
from aiohttp import web

from telemed.desk.spelling import spelled
from telemed.html import locale_of, render
from telemed.keys import SETTINGS
from telemed.scheduling.types import Booking


def code_page(request: web.Request, it: Booking) -> web.Response:
    """Shown this once: afterwards only the patient has the code."""
    link = f"{request.app[SETTINGS].origin}/appointment/code#{it.code}"
    qr = segno.make(link, error="m", micro=False).svg_data_uri(border=2, dark="#000", light="#fff")
    return render(
        request, "desk/phone_done.html", status=201, it=it, slip={"code": it.code, "qr": qr},
        spelled=spelled(it.code, locale_of(request)),
    )  # fmt: skip
