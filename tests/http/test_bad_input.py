"""What no page of ours sends: each gets its own refusal with a stable code, never a 500, and changes nothing.

Wrong fields of a booking are in test_scheduling.py, tokens in test_tokens.py, frames on the socket in tests/live.
"""

from __future__ import annotations

import gzip
import json
import re
from typing import Any
from urllib.parse import quote

import msgspec
import pytest
from yarl import URL

from telemed import app
from telemed.db import Database
from telemed.http import parameters
from telemed.identity.access import TABLE
from telemed.identity.callers import SYSTEM
from telemed.routes import Route
from telemed.scheduling import consent
from tests import people
from tests.http.conftest import GUEST, NINE, Tokens
from tests.people import ALICE, TALK
from tests.refusals import Client, problem

BOOK = "/api/v1/appointments"
JSON = {"Content-Type": "application/json"}
WISH: dict[str, Any] = {"service": str(TALK), "start": NINE.isoformat(), "patient": ALICE}
STRANGER = people.fixed(62)


def may_use(route: Route) -> str:
    """A role that the permission table lets through."""
    roles = ("guest", "assistant", "practitioner", "anonymous", "station", "gateway")
    return next(role for role in roles if TABLE[route.verb][role] != "-")


def filled(route: Route, thing: object) -> str:
    """Its address, about this thing."""
    return re.sub(r"\{\w+\}", lambda _: str(thing), route.path)


async def nothing_booked(db: Database) -> bool:
    async with db.transaction(SYSTEM) as tx:
        return not await tx.connection.fetchval("SELECT count(*) FROM appointment")


def named(raw: bytes) -> bytes:
    """A booking whose patient's name is this piece of JSON."""
    return json.dumps({**WISH, "patient": {**ALICE, "name": "@"}}).encode().replace(b'"@"', raw)


def patient(**fields: str) -> bytes:
    return json.dumps({**WISH, "patient": {**ALICE, **fields}}).encode()


BODIES: dict[str, tuple[bytes, int, str]] = {
    "nothing": (b"", 400, "bad_request"),
    "null": (b"null", 422, "invalid"),
    "a number of 5,000 digits": (b"1" * 5000, 422, "invalid"),
    "60,000 brackets": (b"[" * 60_000, 422, "invalid"),
    "5,000 objects": (b'{"service":' * 5_000, 422, "invalid"),
    "depth in an unknown field": (b'{"x":' + b"[" * 30_000 + b"]" * 30_000 + b"}", 422, "invalid"),
    "a byte order mark": (b"\xef\xbb\xbf" + json.dumps(WISH).encode(), 400, "bad_request"),
    "UTF-16": (json.dumps(WISH).encode("utf-16"), 400, "bad_request"),
    "half a surrogate pair": (named(b'"Alice \\ud800"'), 400, "bad_request"),
    "a name of 400 digits": (named(b"1" * 400), 422, "invalid"),
    "zero-width inside": (patient(name="Ali\u200bce Ährenfeld"), 422, "name_unreadable"),
    "only zero-width": (patient(name="\u200b\u200c\u200d\ufeff"), 422, "name_unreadable"),
    "only isolates": (patient(name="\u2066\u2067\u2068\u2069"), 422, "name_unreadable"),
    "only blank letters": (patient(name="\u3164\u115f\uffa0"), 422, "name_unreadable"),
    "null in the e-mail": (patient(email="a\0@b.de"), 422, "invalid"),
    "null in the number": (patient(phone="03984\0 1234"), 422, "invalid"),
    "null in the date": (patient(birth_date="1948-05-17\0"), 422, "invalid"),
    "an unknown language": (json.dumps({**WISH, "language": "fr"}).encode(), 422, "invalid"),
    "null in the secret": (
        json.dumps({**WISH, "hold": str(STRANGER), "hold_secret": "\0ä"}).encode(), 404, "not_found",
    ),
}  # fmt: skip


@pytest.mark.rule("V-08")
async def test_bodies(api: Client, cast: Database) -> None:
    for what, (body, status, code) in BODIES.items():
        assert await problem(await api.post(BOOK, data=body, headers=JSON)) == (status, code), what
    assert await nothing_booked(cast)


async def test_packed_bodies(api: Client, cast: Database) -> None:
    packed = JSON | {"Content-Encoding": "gzip"}
    bomb = gzip.compress(b" " * 10_000_000)
    assert await problem(await api.post(BOOK, data=bomb, headers=packed)) == (413, "too_large")
    for broken in (b"not packed at all", gzip.compress(json.dumps(WISH).encode())[:-12]):
        answer = await api.post(BOOK, data=broken, headers=packed | {"Connection": "close"})
        assert await problem(answer) == (400, "bad_request")
    assert await nothing_booked(cast)


