"""Every answer of every route keeps to itself: nothing cached, nobody else's address in it, only needed cookies."""

from __future__ import annotations

import re
import secrets
from collections import defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from html.parser import HTMLParser
from http.cookies import Morsel, SimpleCookie
from itertools import product
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest

from telemed import app
from telemed.assets import STATIC_DIR
from telemed.db import Database
from telemed.identity.callers import Caller
from telemed.identity.tokens import Keys
from telemed.keys import SETTINGS
from telemed.routes import Route
from telemed.scheduling.codes import Codes
from tests import people
from tests.conftest import SECRET
from tests.http.world import World
from tests.refusals import Client

LEGAL = {"/terms", "/privacy", "/imprint", "/accessibility"}
COOKIES = {
    "__Host-guest", "__Host-staff", "__Host-renewal", "__Host-hold", "__Host-claim", "__Host-station", "language",
}  # fmt: skip
ROUTES = [route for route in app.ROUTES if route.kind in ("api", "page")]
POLICY = {"'none'", "'self'", "data:", "blob:", "mediastream:"}


class Wide(World):
    """With what each route needs to say yes."""

    codes: tuple[str, str] = ("", "")

    def samples(self, caller: Caller) -> dict[tuple[str, str], dict[str, Any]]:
        service, hour = {"service": str(people.TALK)}, self.start + timedelta(hours=1)
        hold = service | {"start": hour.isoformat()}
        station = service | {"start": (hour + timedelta(hours=1)).isoformat(), "station": str(people.STATION)}
        patient = {"name": "Alice Ährenfeld", "birth_date": "17.5.1948", "key": secrets.token_hex(8)}
        cookie = f"{people.fixed(61).hex}.{Codes(SECRET).hold_secret(people.fixed(61))}"
        held: dict[str, Any] = {"data": patient, "cookies": {"__Host-hold": cookie}}
        return super().samples(caller) | {
            ("POST", "/login"): {"data": {"login": "carla", "password": people.PASSWORD}},
            ("POST", "/api/v1/sessions/guest"): {"json": {"code": self.codes[0]}},
            ("POST", "/api/v1/sessions/renewal"): {"json": {"refresh_token": self.codes[1]}},
            ("POST", "/appointment/code"): {"data": {"code": self.codes[0]}},
            ("POST", "/holds"): {"data": hold | {"key": secrets.token_hex(8)}},
            ("GET", "/holds/{hold}"): held, ("POST", "/holds/{hold}"): held, ("POST", "/holds/{hold}/release"): held,
            ("POST", "/holds/{hold}/extension"): held, ("POST", "/station/book"): {"data": station | patient},
            ("GET", "/station/book/details"): {"params": station},
            ("POST", "/waitlist/code"): {"data": {"code": self.codes[0]}},
            ("GET", "/waitlist/join"): {"params": service},
            ("POST", "/waitlist/join"): {"data": service | patient | {"phone": "03984 1234", "short_notice": "1440"}},
            ("POST", "/search/position"): {"data": {"lat": "53.17", "lon": "13.75"}},
            ("GET", "/practice/hours/rules"): {"params": {"who": str(people.DR_BOB)}},
            ("GET", "/search"): {"params": {"where": "Prenzlau"}},
        }  # fmt: skip


@pytest.fixture
async def world(api: Client, cast: Database, keys: Keys) -> AsyncIterator[Wide]:
    start = people.soon()
    await people.open_hours(cast, people.DR_BOB, start, 4)
    later = {"service": str(people.TALK), "start": (start + timedelta(hours=3)).isoformat(), "patient": people.ALICE}
    booked = await (await api.post("/api/v1/appointments", json=later)).json()
    login = await api.post("/api/v1/sessions", json={"login": "carla", "password": people.PASSWORD})
    made = Wide(api, cast, keys, start)
    made.codes = booked["code"], (await login.json())["refresh_token"]
    yield made


_WALKED: list[tuple[Route, aiohttp.ClientResponse]] = []


