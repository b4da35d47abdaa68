"""Forms and addresses of pages, filled in by no browser: a page that says so, never a 500, and nothing is changed."""

from __future__ import annotations

import pytest
from yarl import URL

from telemed.db import Database
from telemed.identity.callers import SYSTEM
from tests import logins, people
from tests.http.conftest import NINE, Tokens
from tests.people import ALICE, DR_BOB, STATION, TALK
from tests.refusals import Client, refusing_page

FORM = "application/x-www-form-urlencoded"
PARTS = "multipart/form-data; boundary=x"


def part(*headers: str, value: bytes = b"abc") -> bytes:
    """A multipart body of one part."""
    return b"--x\r\n" + "".join(f"{line}\r\n" for line in headers).encode() + b"\r\n" + value + b"\r\n--x--\r\n"


NAMED = "Content-Disposition: form-data; name=code"
FORMS: dict[str, tuple[str, bytes, int]] = {
    "nothing": (FORM, b"", 422),
    "text": ("text/plain", b"code=x", 400),
    "JSON": ("application/json", b'{"code": "x"}', 400),
    "an unknown charset": (f"{FORM}; charset=foo", b"code=x", 400),
    "a charset that is none": (f"{FORM}; charset=zlib", b"code=x", 400),
    "not UTF-8": (FORM, b"code=\xff", 400),
    "not UTF-8, escaped": (FORM, b"code=%FF%FE", 422),
    "a null": (FORM, b"code=%00", 400),
    "a field twice": (FORM, b"code=a&code=b", 400),
    "too long": (FORM, b"code=" + b"x" * 70_000, 413),
    "9,000 fields": (FORM, b"&".join(b"field%d=1" % n for n in range(9_000)), 413),
    "parts without boundary": ("multipart/form-data", b"x", 400),
    "a boundary of 80": (f"multipart/form-data; boundary={'x' * 80}", b"x", 400),
    "no part": (PARTS, b"x", 400),
    "half a part": (PARTS, part(NAMED)[:-12], 400),
    "a part without headers": (PARTS, part(), 400),
    "a part without name": (PARTS, part("Content-Disposition: form-data"), 400),
    "a file": (PARTS, part(f"{NAMED}; filename=code.txt"), 400),
    "a part of unknown charset": (PARTS, part(NAMED, "Content-Type: text/plain; charset=foo"), 400),
    "a part of unknown encoding": (PARTS, part(NAMED, "Content-Transfer-Encoding: foo"), 400),
    "a part of broken encoding": (PARTS, part(NAMED, "Content-Transfer-Encoding: base64", value=b"a"), 400),
    "a part that is not UTF-8": (PARTS, part(NAMED, value=b"\xff\xfe"), 400),
    "parts in a part": (PARTS, part(NAMED, "Content-Type: multipart/mixed; boundary=y", value=b"--y--"), 400),
}


async def test_bodies_of_forms(api: Client) -> None:
    for what, (kind, body, status) in FORMS.items():
        headers = {"Content-Type": kind, "Connection": "close"}
        assert await refusing_page(await api.post("/appointment/code", data=body, headers=headers)) == status, what