OTHERS: list[tuple[str, bytes, int, str]] = [
    ("/api/v1/sessions", rb'{"login": "car\u0000la", "password": "x"}', 400, "bad_request"),
    ("/api/v1/sessions", rb'{"login": "carla", "password": "\u0000"}', 401, "wrong_login"),
    ("/api/v1/sessions", rb'{"login": "carla", "password": "\udfff"}', 400, "bad_request"),
    ("/api/v1/sessions", b'{"login": "carla", "password": "' + b"x" * 1025 + b'"}', 422, "invalid"),
    ("/api/v1/sessions/guest", rb'{"code": "\u0000"}', 404, "unknown_code"),
    ("/api/v1/sessions/guest", '{"code": "٢٢٢٢-٢٢٢٢-٢٢٢٢"}'.encode(), 404, "unknown_code"),
    ("/api/v1/sessions/renewal", b'{"refresh_token": "' + rb"\u0000" * 30 + b'"}', 401, "token_refused"),
    ("/api/v1/holds", b'{"service": 1e999, "start": 99999999999999999999}', 422, "invalid"),
]


async def test_other_bodies(api: Client) -> None:
    for path, body, status, code in OTHERS:
        assert await problem(await api.post(path, data=body, headers=JSON)) == (status, code), body


WITH_BODY = [route for route in app.ROUTES if route.kind == "api" and "body" in parameters(route.function)]
WITH_QUERY = [route for route in app.ROUTES if route.kind == "api" and "query" in parameters(route.function)]
RIGHT: dict[str, dict[str, Any]] = {
    "/api/v1/appointments/{appointment}": {"start": NINE.isoformat()},
    "/api/v1/appointments/{appointment}/consents": {"version": consent.VERSION},
    "/api/v1/appointments/{appointment}/waitlist": {"phone": "+493984000000"},
    "/api/v1/waitlist/{entry}/offers/{offer}": {"status": "declined"},
    "/api/v1/assessments/{assessment}/result": {"result": "video"},
    "/api/v1/practitioners/{practitioner}/services": people.TERMS,
    "/api/v1/practitioners/{practitioner}/rules": people.RULE,
    "/api/v1/rules/{rule}": people.RULE,
    "/api/v1/stations/{station}/pairing": {"code": "23456789"},
    "/api/v1/walk-ins/{walk_in}/declining": {"reason": "practice"},
    "/api/v1/appointments/{appointment}/intake": {
        "identity": "known", "private": True, "introduced": True, "agreed": True, "version": consent.VERSION,
    },
}  # fmt: skip
ABOUT = [route for route in app.ROUTES if route.kind == "api" and "{" in route.path]
TYPES = (None, "text/plain", "application/x-www-form-urlencoded", "application/jsonp", "json", "\u00e4")


async def test_every_operation_wants_json_and_knows_its_fields(api: Client, cast: Database, tokens: Tokens) -> None:
    for paired in (people.SCREEN, people.GATEWAY):
        await people.pair(cast, paired)
    for route in WITH_BODY:
        address, headers = filled(route, GUEST), tokens(may_use(route))
        for kind in TYPES:
            typed = headers | ({"Content-Type": kind} if kind else {})
            answer = await api.request(
                route.method, address, data=b"{}", headers=typed, skip_auto_headers=["Content-Type"]
            )
            assert await problem(answer) == (415, "wrong_type"), (route.path, kind)
        for body, status, code in (
            (b"{", 400, "bad_request"), (b"\xff", 400, "bad_request"), (b"[]", 422, "invalid"),
            (b'{"surprise": 1}', 422, "invalid"), (b'"' + b"x" * 70_000 + b'"', 413, "too_large"),
        ):  # fmt: skip
            answer = await api.request(route.method, address, data=body, headers=headers | JSON)
            assert await problem(answer) == (status, code), (route.path, body[:20])


async def test_every_query_is_read_strictly(api: Client, tokens: Tokens) -> None:
    for route in WITH_QUERY:
        kind = parameters(route.function)["query"]
        names = [field.encode_name for field in msgspec.structs.fields(kind)]
        address, headers = filled(route, TALK), tokens(may_use(route))
        twice = "&".join(f"{names[0]}=1" for _ in range(2))
        for query, status, code in ((twice, 400, "bad_request"), ("surprise=1", 422, "invalid")):
            answer = await api.get(URL(f"{address}?{query}", encoded=True), headers=headers)
            assert await problem(answer) == (status, code), (address, query)
        for name in names:
            for value in ("%00", "%FF%FE", "%ED%A0%80", "9" * 400, "-1", "1e3", "%F0%9F%92%A9", "0001-01-01T00:00:00"):
                answer = await api.get(URL(f"{address}?{name}={value}", encoded=True), headers=headers)
                if answer.status != 200:
                    assert (await problem(answer))[0] in (400, 403, 422), (address, name, value)