async def walk(world: Wide) -> AsyncIterator[tuple[Route, aiohttp.ClientResponse]]:
    """Every route, as those who may and as those who may not, about what there is and what there is not; asked once."""
    if not _WALKED:
        asking = [*product(("nobody", "alice", "bob", "petra", "ada"), (61,)), ("alice", 99), ("bob", 99)]
        untouched = False
        for route, (who, thing) in product(ROUTES, asking):
            if not untouched:
                await world.appointment()
            untouched = route.method == "GET"
            answer = await world.ask(route, who, people.fixed(thing))
            await answer.read()
            _WALKED.append((route, answer))
    for route, answer in _WALKED:
        yield route, answer


@dataclass
class Page(HTMLParser):
    """What a page refers to, and what runs in it."""

    addresses: list[tuple[str, str]] = field(default_factory=list)
    inline: list[str] = field(default_factory=list)
    _within: str = ""

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    @classmethod
    def of(cls, text: str) -> Page:
        page = cls()
        page.feed(text)
        return page

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        for name, value in given.items():
            if name in (
                "src",
                "srcset",
                "href",
                "action",
                "formaction",
                "poster",
                "data",
                "cite",
                "ping",
                "background",
            ):
                self.addresses.append((f"{tag} {name}", value))
            if name.startswith("on") or name == "style" or (name, value[:4]) == ("http-equiv", "refr"):
                self.inline.append(f"{tag} {name}={value}")
        self._within = tag if tag == "style" or (tag == "script" and "json" not in given.get("type", "")) else ""

    def handle_data(self, data: str) -> None:
        if self._within and data.strip():
            self.inline.append(f"{self._within}: {data}")

    def handle_endtag(self, tag: str) -> None:
        self._within = ""


def ours(kind: str, address: str) -> bool:
    """On this site, a telephone number or mail address to write to, or a picture that is in the page itself."""
    parts = urlsplit(address)
    if kind == "img src" and address.startswith("data:image/"):
        return True
    return parts.scheme in (("", "tel", "mailto") if kind == "a href" else ("",)) and not parts.netloc