@pytest.mark.parametrize("site", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://elsewhere.example"}])
async def test_forms_of_other_sites(api: Client, cast: Database, site: dict[str, str]) -> None:
    for path in ("/holds", "/login", "/logout", "/appointment/code", "/appointment/cancel", "/station/book"):
        assert await refusing_page(await api.post(path, data={"service": str(TALK)}, headers=site)) == 403, path


HOLD = {"service": str(TALK), "start": NINE.isoformat(), "key": "a-key-of-this-page"}
HOLDS: dict[str, tuple[dict[str, str], int]] = {
    "empty": ({}, 400),
    "no service": ({"service": "\ufffd"}, 400),
    "a foreign service": ({"service": str(people.fixed(99))}, 404),
    "a naive time": ({"start": NINE.replace(tzinfo=None).isoformat()}, 400),
    "yesterday": ({"start": people.tomorrow().replace(year=2020).isoformat()}, 422),
    "the first second": ({"start": "0001-01-01T00:00:00+14:00"}, 422),
    "the last second": ({"start": "9999-12-31T23:59:59-14:00"}, 422),
    "a minute after": ({"start": NINE.replace(minute=1).isoformat()}, 422),
    "a key that is none": ({"key": "ä"}, 422),
    "an endless key": ({"key": "x" * 200}, 422),
}


async def test_holds(api: Client, cast: Database) -> None:
    for what, (wrong, status) in HOLDS.items():
        assert await refusing_page(await api.post("/holds", data=HOLD | wrong if wrong else {})) == status, what
    async with cast.transaction(SYSTEM) as tx:
        assert not await tx.connection.fetchval("SELECT count(*) FROM appointment")


@pytest.mark.rule("V-08")
async def test_who_it_is_for(api: Client, cast: Database) -> None:
    """Every field that cannot be read is marked, what was typed stays, and nothing is booked."""
    held = await api.post("/holds", data=HOLD, allow_redirects=False)
    cookie = {"Cookie": held.headers["Set-Cookie"].partition(";")[0]}
    address = held.headers["Location"]
    alice = {**ALICE, "key": "a-key-of-this-form"}
    for field, wrong in (
        ("name", " \u00a0 "), ("name", "\u202eecilA"), ("name", "\u2066\u2069\u200b"), ("name", "12 34"),
        ("name", "A"), ("name", "x" * 500), ("birth_date", "32.1.1948"), ("birth_date", "17.5.48"),
        ("birth_date", "1.1.9999"), ("birth_date", "1.1.1899"), ("birth_date", "5/6/1948"), ("birth_date", ""),
        ("email", "alice@"), ("email", "a\u200b@b.de"), ("phone", "call me"), ("phone", "1"),
    ):  # fmt: skip
        answer = await api.post(address, data=alice | {field: wrong}, headers=cookie)
        assert await refusing_page(answer) == 422, (field, wrong)
        text = await answer.text()
        assert f'id="{field}-error"' in text and text.count('aria-invalid="true"') == 1, (field, wrong)
        assert f'value="{"Alice Ährenfeld" if field != "name" else "1948-05-17"}"' in text
    async with cast.transaction(SYSTEM) as tx:
        assert await tx.connection.fetchval("SELECT array_agg(status) FROM appointment") == ["held"]


ODD = ("%00", "%FF%FE", "%ED%A0%80", "9" * 300, "%F0%9F%92%A9", "-1", "null", "0001-01-01", "9999-12-31")
PAGES = {
    "/": ("where", "specialty", "lang"),
    "/search": ("where", "specialty", "within", "when", "from", "time", "mode", "language", "sort", "cursor", "lang"),
    f"/practitioners/{DR_BOB}": ("from", "service", "lang"),
    "/login": ("next", "lang"),
    "/appointment/code": ("lang",),
}
STAFF = {"/practice": ("who", "day", "fragment", "lang"), "/station/book": ("specialty", "station", "lang")}


async def test_odd_queries_of_pages(api: Client, tokens: Tokens) -> None:
    for path, names in (PAGES | STAFF).items():
        login = tokens("assistant" if "station" in path else "practitioner")
        headers = logins.in_cookie(login) if path in STAFF else {}
        for name in names:
            for value in (*ODD, f"1&{name}=2"):
                answer = await api.get(URL(f"{path}?where=x&{name}={value}", encoded=True), headers=headers)
                assert answer.status in (200, 400, 422), (path, name, value, answer.status)


@pytest.mark.parametrize(
    "wanted", ["https://evil.example", "//evil.example", "/\\evil.example", "\\/evil", "javascript:alert(1)", "/a\nb"]
)
async def test_a_login_leads_to_no_other_site(api: Client, wanted: str) -> None:
    form = await (await api.get("/login", params={"next": wanted})).text()
    assert f'value="{wanted}"' not in form.partition("<main")[2]
    typed = {"login": "carla", "password": people.PASSWORD, "next": wanted}
    answer = await api.post("/login", data=typed, allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (303, "/practice")


@pytest.mark.parametrize("thing", ["0", "%00", "null", str(people.fixed(99)), f"{STATION}/.."])
async def test_pages_about_nothing(api: Client, thing: str) -> None:
    for path in ("/holds/", "/practitioners/", "/nothing/", "/static/x/../"):
        answer = await api.get(URL(f"{path}{thing}", encoded=True))
        assert await refusing_page(answer) in (404, 410), (path, thing)