async def test_addresses_of_nothing(api: Client, tokens: Tokens) -> None:
    """Whatever stands where an id should: nobody can tell it from an id that belongs to somebody else."""
    odd = (
        "0", "x", "%00", "%FF", "..%2F..", "%7B%7D", "null", "-1", f"{GUEST}%0A", f"{GUEST}%20", f"{GUEST}/",
        quote("٣" * 32),
    )  # fmt: skip
    for route in ABOUT:
        body = json.dumps(RIGHT.get(route.path, {})).encode()
        for thing in (*odd, STRANGER):
            url = URL(filled(route, thing), encoded=True)
            answer = await api.request(route.method, url, data=body, headers=tokens(may_use(route)) | JSON)
            gone = "walk_in_gone" if "{walk_in}" in route.path and route.method == "POST" else "not_found"
            assert await problem(answer) in ((404, "not_found"), (404, gone)), url


async def test_methods(api: Client) -> None:
    declared: dict[str, set[str]] = {}
    for route in app.ROUTES:
        declared.setdefault(filled(route, GUEST), set()).add(route.method)
        if route.method == "GET" and route.kind != "socket":
            declared[filled(route, GUEST)].add("HEAD")
    for path, methods in declared.items():
        for method in {"HEAD", "OPTIONS", "TRACE", "PUT", "PROPFIND", "POST", "DELETE"} - methods:
            answer = await api.request(method, path)
            assert answer.status == 405, (method, path)
            assert methods <= set(answer.headers["Allow"].split(",")), path
            if path.startswith("/api/") and method != "HEAD":
                assert await problem(answer) == (405, "wrong_method")


HEADERS: dict[str, tuple[dict[str, str], int, str]] = {
    "another scheme": ({"Authorization": "Basic YWxpY2U6YWxpY2U="}, 401, "token_refused"),
    "no token": ({"Authorization": "Bearer"}, 401, "token_refused"),
    "not ASCII": ({"Authorization": "Bearer ey\u00e4.\u00f6.\u00fc"}, 401, "token_refused"),
    "a long token": ({"Authorization": "Bearer " + "e" * 6000}, 401, "token_refused"),
    "a session of no cookie": ({"Telemed-Session": "staff"}, 401, "token_refused"),
    "an odd session": ({"Telemed-Session": "\u00e4", "Cookie": "__Host-guest=\u00e4; ;=;"}, 401, "token_refused"),
    "from elsewhere": ({"Telemed-Session": "guest", "Sec-Fetch-Site": "cross-site"}, 403, "forbidden"),
    "an odd origin": ({"Telemed-Session": "guest", "Origin": "null"}, 403, "forbidden"),
    "a strange hold": ({"Hold-Secret": "\u00e4"}, 404, "not_found"),
}  # fmt: skip


@pytest.mark.parametrize(("headers", "status", "code"), HEADERS.values(), ids=HEADERS.keys())
async def test_headers(api: Client, headers: dict[str, str], status: int, code: str) -> None:
    assert await problem(await api.patch(f"/api/v1/holds/{GUEST}", headers=headers)) == (status, code)


@pytest.mark.parametrize("key", ["", "short", "x" * 129, "with a space", "with\ta tab", "\u00e4" * 10], ids=ascii)
async def test_idempotency_keys(api: Client, cast: Database, key: str) -> None:
    for path, body in ((BOOK, WISH), ("/api/v1/holds", {k: v for k, v in WISH.items() if k != "patient"})):
        answer = await api.post(path, json=body, headers={"Idempotency-Key": key})
        assert await problem(answer) == (422, "idempotency_key_malformed")
    assert await nothing_booked(cast)


@pytest.mark.parametrize(
    "tag", ["rubbish", '""', '"-1"', '"99999999999"', '"1","2"', '"\u0663"', '"1.0"', " "], ids=ascii
)
async def test_entity_tags(api: Client, tokens: Tokens, tag: str) -> None:
    headers = tokens("guest") | {"If-Match": tag}
    for method, body in (("DELETE", None), ("PATCH", {"start": NINE.isoformat()})):
        answer = await api.request(method, f"{BOOK}/{GUEST}", json=body, headers=headers)
        assert await problem(answer) == (422, "invalid")


async def test_unknown_languages_are_answered_in_german(api: Client) -> None:
    for wanted in ("fr", "*", "xx-YY;q=0.1", "x" * 5000, "\u00e4", ",,;;==", "de-AT"):
        answer = await api.get("/", headers={"Accept-Language": wanted})
        assert answer.status == 200 and '<html lang="de">' in await answer.text(), wanted
    assert '<html lang="de">' in await (await api.get("/?lang=xx")).text()
