"""What is printed or read from the screen: a code, and a picture of the link that opens with it."""

from __future__ import annotations

from typing import Literal, NamedTuple

import segno
from aiohttp import web

from telemed.keys import SETTINGS


class Slip(NamedTuple):
    """`qr` is an image as a data URI. Its link has the code in the fragment, which no server and no log sees (G-32)."""

    code: str
    qr: str


def slip(request: web.Request, code: str, opens: Literal["appointment", "waitlist"] = "appointment") -> Slip:
    link = f"{request.app[SETTINGS].origin}/{opens}/code#{code}"
    return Slip(code, segno.make(link, error="m", micro=False).svg_data_uri(border=2, dark="#000", light="#fff"))