@pytest.mark.rule("G-32")
async def test_nothing_is_left_in_a_cache(world: Wide) -> None:
    """`no-store` on every answer, whatever it is; and each route was seen to say both yes and no."""
    seen: defaultdict[tuple[str, str], set[int]] = defaultdict(set)
    async for route, answer in walk(world):
        assert answer.headers["Cache-Control"] == "no-store", (route.path, answer.status)
        assert answer.headers["Referrer-Policy"] == "same-origin"
        seen[route.method, route.path].add(answer.status // 100)
    for path in ("/nothing", "/api/v1/nothing", "/openapi.json", "/api/v1/socket", "/practice/events"):
        assert (await world.client.get(path)).headers["Cache-Control"] == "no-store", path
    hold = ("PATCH", "/api/v1/holds/{hold}"), ("DELETE", "/api/v1/holds/{hold}")  # need a header: test_scheduling.py
    feed = ("GET", "/feeds/{secret}.ics")  # needs its secret: test_feeds.py
    position = ("POST", "/search/position")  # needs the postal codes: test_search_pages.py
    probe = ("POST", "/api/v1/prechecks/tickets")  # needs a probe: test_prechecks.py
    screen = ("GET", "/screen/session"), ("POST", "/api/v1/stations/{station}/pairing")  # test_screens.py
    look = ("POST", "/api/v1/stations/checks")  # needs a screen: test_care.py
    gateway = ("POST", "/api/v1/gateway/visit"), ("POST", "/api/v1/gateway/badges")  # need a gateway: test_screens.py
    needy = {*hold, *screen, *gateway, feed, position, probe, look}
    assert {route for route, kinds in seen.items() if not kinds & {2, 3}} <= needy
    for _, path in seen:
        refused = await world.client.request("PROPFIND", re.sub(r"{\w+}", "x", path))
        assert (refused.status, refused.headers["Cache-Control"]) == (405, "no-store"), path


@pytest.mark.rule("V-05")
async def test_the_policy_lets_nobody_else_in(world: Wide) -> None:
    async for route, answer in walk(world):
        policy = answer.headers["Content-Security-Policy"]
        directives = dict(part.strip().split(" ", 1) for part in policy.split(";"))
        assert directives["default-src"] == directives["base-uri"] == directives["frame-ancestors"] == "'none'"
        assert directives["script-src"] == directives["form-action"] == "'self'"
        own = {"ws://localhost:0"}  # the site's own socket, for browsers whose 'self' does not cover it
        allowed = {source for value in directives.values() for source in value.split()}
        assert allowed <= POLICY | own, (route.path, allowed)
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.rule("V-05")
@pytest.mark.rule("V-06")
@pytest.mark.rule("V-13")
async def test_pages_refer_to_nobody_else(world: Wide) -> None:
    """Every source, link and form is on this site; nothing runs inline; the four legal texts are one click away."""
    rendered = set()
    async for route, answer in walk(world):
        if answer.content_type != "text/html":
            continue
        page = Page.of(await answer.text())
        assert [each for each in page.addresses if not ours(*each)] == [], route.path
        assert page.inline == [], route.path
        assert {address for kind, address in page.addresses if kind == "a href"} >= LEGAL, route.path
        if answer.status == 200:
            rendered.add(route.path)
    # These only lead elsewhere; the form of a hold is looked at in test_trail.py.
    elsewhere = {"/holds", "/holds/{hold}", "/holds/{hold}/extension", "/session", "/screen/session"}
    # of a station: test_screens.py, test_care.py
    screens = {"/screen/pairing", "/screen/appointments/{appointment}/room", "/screen/check"}
    calendars = {"/appointment/calendar.ics", "/feeds/{secret}.ics"}
    assert {
        route.path for route in ROUTES if (route.kind, route.method) == ("page", "GET")
    } - rendered <= elsewhere | calendars | screens


def check_cookie(cookie: Morsel[str]) -> None:
    """Needed, unreadable for scripts, sent to us alone and (but for the language, which is no secret) over TLS alone.

    `__Host-` makes browsers insist: no domain, path /, secure (RFC 6265bis section 4.1.3.2).
    """
    assert cookie.key in COOKIES
    assert cookie["httponly"] and cookie["samesite"] == "Lax" and not cookie["domain"] and cookie["path"] == "/"
    if cookie.key == "language":
        assert cookie.value in ("de", "en")
    else:
        assert cookie["secure"] and cookie.key.startswith("__Host-")


@pytest.mark.rule("V-06")
async def test_only_needed_cookies(world: Wide) -> None:
    found = set()
    answers = [answer async for _, answer in walk(world)]
    answers.append(await world.client.get("/", params={"lang": "en"}))
    for answer in answers:
        for header in answer.headers.getall("Set-Cookie", []):
            for cookie in SimpleCookie(header).values():
                check_cookie(cookie)
                found.add(cookie.key)
    assert found == COOKIES - {"__Host-station"}  # of a paired screen: test_screens.py


@pytest.mark.rule("V-13")
@pytest.mark.rule("A-07")
@pytest.mark.parametrize("path", sorted(LEGAL))
async def test_legal_texts_for_anybody(client: Client, path: str) -> None:
    """In German without asking for it, with who runs this and how to reach them."""
    settings = client.app[SETTINGS] if client.app else None
    assert settings is not None
    answer = await client.get(path, cookies={}, headers={"Accept-Language": "fr"})
    text = await answer.text()
    assert answer.status == 200 and '<html lang="de">' in text
    assert settings.operator_name in text and settings.operator_phone in text
    assert not answer.headers.getall("Set-Cookie", [])
    if path in ("/imprint", "/privacy"):
        assert settings.operator_address in text and settings.operator_email in text


FORBIDDEN = re.compile(
    r"MediaRecorder|localStorage|sessionStorage|indexedDB|caches\.|sendBeacon|document\.cookie|serviceWorker"
    r"|https?://(?!www\.w3\.org/|loinc\.org\"|unitsofmeasure\.org\"|terminology\.hl7\.org/CodeSystem/)"
    r"|captureStream|eval\("
)  # those are names, of things that nobody fetches


@pytest.mark.rule("V-03")
@pytest.mark.rule("V-06")
def test_scripts_record_and_remember_nothing() -> None:
    """But one: a patient's own note, in their own window, until the consultation is over."""
    own = {"note.js": {"sessionStorage"}, "talk.js": {"sessionStorage"}}
    for file in STATIC_DIR.rglob("*"):
        if file.suffix in (".js", ".css", ".svg"):
            assert set(FORBIDDEN.findall(file.read_text())) == own.get(file.name, set()), file.name
