"""Tickets: an access leads only to this doctor and this appointment, and only with consent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from telemed import clock
from telemed.consultation.tickets import AUDIENCE, LIFETIME, TYP
from telemed.ids import new_id
from tests import people
from tests.live.conftest import Visit, booked


@pytest.mark.parametrize(("who", "seat"), [("alice", "patient"), ("petra", "assistant"), ("bob", "practitioner")])
async def test_everybody_gets_a_ticket_for_their_own_seat(visit: Visit, who: str, seat: str) -> None:
    status, told = await visit.ask(who)
    assert (status, told["seat"], told["socket"]) == (201, seat, "/api/v1/socket")
    assert datetime.fromisoformat(told["expires"]) <= datetime.now(UTC) + timedelta(seconds=60)
    claims = visit.keys.verify(told["ticket"], TYP, AUDIENCE)
    assert (claims["appointment"], claims["seat"], claims["epoch"]) == (str(visit.appointment), seat, 1)


@pytest.mark.rule("V-15")
async def test_introductions(visit: Visit) -> None:
    """Who it is, where they sit, and who was introduced there without a seat; a guest's own device is at no station."""
    await visit.sql("UPDATE intake SET representative = 'Tina Tochter', representing = 'attorney'")
    wishes = (("alice", None), ("petra", "patient"), ("petra", None), ("bob", None))
    claims = [visit.keys.verify(await visit.ticket(*wish), TYP, AUDIENCE) for wish in wishes]
    assert [(claim["name"], claim["about"], claim["beside"]) for claim in claims] == [
        ("Alice Ährenfeld", "", []),
        (
            "Alice Ährenfeld", "Löwen-Apotheke, Gerswalde",
            ["Petra Pohl, Löwen-Apotheke, Gerswalde", "Tina Tochter"],
        ),
        ("Petra Pohl", "Löwen-Apotheke, Gerswalde", []),
        ("Dr. med. Bob Buchfink", "Praxis am Uckersee, Prenzlau", []),
    ]  # fmt: skip


@pytest.mark.rule("V-10")
async def test_staff_organise_and_do_not_consult(visit: Visit) -> None:
    for seat in (None, "practitioner", "patient", "assistant"):
        status, told = await visit.ask("carla", seat)
        assert (status, told["code"]) == (403, "forbidden")


@pytest.mark.rule("V-10")
@pytest.mark.parametrize(
    ("who", "seat", "status"),
    [
        ("alice", "practitioner", 403), ("alice", "assistant", 403), ("petra", "practitioner", 403),
        ("bob", "patient", 403), ("charlie", None, 404), ("paul", None, 404), ("ada", None, 403),
    ],
)  # fmt: skip
async def test_nobody_takes_the_seat_of_another(visit: Visit, who: str, seat: str | None, status: int) -> None:
    assert (await visit.ask(who, seat))[0] == status


async def test_another_doctor_of_the_same_practice_is_a_stranger(visit: Visit) -> None:
    await visit.change(f"practitioner = '{people.DR_DORA}'")
    assert (await visit.ask("bob"))[0] == 404


@pytest.mark.rule("V-09")
async def test_swapped_ids_lead_nowhere(visit: Visit) -> None:
    other = await booked(visit.db, doctor=people.DR_CHARLIE, name="Emil Esche")
    for who in ("alice", "bob", "petra"):
        assert (await visit.ask(who, appointment=other))[0] == 404
    assert (await visit.ask("alice", appointment=new_id()))[0] == 404


async def test_without_login_there_is_no_ticket(visit: Visit) -> None:
    async with visit.session.post(f"{visit.url}/api/v1/appointments/{visit.appointment}/tickets", json={}) as answer:
        assert (answer.status, (await answer.json())["code"]) == (401, "not_logged_in")


@pytest.mark.rule("V-14")
async def test_no_ticket_without_consent(visit: Visit) -> None:
    await visit.change("consented = NULL, consent_version = NULL")
    for who in ("alice", "petra"):
        status, told = await visit.ask(who)
        assert (status, told["code"]) == (403, "consent_missing")
    assert (await visit.ask("bob"))[0] == 201


@pytest.mark.rule("V-14")
async def test_consent_to_an_older_text_is_none(visit: Visit) -> None:
    ticket = await visit.ticket("alice")
    await visit.change("consent_version = '2020-01'")
    async with visit.page() as page:
        await page.say(type="hello", ticket=ticket, instance="a-page-of-tests", versions=[1])
        await page.refused("consent_missing", 4403)
    for who in ("alice", "petra"):
        status, told = await visit.ask(who)
        assert (status, told["code"]) == (403, "consent_missing")
    async with visit.seated("bob", "page-of-bob-1"):
        pass


