"""Tokens: each kind of bad one is refused with the same code, and a refresh token used twice ends the login."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import timedelta

import jwt
import pytest
from aiohttp.test_utils import TestClient
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from telemed import clock
from telemed.db import Database
from telemed.identity.logins import ACCESS, AUDIENCE, TWO_TABS
from telemed.identity.tokens import Keys
from tests.conftest import SECRET
from tests.people import CARLA, PASSWORD, PRENZLAU

CLAIMS: dict[str, object] = {"sub": str(CARLA), "role": "staff", "site": str(PRENZLAU)}
DAY = "/api/v1/appointments?day=2026-01-05"


async def status_and_code(client: TestClient, token: str) -> tuple[int, str]:
    answer = await client.get(DAY, headers={"Authorization": f"Bearer {token}"})
    return answer.status, (await answer.json()).get("code", "") if answer.status != 200 else ""


def good(keys: Keys) -> str:
    return keys.sign("at+jwt", AUDIENCE, CLAIMS, ACCESS)


def expired(keys: Keys) -> str:
    return keys.sign("at+jwt", AUDIENCE, CLAIMS, timedelta(seconds=-1))


def other_audience(keys: Keys) -> str:
    return keys.sign("at+jwt", "telemed/room", CLAIMS, ACCESS)


def other_kind(keys: Keys) -> str:
    return keys.sign("ticket+jwt", AUDIENCE, CLAIMS, ACCESS)


def tampered(keys: Keys) -> str:
    header, payload, signature = good(keys).split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    claims["role"] = "admin"
    return ".".join((header, base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode(), signature))


def no_algorithm(keys: Keys) -> str:
    header = jwt.get_unverified_header(good(keys))
    payload = {**CLAIMS, "aud": AUDIENCE, "iss": "telemed", "iat": 1, "exp": 9999999999, "jti": "x"}
    return jwt.encode(payload, None, "none", {"kid": header["kid"], "typ": "at+jwt"})


def public_key_as_secret(keys: Keys) -> str:
    """The classic confusion: an HMAC keyed with the public key (RFC 8725 section 2.1)."""
    header = jwt.get_unverified_header(good(keys))
    x = next(key.x for key in keys.jwks().keys if key.kid == header["kid"])
    payload = {**CLAIMS, "aud": AUDIENCE, "iss": "telemed", "iat": 1, "exp": 9999999999, "jti": "x"}
    return jwt.encode(payload, x, "HS256", {"kid": header["kid"], "typ": "at+jwt"})


def foreign_key(keys: Keys) -> str:
    header = jwt.get_unverified_header(good(keys))
    payload = {**CLAIMS, "aud": AUDIENCE, "iss": "telemed", "iat": 1, "exp": 9999999999, "jti": "x"}
    return jwt.encode(payload, Ed25519PrivateKey.generate(), "EdDSA", {"kid": header["kid"], "typ": "at+jwt"})


def unknown_role(keys: Keys) -> str:
    return keys.sign("at+jwt", AUDIENCE, {**CLAIMS, "role": "emperor"}, ACCESS)


def not_a_token(keys: Keys) -> str:
    return "ey.äöü.💥"


BAD: list[Callable[[Keys], str]] = [
    expired, other_audience, other_kind, tampered, no_algorithm, public_key_as_secret, foreign_key, unknown_role,
]  # fmt: skip


async def test_a_good_token_passes(client: TestClient, keys: Keys) -> None:
    assert await status_and_code(client, good(keys)) == (200, "")


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
@pytest.mark.parametrize("forge", BAD, ids=lambda f: f.__name__)
async def test_a_bad_token_is_refused(client: TestClient, keys: Keys, forge: Callable[[Keys], str]) -> None:
    assert await status_and_code(client, forge(keys)) == (401, "token_refused")


async def test_a_refresh_token_used_twice_ends_the_login(client: TestClient) -> None:
    answer = await client.post("/api/v1/sessions", json={"login": "carla", "password": PASSWORD})
    first = (await answer.json())["refresh_token"]
    second = (await (await client.post("/api/v1/sessions/renewal", json={"refresh_token": first})).json())[
        "refresh_token"
    ]
    with clock.shifted(TWO_TABS + timedelta(seconds=1)):
        stolen = await client.post("/api/v1/sessions/renewal", json={"refresh_token": first})
        assert (stolen.status, (await stolen.json())["code"]) == (401, "token_refused")
        owner = await client.post("/api/v1/sessions/renewal", json={"refresh_token": second})
        assert owner.status == 401


async def test_two_tabs_may_renew_at_once(client: TestClient) -> None:
    answer = await client.post("/api/v1/sessions", json={"login": "carla", "password": PASSWORD})
    token = {"refresh_token": (await answer.json())["refresh_token"]}
    one = await client.post("/api/v1/sessions/renewal", json=token)
    other = await client.post("/api/v1/sessions/renewal", json=token)
    assert (one.status, other.status) == (201, 201)
    assert (await other.json())["refresh_token"] is None


async def test_logging_out_ends_the_family(client: TestClient) -> None:
    answer = await client.post("/api/v1/sessions", json={"login": "carla", "password": PASSWORD})
    token = {"refresh_token": (await answer.json())["refresh_token"]}
    assert (await client.post("/api/v1/sessions/end", json=token)).status == 204
    assert (await client.post("/api/v1/sessions/renewal", json=token)).status == 401


async def test_a_rotated_key_still_verifies_and_is_published(cast: Database) -> None:
    keys = await Keys.load(cast, SECRET)
    before = good(keys)
    other_node = await Keys.load(cast, SECRET)
    await keys.rotate(cast, after=timedelta(seconds=-1))
    after = good(keys)
    kids = [jwt.get_unverified_header(token)["kid"] for token in (before, after)]
    assert kids[0] != kids[1]
    assert {key.kid for key in keys.jwks().keys} == set(kids)
    for token in (before, after):
        assert keys.verify(token, "at+jwt", AUDIENCE)["sub"] == str(CARLA)
    other_node.adopt(kids[1])
    assert other_node.verify(after, "at+jwt", AUDIENCE)["role"] == "staff"


async def test_the_database_holds_no_private_key(cast: Database) -> None:
    await Keys.load(cast, SECRET)
    elsewhere = await Keys.load(cast, "another secret, also long enough to be")
    stolen = elsewhere.sign("at+jwt", AUDIENCE, CLAIMS, ACCESS)
    with pytest.raises(Exception, match="token_refused"):
        (await Keys.load(cast, SECRET)).verify(stolen, "at+jwt", AUDIENCE)