@pytest.mark.rule("V-14")
async def test_withdrawn_consent_voids_the_ticket(visit: Visit) -> None:
    ticket = await visit.ticket("alice")
    await visit.change("consented = NULL, consent_version = NULL, epoch = epoch + 1")
    async with visit.page() as page:
        await page.say(type="hello", ticket=ticket, instance="a-page-of-tests", versions=[1])
        await page.refused("consent_missing", 4403)


@pytest.mark.rule("V-09")
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("status = 'cancelled', epoch = epoch + 1", "cancelled"),
        ("status = 'fulfilled', epoch = epoch + 1", "fulfilled"),
        ("status = 'noshow'", "noshow"),
        ("epoch = epoch + 1", None),
    ],
    ids=["cancel", "end", "no-show", "move"],
)
async def test_a_ticket_cannot_be_replayed_after(visit: Visit, change: str, reason: str | None) -> None:
    tickets = {who: await visit.ticket(who) for who in ("alice", "bob", "petra")}
    await visit.change(change)
    for ticket in tickets.values():
        for first in ({"type": "hello", "versions": [1]}, {"type": "resume", "seq": 1}):
            async with visit.page() as page:
                await page.say(ticket=ticket, instance="a-page-of-tests", **first)
                await page.refused("appointment_over", 4410)
    status, told = await visit.ask("alice")
    assert (status, told.get("reason")) == ((410, reason) if reason else (201, None))


async def test_the_waiting_room_opens_an_hour_before(visit: Visit) -> None:
    await visit.change("during = tstzrange(lower(during) + '2 hours', upper(during) + '2 hours'), reserved = during")
    status, told = await visit.ask("alice")
    assert (status, told["code"]) == (409, "too_early")
    assert timedelta(minutes=60) < datetime.fromisoformat(told["opens"]) - clock.now() < timedelta(minutes=66)
    assert (await visit.ask("bob"))[0] == 201


async def test_the_room_is_over_four_hours_after_the_end(visit: Visit) -> None:
    with clock.shifted(timedelta(hours=4, minutes=15)):
        assert (await visit.ask("alice"))[0] == 201
    with clock.shifted(timedelta(hours=4, minutes=25)):
        status, told = await visit.ask("bob")
        assert (status, told["code"], told["reason"]) == (410, "appointment_over", "expired")


def _forged(visit: Visit, ticket: str) -> dict[str, str]:
    claims: dict[str, Any] = jwt.decode(ticket, options={"verify_signature": False})
    header = jwt.get_unverified_header(ticket)
    head, body, signature = ticket.split(".")
    public = visit.keys.jwks().keys[0].x
    other = {"typ": TYP, "kid": header["kid"]}
    return {
        "no token": "hello",
        "tampered": f"{head}.{body[:-4]}AAAA.{signature}",
        "unsigned": jwt.encode(claims, "", "none", other),
        "another key": jwt.encode(claims, Ed25519PrivateKey.generate(), "EdDSA", other),
        "HMAC with the public key": jwt.encode(claims, public.ljust(43, "x"), "HS256", other),
        "another kind": visit.keys.sign("at+jwt", AUDIENCE, claims, LIFETIME),
        "another audience": visit.keys.sign(TYP, "telemed", claims, LIFETIME),
        "expired": visit.keys.sign(TYP, AUDIENCE, claims, timedelta(seconds=-1)),
        "no seat": visit.keys.sign(TYP, AUDIENCE, {**claims, "seat": "mayor"}, LIFETIME),
        "an access token": visit.token("bob"),
    }


@pytest.mark.rule("V-09")
async def test_a_forged_ticket_is_refused(visit: Visit) -> None:
    for what, forged in _forged(visit, await visit.ticket("bob")).items():
        for first in ({"type": "hello", "versions": [1]}, {"type": "resume", "seq": 1}):
            async with visit.page() as page:
                await page.say(ticket=forged, instance="a-page-of-tests", **first)
                await page.refused("token_refused", 4401)
        assert what


@pytest.mark.rule("V-15")
async def test_nobody_sits_down_at_a_station_before_they_are_received(visit: Visit) -> None:
    """From their own device Alice may: there, nobody sits beside her."""
    await visit.sql("DELETE FROM intake")
    for seat in ("patient", "assistant"):
        status, told = await visit.ask("petra", seat)
        assert (status, told["code"]) == (403, "intake_missing")
    assert (await visit.ask("alice"))[0] == 201
